// Above the results: how many spans (and failed ones) match over time, and how long they took. Both
// share the time axis and the cursor; dragging looks closer. Each has a table with the same numbers.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Histogram } from '../api.ts';
import { logLatency, theme } from '../app/prefs.ts';
import { formatClock, formatCompact, formatCount, formatDateTime, formatMicros, nanosToMicros, plural } from '../lib/format.ts';
import { IconButton } from '../parts/small.tsx';
import type { Plot as PlotClass, PlotData, PlotKind } from './plot.ts';
import { beforeZoom, histogram, resetZoom, state, window_, zoomTo } from './store.ts';

function dataOf(kind: PlotKind, h: Histogram): PlotData {
  const times = h.start.map(nanosToMicros);
  const empty = (values: (number | null)[]): (number | null)[] => values.map((v, i) => (h.count[i] ? v : null));
  // A logarithmic axis has no zero; a hundredth of a microsecond is as good as none.
  const above = (values: (number | null)[]): (number | null)[] => values.map((v) => (v === null ? v : Math.max(v, 0.01)));
  const series = kind === 'amount' ? [h.count, h.errors] : [h.p50, h.p95, h.p99].map((p) => above(empty(p)));
  return { times, barMicros: Number(h.bucketNanos) / 1000 || 1, ...window_.value, series };
}

function Plot({ kind, onHover }: { kind: PlotKind; onHover: (index: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<PlotClass | null>(null);
  const h = histogram.value;
  const log = kind === 'latency' && logLatency.value;
  const colors = theme.value;

  useEffect(() => {
    let gone = false;
    void import('./plot.ts').then(({ Plot: Drawn }) => {
      if (gone || !box.current || !histogram.peek()) return;
      plot.current = new Drawn(kind, box.current, dataOf(kind, histogram.peek()!), log, {
        onHover,
        onBrush: zoomTo,
        onReset: resetZoom,
      });
    });
    const observer = new ResizeObserver(() => plot.current?.resize(box.current?.clientWidth ?? 0));
    observer.observe(box.current!);
    return () => {
      gone = true;
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [h === null, log, colors]);

  useEffect(() => {
    if (h) plot.current?.set(dataOf(kind, h));
  }, [h]);

  return (
    <div class="plot" aria-hidden="true">
      <div ref={box} />
      {h?.total === 0 && <p class="plot-nothing">Nothing in this time</p>}
    </div>
  );
}

function ChartCard(props: { kind: PlotKind; title: string; summary: string; readout: ComponentChildren; table: () => ComponentChildren; onHover: (i: number | null) => void; extra?: ComponentChildren }) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class="card chart" aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        <div class="readout">{props.readout}</div>
        {props.extra}
        {(beforeZoom.value !== null || state.value.range.kind === 'fixed') && <IconButton icon="reset" label="Back to the whole time range" onClick={resetZoom} />}
        <IconButton
          icon={asTable ? 'chart' : 'table'}
          label={asTable ? 'View as chart' : 'View as table'}
          onClick={() => setAsTable(!asTable)}
        />
      </header>
      <p class="sr-only">{props.summary}</p>
      {asTable ? (
        <div class="twin" tabIndex={0} role="region" aria-label={`${props.title}, as a table`}>
          {props.table()}
        </div>
      ) : (
        <Plot kind={props.kind} onHover={props.onHover} />
      )}
    </section>
  );
}

function barLabel(h: Histogram, i: number): string {
  const micros = nanosToMicros(h.start[i]!);
  return Number(h.bucketNanos) >= 600e9 ? formatDateTime(micros, false).slice(5, 16) : formatClock(micros, Number(h.bucketNanos) < 1e9);
}

/** The table twin; its times are buttons that do what dragging over the bar does. */
function Twin({ h, heads, row }: { h: Histogram; heads: string[]; row: (i: number) => string[] }) {
  const filled = h.start.map((_, i) => i).filter((i) => h.count[i]);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {heads.map((head) => (
            <th scope="col" class="number" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {filled.map((i) => (
          <tr key={h.start[i]}>
            <th scope="row">
              <button
                type="button"
                class="plain"
                title="Look at this time only"
                onClick={() => zoomTo(nanosToMicros(h.start[i]!), nanosToMicros(h.start[i]!) + Number(h.bucketNanos) / 1000)}
              >
                {barLabel(h, i)}
              </button>
            </th>
            {row(i).map((cell, c) => (
              <td class="number" key={c}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
        {filled.length === 0 && (
          <tr>
            <td colSpan={heads.length + 1} class="muted">
              Nothing matches
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function maxOf(values: (number | null)[]): number {
  return values.reduce<number>((most, v) => Math.max(most, v ?? 0), 0);
}

export function Charts() {
  const [hover, setHover] = useState<number | null>(null);
  const h = histogram.value;
  if (!h) return <div class="charts-wait" aria-hidden="true" />;
  const errors = h.errors.reduce((sum, n) => sum + n, 0);
  const at = hover !== null && hover < h.start.length ? hover : null;
  const latency = (i: number | null): string[] => [h.p50, h.p95, h.p99].map((p) => (i === null || !h.count[i] ? '–' : formatMicros(p[i] ?? NaN)));
  const now = latency(at);
  return (
    <>
      <ChartCard
        kind="amount"
        title="Spans"
        summary={`${plural(h.total, 'span')} match, ${formatCount(errors)} failed.`}
        onHover={setHover}
        readout={
          <>
            {at !== null && <time>{barLabel(h, at)}</time>}
            <span class="key amount">{formatCompact(at === null ? h.total : h.count[at]!)} spans</span>
            <span class="key errors">{formatCompact(at === null ? errors : h.errors[at]!)} errors</span>
          </>
        }
        table={() => <Twin h={h} heads={['Spans', 'Errors']} row={(i) => [formatCount(h.count[i]!), formatCount(h.errors[i]!)]} />}
      />
      <ChartCard
        kind="latency"
        title="Latency"
        summary={`The highest p99 in this range is ${formatMicros(maxOf(h.p99))}.`}
        onHover={setHover}
        readout={
          <>
            {at !== null && <time>{barLabel(h, at)}</time>}
            {(['p50', 'p95', 'p99'] as const).map((name, i) => (
              <span class={`key ${name}`} key={name}>
                {name}
                {at !== null && ` ${now[i]}`}
              </span>
            ))}
          </>
        }
        extra={
          <button type="button" class="plain scale" aria-pressed={logLatency.value} title="Logarithmic scale" onClick={() => (logLatency.value = !logLatency.value)}>
            log
          </button>
        }
        table={() => <Twin h={h} heads={['p50', 'p95', 'p99']} row={latency} />}
      />
    </>
  );
}
