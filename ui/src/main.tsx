// The page's start: preferences, address, status, then what the address names.

import { render } from 'preact';
import { startPrefs } from './app/prefs.ts';
import { NotHere } from './app/notHere.tsx';
import { place, startRouter } from './app/router.ts';
import { Shell } from './app/shell.tsx';
import { startStatus } from './app/status.ts';
import { Later } from './parts/later.tsx';
import { SearchPage } from './search/page.tsx';
import { TracePage } from './trace/page.tsx';

const loadOperations = () => import('./operations/page.tsx').then((module) => module.OperationsPage);
const loadLogs = () => import('./logs/page.tsx').then((module) => module.LogsPage);

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
  if (path === '/operations') {
    return (
      <Shell page="search">
        <Later load={loadOperations} />
      </Shell>
    );
  }
  if (path === '/logs') {
    return (
      <Shell page="all-logs">
        <Later load={loadLogs} />
      </Shell>
    );
  }
  return (
    <Shell page="search">
      <NotHere path={path} />
    </Shell>
  );
}

startPrefs();
startRouter();
startStatus();
render(<App />, document.getElementById('app')!);
