// The table: a row an operation or statement, with what it was before. Its links lead to the traces.

import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Performance, PerformanceRow } from '../api.ts';
import { searchLink } from '../app/links.ts';
import { theme, token } from '../app/prefs.ts';
import { navigate } from '../app/router.ts';
import { Spark, type SparkScene } from '../canvas/spark.ts';
import { formatCompact, formatCount, formatMicros, plural } from '../lib/format.ts';
import { colorOf } from '../lib/color.ts';
import { errorChange, formatRate, formatShare, latencyChange, rateChange, searchOf, type Change, type Order } from '../lib/operations.ts';
import { formatSearch } from '../lib/searchState.ts';
import { state } from '../search/state.ts';
import { Dot, ErrorMark } from '../parts/small.tsx';
import { change, held, keyOf, listing } from './store.ts';

function Sparkline({ kind, values, tone }: { kind: SparkScene['kind']; values: readonly (number | null)[]; tone: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const spark = useRef<Spark | null>(null);
  useEffect(() => {
    const made = (spark.current = new Spark(canvas.current!));
    return () => made.destroy();
  }, []);
  const now = theme.value; // colours follow it
  useEffect(() => spark.current?.set({ kind, values, color: token(tone) }), [values, now]);
  return <canvas class="spark" ref={canvas} aria-hidden="true" />;
}

const kSigns = { up: '↑', down: '↓', same: '=' } as const;

/** `tone`: whether more of it is bad; with an arrow and words, so that colour says nothing alone. */
function Changed({ of, tone = '' }: { of: Change | null; tone?: 'bad-up' | '' }) {
  if (!of) return null;
  const color = tone === '' || of.direction === 'same' ? 'muted' : of.direction === 'up' ? 'bad' : 'good';
  return (
    <small class={`changed ${color}`}>
      {of.direction !== 'same' && <span aria-hidden="true">{kSigns[of.direction]} </span>}
      {of.text}
    </small>
  );
}

type Links = Record<'traces' | 'errors' | 'slowest', string>;

function linksOf(row: PerformanceRow): Links {
  const to = (only: Parameters<typeof searchOf>[3]): string => searchLink(formatSearch(searchOf(state.value, listing.value.view, row, only)));
  return {
    traces: to({}),
    errors: to({ clause: { key: 'error', op: '=', value: 'true' } }),
    slowest: to(row.p95 === null ? {} : { minMicros: row.p95 }),
  };
}

function Name({ row, link }: { row: PerformanceRow; link: string }) {
  const name = row.name ?? row.statement ?? '';
  return (
    <th scope="row" class="what">
      <small class="muted service">
        <Dot color={colorOf(row.service)} />
        {row.service}
        {row.system && ` · ${row.system}`}
      </small>
      <a href={link} class={row.statement === undefined ? '' : 'statement'} title={`${name}\nIts traces, the longest first`}>
        {name}
      </a>
    </th>
  );
}

function Row({ row, whole }: { row: PerformanceRow; whole: Performance }) {
  const links = linksOf(row);
  const before = row.before;
  const share = whole.total.timeMicros > 0 ? row.timeMicros / whole.total.timeMicros : 0;
  const onClick = (event: MouseEvent): void => {
    const elsewhere = (event.target as Element).closest('a') || getSelection()?.toString();
    if (!elsewhere && event.button === 0) navigate(links.traces);
  };
  return (
    <tr onClick={onClick}>
      <Name row={row} link={links.traces} />
      <td class="drawn">
        {row.series && <Sparkline kind="bars" values={row.series.count} tone="chart" />}
      </td>
      <td class="number" title={`${formatCount(row.count)} now, ${formatCount(before.count)} before`}>
        {formatRate(row.rate)}
        <Changed of={rateChange(row, before, whole.before.seconds > 0)} />
      </td>
      <td class="number">
        {formatCompact(row.count)}
      </td>
      <td class="number" title={`${plural(row.errors, 'error')} now, ${formatCount(before.errors)} before`}>
        {row.errors > 0 ? (
          <a href={links.errors} class="errors">
            <ErrorMark text={`${formatCompact(row.errors)} · ${formatShare(row.errorShare)}`} />
            <span class="sr-only"> failed: show only these</span>
          </a>
        ) : (
          <span class="muted">0</span>
        )}
        <Changed of={errorChange(row, before)} tone="bad-up" />
      </td>
      <td class="drawn">
        {row.series && <Sparkline kind="line" values={row.series.p95} tone="p95" />}
      </td>
      <td class="number">{formatMicros(row.p50 ?? NaN)}</td>
      <td class="number" title={before.p95 === null ? undefined : `${formatMicros(before.p95)} before`}>
        <a href={links.slowest} aria-label={`p95 ${formatMicros(row.p95 ?? NaN)}: show the slowest twentieth`} title="Traces with one that took as long or longer">
          {formatMicros(row.p95 ?? NaN)}
        </a>
        <Changed of={latencyChange(row, before)} tone="bad-up" />
      </td>
      <td class="number">{formatMicros(row.p99 ?? NaN)}</td>
      <td class="number time" title={`${formatShare(share)} of the time of all that is listed`}>
        {formatMicros(row.timeMicros)}
        <span class="bar" aria-hidden="true">
          <i style={{ width: `${Math.max(share * 100, 0.5)}%` }} />
        </span>
      </td>
    </tr>
  );
}

function Head({ order, children, title, number = true }: { order: Order; children: ComponentChildren; title: string; number?: boolean }) {
  const chosen = listing.value.order === order;
  return (
    <th scope="col" class={number ? 'number' : 'what'} aria-sort={chosen ? (order === 'name' ? 'ascending' : 'descending') : undefined}>
      <button type="button" class="plain" title={title} onClick={() => change({ order })}>
        {children}
        {chosen && <span aria-hidden="true">{order === 'name' ? ' ▲' : ' ▼'}</span>}
      </button>
    </th>
  );
}

export function Table({ whole, label }: { whole: Performance; label: string }) {
  const hold = (on: boolean) => (): void => {
    held.value = on;
  };
  useEffect(() => hold(false), []);
  return (
    <div
      class="card operations-scroll"
      role="region"
      aria-label={label}
      tabIndex={0}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      <table class="operations">
        <thead>
          <tr>
            <Head order="name" number={false} title="By name">
              {listing.value.view === 'statements' ? 'Statement' : 'Operation'}
            </Head>
            <td class="drawn" />
            <Head order="count" title="Calls a second; most calls first">
              Rate
            </Head>
            <Head order="count" title="Most calls first">
              Calls
            </Head>
            <Head order="errors" title="Most errors first">
              Errors
            </Head>
            <td class="drawn" />
            <Head order="p50" title="Half of the calls are as fast or faster; slowest first">
              p50
            </Head>
            <Head order="p95" title="95 of 100 calls are as fast or faster; slowest first">
              p95
            </Head>
            <Head order="p99" title="99 of 100 calls are as fast or faster; slowest first">
              p99
            </Head>
            <Head order="time" title="The sum of all durations: where the time goes">
              Total time
            </Head>
          </tr>
        </thead>
        <tbody>
          {whole.rows.map((row) => (
            <Row key={keyOf(row)} row={row} whole={whole} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
