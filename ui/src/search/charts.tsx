// Above the results: how many spans (and failed ones) match over time, and how long they took. Both
// share the time axis and the cursor; dragging, or a click on a bar, looks closer. Each has a table with the same numbers.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Histogram } from '../api.ts';
import { logLatency, theme } from '../app/prefs.ts';
import { nowMicros } from '../app/status.ts';
import { formatClock, formatCount, formatDateTime, formatMicros, formatRate, formatStep, nanosToMicros, plural, pluralCompact } from '../lib/format.ts';
import { kRequests, rangeOfData } from '../lib/searchState.ts';
import { sameClause } from '../lib/tags.ts';
import { IconButton } from '../parts/small.tsx';
import type { Plot as PlotClass, PlotData, PlotKind } from './plot.ts';
import { beforeZoom, change, resetZoom, state, window_, zoomTo } from './state.ts';
import { histogram, isOld } from './store.ts';

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

function ChartCard(props: { kind: PlotKind; title: string; summary: string; readout: ComponentChildren; table: () => ComponentChildren; onHover: (i: number | null) => void; unit: string; extra?: ComponentChildren }) {
  const [asTable, setAsTable] = useState(false);
  return (
    <section class={`card chart ${isOld.value ? 'old' : ''}`} aria-label={props.title}>
      <header>
        <h2 title={`${props.title} ${props.unit}`}>
          {props.title} <span class="muted">{props.unit}</span>
        </h2>
        {props.extra}
        {(beforeZoom.value !== null || state.value.range.kind === 'fixed') && <IconButton icon="reset" label="Back to the whole time range" onClick={resetZoom} />}
        <IconButton
          icon={asTable ? 'chart' : 'table'}
          label={asTable ? 'View as chart' : 'View as table'}
          onClick={() => setAsTable(!asTable)}
        />
      </header>
      <div class="readout">{props.readout}</div>
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

/** Spans of a bar by the second; of one that is under way, of the part that is over. */
function rateOf(h: Histogram, i: number): string {
  const width = Number(h.bucketNanos) / 1000;
  const gone = Math.min(width, Math.max(0, nowMicros() - nanosToMicros(h.start[i]!)));
  return formatRate((h.count[i]! / (gone || width)) * 1e6);
}

function toggleRequests(): void {
  const { clauses } = state.value;
  const others = clauses.filter((clause) => !sameClause(clause, kRequests));
  change({ clauses: others.length < clauses.length ? others : [...clauses, kRequests] });
}

function AmountTools({ h, requests }: { h: Histogram; requests: boolean }) {
  const range = rangeOfData(state.value.range, window_.value, h, nowMicros());
  const zoom = (): void => {
    beforeZoom.value ??= state.value.range;
    change({ range: range! });
  };
  return (
    <>
      {range && (
        <button type="button" class="plain scale" title="All of it lies in a small part of this time: look at that part" onClick={zoom}>
          Zoom to data
        </button>
      )}
      <button type="button" class="plain scale" aria-pressed={requests} title="Only spans of servers and consumers: what came in, not what was done for it" onClick={toggleRequests}>
        Requests only
      </button>
    </>
  );
}

export function Charts() {
  const [hover, setHover] = useState<number | null>(null);
  const h = histogram.value;
  if (!h) return <div class="charts-wait" aria-hidden="true" />;
  const errors = h.errors.reduce((sum, n) => sum + n, 0);
  const at = hover !== null && hover < h.start.length ? hover : null;
  const latency = (i: number | null): string[] => [h.p50, h.p95, h.p99].map((p) => (i === null || !h.count[i] ? '–' : formatMicros(p[i] ?? NaN)));
  const now = latency(at);
  const requests = state.value.clauses.some((clause) => sameClause(clause, kRequests));
  const what = requests ? 'request' : 'span';
  const step = `per ${formatStep(Number(h.bucketNanos) / 1000)}`;
  return (
    <>
      <ChartCard
        kind="amount"
        title={requests ? 'Requests' : 'Spans'}
        unit={step}
        summary={`${plural(h.total, what)} match, ${formatCount(errors)} failed.`}
        onHover={setHover}
        extra={<AmountTools h={h} requests={requests} />}
        readout={
          <>
            {at !== null && <time>{barLabel(h, at)}</time>}
            <span class="key amount">{pluralCompact(at === null ? h.total : h.count[at]!, what)}</span>
            <span class="key errors">{pluralCompact(at === null ? errors : h.errors[at]!, 'error')}</span>
            {at !== null && <span>{rateOf(h, at)}</span>}
          </>
        }
        table={() => (
          <Twin
            h={h}
            heads={[requests ? 'Requests' : 'Spans', 'Errors', 'Rate']}
            row={(i) => [formatCount(h.count[i]!), formatCount(h.errors[i]!), rateOf(h, i)]}
          />
        )}
      />
      <ChartCard
        kind="latency"
        title="Latency"
        unit={`of ${what}s, ${step}`}
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
            log scale
          </button>
        }
        table={() => <Twin h={h} heads={['p50', 'p95', 'p99']} row={latency} />}
      />
    </>
  );
}
