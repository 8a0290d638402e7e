// The time of the filter: a span of time up to now, or two dates. Times are the browser's; the label says
// which zone that is.

import { useId, useState } from 'preact/hooks';
import { nowMicros } from '../app/status.ts';
import { formatDateTime, parseDateTime, zoneName } from '../lib/format.ts';
import { kPresets, type Range, type Window } from '../lib/searchState.ts';
import { beforeZoom, change, state, window_ } from './state.ts';

/** A date and a clock of 24 hours, whatever the browser's language: as everywhere else on this page. */
function DateField({ id, label, micros, onCommit }: { id: string; label: string; micros: number; onCommit: (micros: number) => void }) {
  const [wrong, setWrong] = useState(false);
  const shown = formatDateTime(micros, micros % 1e6 !== 0);
  const commit = (text: string): void => {
    const next = parseDateTime(text);
    setWrong(next === null);
    if (next !== null && text.trim() !== shown) onCommit(next);
  };
  return (
    <div class="field date">
      <label for={id}>{label}</label>
      <div class="box">
        <input
          id={id}
          type="text"
          value={shown}
          placeholder="2026-11-26 14:03:22"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={wrong}
          aria-describedby={wrong ? `${id}-wrong` : undefined}
          onBlur={(event) => commit(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit(event.currentTarget.value);
          }}
        />
      </div>
      {wrong && (
        <small class="wrong" id={`${id}-wrong`}>
          Like 2026-11-26 14:03:22
        </small>
      )}
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
  const setEdge = (edge: 'startMicros' | 'endMicros', micros: number): void => {
    if (range.kind !== 'fixed') return;
    const next = { ...range, [edge]: micros };
    if (next.startMicros < next.endMicros) onRange(next);
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
      {range.kind === 'fixed' && (
        <div class="dates">
          {(['startMicros', 'endMicros'] as const).map((edge) => (
            <DateField key={edge} id={id + edge} label={edge === 'startMicros' ? 'From' : 'To'} micros={range[edge]} onCommit={(micros) => setEdge(edge, micros)} />
          ))}
        </div>
      )}
    </>
  );
}
