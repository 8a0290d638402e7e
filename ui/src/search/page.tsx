// /search: the filter, the charts, the list; or, before the first span, how to send one.

import { useEffect } from 'preact/hooks';
import { status, unreachable } from '../app/status.ts';
import { Banner, Waiting } from '../parts/small.tsx';
import { Charts } from './charts.tsx';
import { Empty } from './empty.tsx';
import { Failure } from './failure.tsx';
import { Filters } from './filters.tsx';
import { NoResults } from './reasons.tsx';
import { Results } from './results.tsx';
import { ScatterCard } from './scatterCard.tsx';
import { failure, loading, startSearch, traces } from './store.ts';

function Found() {
  useEffect(startSearch, []);
  const none = traces.value.length === 0;
  const failed = failure.value !== null;
  return (
    <>
      <h1 class="sr-only">Search traces</h1>
      <Filters />
      {failed && <Failure cause={failure.value} />}
      <div class={`charts ${none ? 'two' : ''}`} aria-busy={loading.value}>
        <Charts />
        {!none && <ScatterCard />}
      </div>
      <p class="sr-only" role="status">
        {loading.value ? 'Searching' : none ? 'No trace matches' : `${traces.value.length} traces`}
      </p>
      {none ? loading.value ? <Waiting>Searching …</Waiting> : !failed && <NoResults /> : <Results />}
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
      <Banner kind="error">{unreachable.value} Trying again …</Banner>
    ) : (
      <>
        <h1 class="sr-only">Search traces</h1>
        <Waiting>Asking Kolben what there is …</Waiting>
      </>
    );
  }
  return now.store.spans === 0 ? <Empty /> : <Found />;
}
