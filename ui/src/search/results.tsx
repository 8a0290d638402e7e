// The list of traces: what each is, why it was found, how long it took. j and k go through it.

import { useEffect, useRef } from 'preact/hooks';
import { messageOf, type TraceMatch, type TraceSummary } from '../api.ts';
import { traceLink } from '../app/links.ts';
import { shortcuts } from '../app/prefs.ts';
import { typing } from '../app/shell.tsx';
import { nowMicros, status } from '../app/status.ts';
import { formatCount, formatDateTime, formatMicros, nanosToMicros, plural } from '../lib/format.ts';
import { assignColors } from '../lib/color.ts';
import { kSorts, type Sort } from '../lib/searchState.ts';
import { Ago, Dot, ErrorMark } from '../parts/small.tsx';
import { fresh, hasMore, hold, isCut, loadingMore, moreFailure, release, showFresh, sorted } from './list.ts';
import { change, state } from './state.ts';
import { histogram, isOld, loadMore, loading, took } from './store.ts';

// The server knows two orders of all traces that match; the others are of those that are listed.
function sortName(sort: Sort, listed: number): string {
  const names: Record<Sort, string> = {
    newest: 'Newest first',
    longest: 'Longest first',
    spans: `Most spans of these ${listed}`,
    errors: `Most errors of these ${listed}`,
  };
  return names[sort];
}

const kYoungMicros = 5e6; // so long a root may be on its way
const kPillsShown = 4; // more would push the row to a second line

function Services({ trace }: { trace: TraceSummary }) {
  const hidden = trace.services.length - kPillsShown;
  const colors = assignColors(trace.services.map((s) => s.name)); // as on the trace's own page
  return (
    <span class="pills">
      {trace.services.slice(0, kPillsShown).map((service) => (
        <span class={`pill ${service.errors ? 'failed' : ''}`} key={service.name} title={`${service.name}: ${plural(service.spans, 'span')}, ${plural(service.errors, 'error')}`}>
          <Dot color={colors.get(service.name) ?? 0} />
          <span class="pill-name">{service.name || 'unnamed'}</span>
          <span class="muted">{formatCount(service.spans)}</span>
        </span>
      ))}
      {hidden > 0 && (
        <span class="pill more" title={trace.services.slice(kPillsShown).map((s) => s.name).join(', ')}>
          +{hidden}
        </span>
      )}
    </span>
  );
}

/** A trace by the name of its root; where that is missing, of the earliest span that is there. */
function Name({ trace }: { trace: TraceSummary }) {
  void status.value; // its age is looked at again
  const { first } = trace;
  const end = nanosToMicros(trace.start) + trace.durationMicros;
  const isYoung = nowMicros() - end < kYoungMicros;
  return (
    <span class="result-name">
      <span class="service">{(first?.service ?? trace.rootService) || 'unknown service'}</span>
      <span class="operation">
        {(first?.name ?? trace.rootName) || '(no name)'}
        {first && (
          <small class="muted" title={isYoung ? 'Its root span is not there yet: this is the earliest so far' : 'Its root span was never received: this is the earliest there is'}>
            {' '}
            {isYoung ? 'arriving …' : 'root span missing'}
          </small>
        )}
      </span>
    </span>
  );
}

/** Whether the match says something that the row does not. */
function tellsMore(trace: TraceSummary, match: TraceMatch): boolean {
  const { service, name } = trace.first ?? { service: trace.rootService, name: trace.rootName };
  return match.service !== service || match.name !== name || (match.detail !== '' && !name.includes(match.detail));
}

function Match({ match }: { match: TraceMatch }) {
  return (
    <span class="result-match">
      <span class="sr-only">matches: </span>
      <span class="match-name">
        {match.name} <b>{formatMicros(match.durationMicros)}</b>
      </span>
      {match.detail && !match.name.includes(match.detail) && (
        <span class="match-detail muted" title={match.detail}>
          {match.detail}
        </span>
      )}
      <span class="muted">
        {match.service}
        {match.spans > 1 && `, the longest of ${formatCount(match.spans)} that match`}
      </span>
    </span>
  );
}

