// Never an empty list without a reason: asks what each part of the filter takes away, and offers to leave
// it out, or to look where all of it does match.

import { useEffect, useState } from 'preact/hooks';
import { api, isAbort } from '../api.ts';
import { logsLink } from '../app/links.ts';
import { nowMicros, status } from '../app/status.ts';
import { formatDateTime, nanosToMicros, plural } from '../lib/format.ts';
import { formatLogs, logRelaxations, toLogsApi, type LogsState } from '../lib/logsState.ts';
import { kAllTime, rangeAround } from '../lib/searchState.ts';
import { Icon } from '../parts/icons.tsx';
import { state, window_ } from './state.ts';

interface Way {
  what: string;
  state: LogsState;
}

async function ask(now: LogsState, signal: AbortSignal): Promise<Way[]> {
  const without = logRelaxations(now).map(async (less) => {
    const { total } = await api.logHistogram(toLogsApi(less.state, window_.peek()), 1, signal);
    return { what: `Without ${less.what}: ${plural(total, 'line')}`, state: less.state, total };
  });
  const newest = api.allLogs(toLogsApi(now, kAllTime), 1, '', signal);
  const found: Way[] = (await Promise.all(without)).filter((way) => way.total > 0);
  const last = (await newest).logs[0];
  if (!last) return found;
  const micros = nanosToMicros(last.time);
  return [{ what: `The last such line is of ${formatDateTime(micros, false)}`, state: { ...now, range: rangeAround(micros, nowMicros()) } }, ...found];
}

export function NoLines() {
  const now = state.value;
  const [ways, setWays] = useState<Way[]>([]);
  const records = status.value?.store.logRecords ?? 0;
  useEffect(() => {
    const stop = new AbortController();
    ask(now, stop.signal)
      .then(setWays)
      .catch((cause: unknown) => {
        if (!isAbort(cause)) setWays([]); // no suggestions: the list is empty all the same
      });
    return () => stop.abort();
  }, [JSON.stringify(now)]);
  return (
    <section class="card nothing" aria-label="No log lines found">
      <Icon name="inbox" />
      <h2>No line matches</h2>
      <p>In this time range there is none; the store has {plural(records, 'log record')} in all.</p>
      {ways.length > 0 && (
        <ul>
          {ways.map((way) => (
            <li key={way.what}>
              <a href={logsLink(formatLogs(way.state))}>{way.what}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
