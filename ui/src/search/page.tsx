// /search: the filter, the charts, the list; or, before the first span, how to send one.

import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { place } from '../app/router.ts';
import { status, unreachable } from '../app/status.ts';
import { kindOf } from '../lib/failure.ts';
import { unreadParameters } from '../lib/searchState.ts';
import { Banner, Waiting } from '../parts/small.tsx';
import { Charts } from './charts.tsx';
import { Empty } from './empty.tsx';
import { Failure } from './failure.tsx';
import { Filters } from './filters.tsx';
import { NoResults } from './reasons.tsx';
import { Results } from './results.tsx';
import { ScatterCard } from './scatterCard.tsx';
import { traces } from './list.ts';
import { failure, loading, startSearch } from './store.ts';

/** What of a link was not understood: it may come from another program, or from a typing hand. */
function Unread() {
  const names = unreadParameters(place.value.search);
  if (names.length === 0) return null;
  return (
    <Banner kind="note">
      This link says{' '}
      {names.map((name, i) => (
        <span key={name}>
          {i > 0 && ', '}
          <code>{name.slice(0, 60)}</code>
        </span>
      ))}
      , which this page cannot read: the search goes without.
    </Banner>
  );
}

/** Where "skip to results" leads, whatever there is instead of them. */
function Below({ children }: { children: ComponentChildren }) {
  return (
    <div id="results" tabIndex={-1}>
      {children}
    </div>
  );
}

function Found() {
  useEffect(startSearch, []);
  const none = traces.value.length === 0;
  const failed = failure.value !== null;
  // Nothing below would be an answer to this question.
  if (failed && kindOf(failure.value) === 'mistake') {
    return (
      <>
        <h1 class="sr-only">Search traces</h1>
        <Filters />
        <Below>
          <Failure cause={failure.value} />
        </Below>
      </>
    );
  }
  return (
    <>
      <h1 class="sr-only">Search traces</h1>
      <Filters />
      <Unread />
      {failed && <Failure cause={failure.value} />}
      <div class={`charts ${none ? 'two' : ''}`} aria-busy={loading.value}>
        <Charts />
        {!none && <ScatterCard />}
      </div>
      <p class="sr-only" role="status">
        {loading.value ? 'Searching' : none ? 'No trace matches' : `${traces.value.length} traces`}
      </p>
      <Below>{none ? loading.value ? <Waiting>Searching …</Waiting> : !failed && <NoResults /> : <Results />}</Below>
    </>
  );
}

export function SearchPage() {
  useEffect(() => {
    document.title = 'Search · Kolben';
  }, []);
  const now = status.value;
  if (!now) {
    return unreachable.value ? (
      <Below>
        <Banner kind="error">{unreachable.value} Trying again …</Banner>
      </Below>
    ) : (
      <>
        <h1 class="sr-only">Search traces</h1>
        <Below>
          <Waiting>Asking Kolben what there is …</Waiting>
        </Below>
      </>
    );
  }
  return now.store.spans === 0 ? <Empty /> : <Found />;
}