function Row({ trace, longest }: { trace: TraceSummary; longest: number }) {
  const start = nanosToMicros(trace.start);
  const share = longest > 0 ? Math.max(0.4, (trace.durationMicros / longest) * 100) : 0;
  const match = trace.match && tellsMore(trace, trace.match) ? trace.match : null;
  return (
    <li>
      <a class="result" href={traceLink(trace.traceId, match ? `?span=${match.spanId}` : '')}>
        <Name trace={trace} />
        <Services trace={trace} />
        <span class="result-counts">
          <span>{plural(trace.spans, 'span')}</span>
          {trace.errors > 0 && <ErrorMark text={plural(trace.errors, 'error')} />}
        </span>
        <span class="result-duration">
          <span>{formatMicros(trace.durationMicros)}</span>
          <span class="bar" aria-hidden="true">
            <i class={trace.errors > 0 ? 'failed' : ''} style={{ width: `${share}%` }} />
          </span>
        </span>
        <span class="result-time">
          <Ago micros={start} />
          <small>{formatDateTime(start).slice(5)}</small>
        </span>
        {match && <Match match={match} />}
      </a>
    </li>
  );
}

/** Holds the rows while somebody points at them or has one in focus. Fingers do not rest on a list. */
function useHold(list: { current: HTMLUListElement | null }): Record<string, (event: never) => void> {
  useEffect(() => release, []);
  const settle = (): void => {
    if (!list.current?.matches(':hover') && !list.current?.contains(document.activeElement)) release();
  };
  return {
    onPointerEnter: (event: PointerEvent) => event.pointerType !== 'touch' && hold(),
    onPointerLeave: settle,
    onFocusIn: hold,
    onFocusOut: () => requestAnimationFrame(settle), // when the next has it
  };
}

function useRowKeys(list: { current: HTMLUListElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const rows = [...(list.current?.querySelectorAll<HTMLElement>('.result') ?? [])];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      const isLetter = event.key === 'j' || event.key === 'k';
      const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : 0;
      if (step === 0 || rows.length === 0 || typing(event) || (isLetter ? !shortcuts.value : at < 0)) return;
      event.preventDefault();
      rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]!.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function Results() {
  const list = sorted.value;
  const longest = list.reduce((most, t) => Math.max(most, t.durationMicros), 0);
  const total = histogram.value?.total ?? 0;
  const { sort } = state.value;
  const rows = useRef<HTMLUListElement>(null);
  const holding = useHold(rows);
  useRowKeys(rows);
  return (
    <section class={`results ${isOld.value ? 'old' : ''}`} aria-label="Traces found" aria-busy={loading.value}>
      <header>
        <h2>
          {plural(list.length, 'trace')}
          {hasMore.value && <span class="muted"> shown{sort === 'longest' ? ', the longest of all' : ', there are more'}</span>}
          {isCut.value && <span class="muted"> shown, the most there can be: narrow the time or the filter for others</span>}
        </h2>
        <span class="muted took" title={`${formatCount(took.value.spansScanned)} spans looked at`}>
          {loading.value ? 'Searching …' : isOld.value ? 'as it was when the search was last answered' : `${plural(total, 'span')} match · found in ${formatMicros(took.value.micros)}`}
        </span>
        {fresh.value.count > 0 && (
          <button type="button" class="pill fresh" title="The list stands still while you point at it, or have gone on to a further page" onClick={showFresh}>
            {formatCount(fresh.value.count)}
            {fresh.value.orMore && '+'} new
          </button>
        )}
        <label class="sort">
          <span class="sr-only">Sort the traces</span>
          <select value={sort} onChange={(event) => change({ sort: event.currentTarget.value as Sort })}>
            {kSorts.map((one) => (
              <option key={one} value={one}>
                {sortName(one, list.length)}
              </option>
            ))}
          </select>
        </label>
      </header>
      <ul class="card list" ref={rows} {...holding}>
        {list.map((trace) => (
          <Row key={trace.traceId} trace={trace} longest={longest} />
        ))}
      </ul>
      {moreFailure.value !== null && (
        <p class="more-failed" role="alert">
          <ErrorMark text={`More were not loaded: ${messageOf(moreFailure.value)}`} />
        </p>
      )}
      {hasMore.value && (
        <button type="button" class="button more" disabled={loadingMore.value} onClick={loadMore}>
          {loadingMore.value ? 'Loading …' : 'Load more'}
        </button>
      )}
    </section>
  );
}
