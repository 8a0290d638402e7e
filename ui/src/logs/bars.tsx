// How many lines there were over time, by level: stacked bars, worst at the bottom. A click looks at one
// bar's time, a drag at several; the table has the same numbers for whoever does not see or point.

import { useRef, useState } from 'preact/hooks';
import type { LogHistogram } from '../api.ts';
import { formatClock, formatCompact, formatCount, formatDateTime, formatStep, nanosToMicros, plural, pluralCompact } from '../lib/format.ts';
import { IconButton } from '../parts/small.tsx';
import { beforeZoom, resetZoom, state, zoomTo } from './state.ts';
import { histogram } from './store.ts';

// From the base of a bar upwards: what matters keeps its place.
const kBands = [
  { name: 'errors', one: 'error', keys: ['fatal', 'error'] },
  { name: 'warnings', one: 'warning', keys: ['warn'] },
  { name: 'others', one: 'other', keys: ['info', 'debug', 'trace', 'none'] },
] as const;

const kHeight = 100; // in the drawing's own units

function bandsAt(h: LogHistogram, i: number): number[] {
  return kBands.map((band) => band.keys.reduce((sum, key) => sum + h[key][i]!, 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function barLabel(h: LogHistogram, i: number): string {
  const micros = nanosToMicros(h.start[i]!);
  return Number(h.bucketNanos) >= 600e9 ? formatDateTime(micros, false).slice(5, 16) : formatClock(micros, Number(h.bucketNanos) < 1e9);
}

function Drawing({ h, onHover }: { h: LogHistogram; onHover: (index: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<number | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const bars = h.start.map((_, i) => bandsAt(h, i));
  const most = Math.max(1, ...bars.map(sum));
  const indexOf = (event: PointerEvent): number => {
    const { left, width } = box.current!.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * bars.length)));
  };
  const hover = (index: number | null): void => {
    setAt(index);
    onHover(index);
  };
  const zoom = (one: number, other: number): void => {
    const width = Number(h.bucketNanos) / 1000;
    zoomTo(nanosToMicros(h.start[Math.min(one, other)]!), nanosToMicros(h.start[Math.max(one, other)]!) + width);
  };
  const [low, high] = at === null ? [-1, -1] : from === null ? [at, at] : [Math.min(from, at), Math.max(from, at)];
  return (
    <div class="log-bars" aria-hidden="true">
      <span class="most">{h.total > 0 && formatCompact(most)}</span>
      <div
        class="drawing"
        ref={box}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(indexOf(event));
        }}
        onPointerMove={(event) => hover(indexOf(event))}
        onPointerUp={(event) => {
          if (from !== null) zoom(from, indexOf(event));
          setFrom(null);
        }}
        onPointerCancel={() => setFrom(null)}
        onPointerLeave={() => hover(null)}
        onDblClick={resetZoom}
      >
        <svg viewBox={`0 0 ${bars.length} ${kHeight}`} preserveAspectRatio="none">
          {low >= 0 && <rect class="picked" x={low} y={0} width={high - low + 1} height={kHeight} />}
          {bars.map((bands, i) => {
            let below = 0;
            return bands.map((count, band) => {
              if (count === 0) return null;
              const height = Math.max((count / most) * kHeight, 1.5); // a bar that is not seen is worse than one too high
              below += height;
              return <rect key={`${i}-${band}`} class={kBands[band]!.name} x={i + 0.08} y={kHeight - below} width={0.84} height={height} />;
            });
          })}
        </svg>
        {h.total === 0 && <p class="plot-nothing">Nothing in this time</p>}
      </div>
      <span class="ends">
        <span>{barLabel(h, 0)}</span>
        <span>{barLabel(h, Math.floor(h.start.length / 2))}</span>
        <span>{barLabel(h, h.start.length - 1)}</span>
      </span>
    </div>
  );
}

function Twin({ h }: { h: LogHistogram }) {
  const filled = h.start.map((_, i) => i).filter((i) => sum(bandsAt(h, i)) > 0);
  return (
    <div class="twin" tabIndex={0} role="region" aria-label="Lines over time, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {kBands.map((band) => (
              <th scope="col" class="number" key={band.name}>
                {band.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {filled.map((i) => {
            const start = nanosToMicros(h.start[i]!);
            return (
              <tr key={h.start[i]}>
                <th scope="row">
                  <button type="button" class="plain" title="Look at this time only" onClick={() => zoomTo(start, start + Number(h.bucketNanos) / 1000)}>
                    {barLabel(h, i)}
                  </button>
                </th>
                {bandsAt(h, i).map((count, band) => (
                  <td class="number" key={kBands[band]!.name}>
                    {formatCount(count)}
                  </td>
                ))}
              </tr>
            );
          })}
          {filled.length === 0 && (
            <tr>
              <td colSpan={kBands.length + 1} class="muted">
                Nothing matches
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

export function LogBars() {
  const [asTable, setAsTable] = useState(false);
  const [hover, setHover] = useState<number | null>(null);
  const h = histogram.value;
  if (!h || h.start.length === 0) return <div class="charts-wait" aria-hidden="true" />;
  const at = hover !== null && hover < h.start.length ? hover : null;
  const all = h.start.map((_, i) => bandsAt(h, i));
  const totals = kBands.map((_, band) => sum(all.map((bands) => bands[band]!)));
  const shown = at === null ? totals : all[at]!;
  return (
    <section class="card chart lines" aria-label="Lines over time">
      <header>
        <h2>
          Lines <span class="muted">per {formatStep(Number(h.bucketNanos) / 1000)}</span>
        </h2>
        {(beforeZoom.value !== null || state.value.range.kind === 'fixed') && <IconButton icon="reset" label="Back to the whole time range" onClick={resetZoom} />}
        <IconButton icon={asTable ? 'chart' : 'table'} label={asTable ? 'View as chart' : 'View as table'} onClick={() => setAsTable(!asTable)} />
      </header>
      <div class="readout">
        {at !== null && <time>{barLabel(h, at)}</time>}
        {kBands.map((band, i) => (
          <span class={`key ${band.name}`} key={band.name}>
            {pluralCompact(shown[i]!, band.one)}
          </span>
        ))}
      </div>
      <p class="sr-only">
        {plural(h.total, 'line')}: {kBands.map((band, i) => plural(totals[i]!, band.one)).join(', ')}.
      </p>
      {asTable ? <Twin h={h} /> : <Drawing h={h} onHover={setHover} />}
    </section>
  );
}
