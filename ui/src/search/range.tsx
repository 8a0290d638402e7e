// The time of the filter: a span of time up to now, or two dates. Times are the browser's; the label says
// which zone that is.

import { useEffect, useId, useRef } from 'preact/hooks';
import { nowMicros } from '../app/status.ts';
import { formatDateTime, zoneName } from '../lib/format.ts';
import { kPresets, type Range, type Window } from '../lib/searchState.ts';
import { readDate } from '../lib/typed.ts';
import { CheckedField } from '../parts/checkedField.tsx';
import { beforeZoom, change, state, window_ } from './state.ts';

type Edge = 'startMicros' | 'endMicros';
type FixedRange = Extract<Range, { kind: 'fixed' }>;

/**
 * Two dates, each with a clock of 24 hours, whatever the browser's language: as everywhere else on this page.
 * Who moves both beyond where they were has for a while a beginning after the end: it waits for the other.
 */
function Dates({ range, onRange }: { range: FixedRange; onRange: (range: Range) => void }) {
  const pending = useRef<Partial<Record<Edge, number>>>({});
  useEffect(() => {
    pending.current = {};
  }, [range.startMicros, range.endMicros]);
  const shownOf = (edge: Edge): string => formatDateTime(range[edge], range[edge] % 1e6 !== 0);
  const commit = (edge: Edge, text: string): string => {
    const typed = readDate(text);
    // What was not touched keeps its microseconds, which are not shown.
    if (text.trim() === shownOf(edge) || typed.value === null) delete pending.current[edge];
    else pending.current[edge] = typed.value;
    if (typed.value === null) return typed.problem;
    const next = { ...range, ...pending.current };
    if (next.startMicros >= next.endMicros) return edge === 'startMicros' ? 'Has to be before the end' : 'Has to be after the beginning';
    if (next.startMicros !== range.startMicros || next.endMicros !== range.endMicros) onRange(next);
    return '';
  };
  return (
    <div class="dates">
      {(['startMicros', 'endMicros'] as const).map((edge) => (
        <CheckedField
          key={edge}
          class="date"
          label={edge === 'startMicros' ? 'From' : 'To'}
          shown={shownOf(edge)}
          placeholder="2026-11-26 14:03:22"
          onCommit={(text) => commit(edge, text)}
          onDiscard={() => delete pending.current[edge]}
        />
      ))}
    </div>
  );
}

export function RangeField() {
  const onRange = (range: Range): void => {
    if (range.kind === 'last' || state.value.range.kind === 'last') beforeZoom.value = null;
    change({ range });
  };
  return <RangeFieldOf range={state.value.range} window={window_.value} onRange={onRange} />;
}

/** `window`: what the range means now. */
export function RangeFieldOf({ range, window, onRange }: { range: Range; window: Window; onRange: (range: Range) => void }) {
  const id = useId();
  const { startMicros, endMicros } = window;
  const preset = range.kind === 'last' ? kPresets.find((p) => p.seconds === range.seconds) : undefined;
  const choose = (value: string): void => {
    if (value === 'custom') onRange({ kind: 'fixed', startMicros, endMicros });
    else if (value) onRange({ kind: 'last', seconds: Number(value) });
  };
  return (
    <>
      <div class="field range">
        <label for={id}>
          Time <span title="Times on this page are in your browser’s time zone">({zoneName(range.kind === 'fixed' ? range.endMicros : nowMicros())})</span>
        </label>
        <div class="box">
          <select id={id} value={preset ? String(preset.seconds) : range.kind === 'fixed' ? 'custom' : 'other'} onChange={(event) => choose(event.currentTarget.value)}>
            {kPresets.map((p) => (
              <option key={p.id} value={String(p.seconds)}>
                {p.label}
              </option>
            ))}
            {range.kind === 'last' && !preset && <option value="other">Last {range.seconds} s</option>}
            <option value="custom">Custom …</option>
          </select>
        </div>
      </div>
      {range.kind === 'fixed' && <Dates range={range} onRange={onRange} />}
    </>
  );
}
