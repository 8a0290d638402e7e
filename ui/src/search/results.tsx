// The list of traces.

import type { TraceSummary } from '../api.ts';
import { traceLink } from '../app/links.ts';
import { formatCount, formatDateTime, formatMicros, nanosToMicros, plural } from '../lib/format.ts';
import { assignColors } from '../lib/color.ts';
import { kSorts, type Sort } from '../lib/searchState.ts';
import { Ago, Dot, ErrorMark } from '../parts/small.tsx';
import { change, cursor, histogram, loadMore, loading, loadingMore, sorted, state, took } from './store.ts';

const kSortNames: Record<Sort, string> = {
  newest: 'Newest first',
  longest: 'Longest first',
  spans: 'Most spans first',
  errors: 'Most errors first',
};
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

function Row({ trace, longest }: { trace: TraceSummary; longest: number }) {
  const start = nanosToMicros(trace.start);
  const share = longest > 0 ? Math.max(0.4, (trace.durationMicros / longest) * 100) : 0;
  return (
    <li>
      <a class="result" href={traceLink(trace.traceId)}>
        <span class="result-name">
          <span class="service">{trace.rootService || 'unknown service'}</span>
          <span class="operation">{trace.rootName || '(root span missing)'}</span>
        </span>
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
      </a>
    </li>
  );
}

export function Results() {
  const list = sorted.value;
  const longest = list.reduce((most, t) => Math.max(most, t.durationMicros), 0);
  const total = histogram.value?.total ?? 0;
  return (
    <section class="results" aria-label="Traces found" aria-busy={loading.value}>
      <header>
        <h2>
          {plural(list.length, 'trace')}
          {cursor.value !== '' && <span class="muted"> shown, there are more</span>}
        </h2>
        <span class="muted took" title={`${formatCount(took.value.spansScanned)} spans looked at`}>
          {loading.value ? 'Searching …' : `${plural(total, 'span')} match · found in ${formatMicros(took.value.micros)}`}
        </span>
        <label class="sort">
          <span class="sr-only">Sort the listed traces</span>
          <select value={state.value.sort} onChange={(event) => change({ sort: event.currentTarget.value as Sort })}>
            {kSorts.map((sort) => (
              <option key={sort} value={sort}>
                {kSortNames[sort]}
              </option>
            ))}
          </select>
        </label>
      </header>
      <ul class="card list">
        {list.map((trace) => (
          <Row key={trace.traceId} trace={trace} longest={longest} />
        ))}
      </ul>
      {cursor.value !== '' && (
        <button type="button" class="button more" disabled={loadingMore.value} onClick={() => void loadMore()}>
          {loadingMore.value ? 'Loading …' : 'Load more'}
        </button>
      )}
    </section>
  );
}
