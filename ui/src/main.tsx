// The page's start: preferences, address, status, then what the address names.

import { signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { startPrefs } from './app/prefs.ts';
import { base, searchLink } from './app/links.ts';
import { place, startRouter } from './app/router.ts';
import { Shell } from './app/shell.tsx';
import { startStatus } from './app/status.ts';
import type { LogsPage } from './logs/page.tsx';
import { Banner, Waiting } from './parts/small.tsx';
import { SearchPage } from './search/page.tsx';
import { TracePage } from './trace/page.tsx';

const logsPage = signal<typeof LogsPage | null>(null);
const notLoaded = signal(false);

// The code of the second place comes when somebody goes there.
function Logs() {
  useEffect(() => {
    import('./logs/page.tsx').then(
      (loaded) => (logsPage.value = loaded.LogsPage),
      () => (notLoaded.value = true),
    );
  }, []);
  const Page = logsPage.value;
  if (Page) return <Page />;
  return (
    <>
      <h1 class="sr-only">Logs</h1>
      {notLoaded.value ? <Banner kind="error">This part of the page could not be loaded. Load the page again.</Banner> : <Waiting>Loading …</Waiting>}
    </>
  );
}

function App() {
  const path = place.value.path;
  const trace = /^\/trace\/([0-9a-fA-F]{1,32})$/.exec(path);
  if (trace) {
    const id = trace[1]!.toLowerCase();
    return (
      <Shell page="trace">
        <TracePage key={id} id={id} />
      </Shell>
    );
  }
  if (path === '/search') {
    return (
      <Shell page="search">
        <SearchPage />
      </Shell>
    );
  }
  if (path === '/logs') {
    return (
      <Shell page="all-logs">
        <Logs />
      </Shell>
    );
  }
  return (
    <Shell page="search">
      <div class="nothing">
        <h1>There is no page {base + path}</h1>
        <p>
          <a href={searchLink()}>Search traces</a>
        </p>
      </div>
    </Shell>
  );
}

startPrefs();
startRouter();
startStatus();
render(<App />, document.getElementById('app')!);
