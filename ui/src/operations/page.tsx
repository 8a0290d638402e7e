// /operations: for each operation or database statement how often, how failing, how slow; and what
// changed against the time before.

import { useEffect } from 'preact/hooks';
import type { Performance } from '../api.ts';
import { operationsLink, searchLink } from '../app/links.ts';
import { status, unreachable } from '../app/status.ts';
import { kindOf, shorter } from '../lib/failure.ts';
import { formatCount, formatMicros, plural } from '../lib/format.ts';
import { formatRate, formatShare, kOrders, withListing, type Order, type View } from '../lib/operations.ts';
import { defaultState, formatSearch, relaxations, type SearchState } from '../lib/searchState.ts';
import { Icon } from '../parts/icons.tsx';
import { Failed } from '../parts/failed.tsx';
import { Banner, Waiting } from '../parts/small.tsx';
import { Filters } from '../search/filters.tsx';
import { state, window_ } from '../search/state.ts';
import { answer, change, failure, listing, loading, question, retryAt, startOperations } from './store.ts';
import { Table } from './table.tsx';

const kViewNames: Record<View, { button: string; one: string; many: string; rows: [string, string]; from: string }> = {
  requests: { button: 'Requests', one: 'request', many: 'requests', rows: ['operation', 'operations'], from: 'spans of the kinds server and consumer' },
  client: { button: 'Outgoing calls', one: 'call', many: 'calls', rows: ['operation', 'operations'], from: 'spans of the kinds client and producer' },
  statements: { button: 'Database statements', one: 'call', many: 'calls', rows: ['statement', 'statements'], from: 'client spans with db.query.text or db.statement' },
};

const kOrderNames: Record<Order, string> = {
  time: 'Most time first',
  count: 'Most calls first',
  errors: 'Most errors first',
  errorShare: 'Highest share of errors first',
  p50: 'Slowest p50 first',
  p95: 'Slowest p95 first',
  p99: 'Slowest p99 first',
  slower: 'Most slower than before first',
  name: 'By name',
};

function Views() {
  return (
    <div class="views" role="group" aria-label="What is listed">
      {(Object.keys(kViewNames) as View[]).map((view) => (
        <button type="button" class="toggle" key={view} aria-pressed={listing.value.view === view} onClick={() => change({ view })}>
          {kViewNames[view].button}
        </button>
      ))}
    </div>
  );
}

/** What the times before are, or why there are none. */
function Before({ whole }: { whole: Performance }) {
  const { seconds } = whole.before;
  const length = (Number(BigInt(whole.end) - BigInt(whole.start)) / 1e9) * 1e6;
  if (seconds === 0) return <>nothing is stored of the {formatMicros(length)} before, to compare with</>;
  const part = seconds * 1e6 < length * 0.95 ? ` (of which ${formatMicros(seconds * 1e6)} are stored)` : '';
  return (
    <>
      compared with the {formatMicros(length)} before{part}: {formatRate(whole.before.rate)} then
    </>
  );
}

function Summary({ whole }: { whole: Performance }) {
  const names = kViewNames[listing.value.view];
  const { total, others } = whole;
  return (
    <header>
      <h2>
        {plural(whole.rows.length + others.rows, ...names.rows)}
        {others.rows > 0 && <span class="muted">, {formatCount(whole.rows.length)} shown</span>}
      </h2>
      <p class="muted took" title={`${formatCount(whole.spansScanned)} spans looked at in ${formatMicros(whole.tookMicros)}`}>
        {loading.value
          ? 'Asking …'
          : `${plural(total.count, names.one, names.many)} · ${formatRate(total.rate)} · ${formatShare(total.count > 0 ? total.errors / total.count : 0)} failed · `}
        {!loading.value && <Before whole={whole} />}
      </p>
      <label class="sort">
        <span class="sr-only">Order</span>
        <select value={listing.value.order} onChange={(event) => change({ order: event.currentTarget.value as Order })}>
          {kOrders.map((order) => (
            <option key={order} value={order}>
              {kOrderNames[order]}
            </option>
          ))}
        </select>
      </label>
    </header>
  );
}

