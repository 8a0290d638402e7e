// The time of the filter: a span of time up to now, or two dates. Times are the browser's; the label says
// which zone that is.

import { useId } from 'preact/hooks';
import { nowMicros } from '../app/status.ts';
import { formatDateTime, zoneName } from '../lib/format.ts';
import { kPresets, type Range, type Window } from '../lib/searchState.ts';
import { beforeZoom, change, state, window_ } from './store.ts';

/** The value of an <input type=datetime-local>: local time. */
function localValue(micros: number): string {
  return formatDateTime(micros, false).replace(' ', 'T');
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
  const setEdge = (edge: 'startMicros' | 'endMicros', text: string): void => {
    const micros = new Date(text).getTime() * 1000;
    if (range.kind !== 'fixed' || !Number.isFinite(micros)) return;
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
            <div class="field date" key={edge}>
              <label for={id + edge}>{edge === 'startMicros' ? 'From' : 'To'}</label>
              <div class="box">
                <input id={id + edge} type="datetime-local" step="1" value={localValue(range[edge])} onChange={(event) => setEdge(edge, event.currentTarget.value)} />
              </div>
            </div>
          ))}
        </div>
      )}
    </>
  );
}
