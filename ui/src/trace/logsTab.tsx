// The log records of the whole trace.

import { useEffect, useState } from 'preact/hooks';
import { logsLink } from '../app/links.ts';
import { formatCount, nanosToMicros, plural } from '../lib/format.ts';
import { logsAround, formatLogs } from '../lib/logsState.ts';
import { LogLines } from '../parts/logs.tsx';
import { valueText } from '../parts/attributes.tsx';
import { Banner } from '../parts/small.tsx';
import type { Loaded, TraceView } from './view.ts';

const kLevels: readonly [least: number, name: string][] = [
  [0, 'All severities'],
  [5, 'Debug and above'],
  [9, 'Info and above'],
  [13, 'Warnings and above'],
  [17, 'Errors only'],
];

export function LogsTab({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const [text, setText] = useState('');
  const [least, setLeast] = useState(0);
  useEffect(() => void view.loadLogs(), []);
  const all = view.logs.value;
  if (view.logsFailure.value) return <Banner kind="error">{view.logsFailure.value}</Banner>;
  if (!all) return <p class="muted loading">Loading …</p>;
  const start = nanosToMicros(loaded.trace.start);
  // Of the first span's service: what it printed without a span, or for other requests.
  const services = [loaded.trace.services[loaded.trace.service[0] ?? -1] ?? ''].filter(Boolean);
  const wanted = text.trim().toLowerCase();
  const logs = all.filter((log) => log.severity >= least && (wanted === '' || valueText(log.body).toLowerCase().includes(wanted)));
  return (
    <section class="logs-tab" aria-label="Logs of this trace" tabIndex={0}>
      <header>
        <input type="search" aria-label="Filter log lines" placeholder="Filter lines" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <select aria-label="Least severity" value={String(least)} onChange={(event) => setLeast(Number(event.currentTarget.value))}>
          {kLevels.map(([value, name]) => (
            <option key={value} value={String(value)}>
              {name}
            </option>
          ))}
        </select>
        <span class="muted" role="status">
          {plural(logs.length, 'line')}
          {logs.length !== all.length && ` of ${formatCount(all.length)}`}
          {view.moreLogs.value && ': the first, there are more'}
        </span>
        {services.map((service) => (
          <a key={service} href={logsLink(formatLogs(logsAround(service, start, start + loaded.trace.durationMicros)))}>
            All lines of {service} around this time
          </a>
        ))}
      </header>
      {all.length === 0 ? (
        <p class="muted hint">No log record carries this trace’s id. The agent adds it to lines that an instrumented program prints; SDKs add it where their log bridge is on.</p>
      ) : (
        <LogLines
          logs={logs}
          startMicros={start}
          colorOf={(service) => view.colorIndex.value.get(service) ?? 0}
          onSpan={(spanId) => view.selectSpan(spanId)}
        />
      )}
    </section>
  );
}