function Nothing() {
  const names = kViewNames[listing.value.view];
  const now = state.value;
  const filtered = relaxations(now).length > 0;
  const wider = { ...now, range: { kind: 'last' as const, seconds: 7 * 86400 } };
  const to = (next: typeof now): string => operationsLink(withListing(formatSearch(next), listing.value));
  return (
    <section class="card nothing" aria-label="Nothing found">
      <Icon name="inbox" />
      <h2>
        {filtered ? `No ${names.one} matches` : `No ${names.one} in this time`}
      </h2>
      <p>{listing.value.view === 'statements' ? 'Statements' : names.button} are {names.from}.</p>
      <ul>
        {filtered && (
          <li>
            <a href={to({ ...defaultState(), range: now.range, live: now.live })}>Without the filter</a>
          </li>
        )}
        <li>
          <a href={to(wider)}>In the last 7 days</a>
        </li>
      </ul>
    </section>
  );
}

function Failure({ cause }: { cause: unknown }) {
  const now = state.value;
  const { range, live } = now;
  const less = shorter(range, window_.value);
  const to = (next: SearchState): string => operationsLink(withListing(formatSearch(next), listing.value));
  return (
    <Failed
      cause={cause}
      what="The question was not answered"
      without={{ href: to({ ...defaultState(), range, live }), text: 'go on without it' }}
      less={less && { href: to({ ...now, range: less.range }), label: less.label }}
      filters="a service, an operation, a tag"
      retryAt={retryAt.value}
      onRetry={() => question.askAgain()}
    />
  );
}

function Others({ whole }: { whole: Performance }) {
  const { others } = whole;
  const names = kViewNames[listing.value.view];
  if (others.rows === 0) return null;
  return (
    <p class="muted operations-others">
      And {plural(others.rows, `more ${names.rows[0]}`, `more ${names.rows[1]}`)}: {plural(others.count, names.one, names.many)}, {plural(others.errors, 'error')}, {formatMicros(others.timeMicros)} in all.
    </p>
  );
}

function Found() {
  useEffect(startOperations, []);
  const whole = answer.value;
  const failed = failure.value !== null;
  const names = kViewNames[listing.value.view];
  return (
    <>
      <h1 class="sr-only">Operations</h1>
      <Filters />
      <Views />
      {failed && <Failure cause={failure.value} />}
      <p class="sr-only" role="status">
        {loading.value ? 'Asking' : whole ? plural(whole.rows.length, ...names.rows) : ''}
      </p>
      {/* A filter that cannot be used has no figures; those of the question before would be taken for its. */}
      {!whole || (failed && kindOf(failure.value) === 'mistake') ? (
        !failed && <Waiting>Asking …</Waiting>
      ) : whole.rows.length === 0 ? (
        !loading.value && <Nothing />
      ) : (
        <section class="results" aria-label={kViewNames[listing.value.view].button} aria-busy={loading.value}>
          <Summary whole={whole} />
          <Table whole={whole} label={`${kViewNames[listing.value.view].button}, a table`} />
          <Others whole={whole} />
        </section>
      )}
    </>
  );
}

export function OperationsPage() {
  useEffect(() => {
    document.title = 'Operations · Kolben';
  }, []);
  const now = status.value;
  if (!now) {
    return unreachable.value ? <Banner kind="error">{unreachable.value} Trying again …</Banner> : <Waiting>Asking Kolben what there is …</Waiting>;
  }
  if (now.store.spans > 0) return <Found />;
  return (
    <section class="card nothing" aria-label="Nothing yet">
      <Icon name="inbox" />
      <h1>No span has arrived yet</h1>
      <p>
        Operations are counted from spans. <a href={searchLink()}>How to send some</a>
      </p>
    </section>
  );
}
