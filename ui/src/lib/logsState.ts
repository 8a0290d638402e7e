// What a person looks for among log records, to and from the address bar, and to the server's
// parameters. Service, tags, time and live are written as those of the trace search. Pure.

import { defaultState, formatSearch, parseSearch, type Range, type Window } from './searchState.ts';
import { joinClause, type Clause } from './tags.ts';

export const kLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof kLevels)[number];

export interface LogsState {
  service: string;
  /** The least; empty: all, also those that name none. */
  severity: Level | '';
  /** Which the body contains, in whatever case. */
  text: string;
  clauses: Clause[];
  range: Range;
  live: boolean;
}

export function defaultLogs(): LogsState {
  const { service, clauses, range, live } = defaultState();
  return { service, severity: '', text: '', clauses, range, live };
}

/** Whatever stands in the address, a state comes out; what cannot be read is left at its default. */
export function parseLogs(search: string): LogsState {
  const query = new URLSearchParams(search);
  const { service, clauses, range, live } = parseSearch(search);
  const severity = (query.get('severity') ?? '').toLowerCase() as Level;
  return { service, severity: kLevels.includes(severity) ? severity : '', text: query.get('text') ?? '', clauses, range, live };
}

/** The query string of a permanent link; defaults are left out. */
export function formatLogs(state: LogsState): string {
  const { service, clauses, range, live } = state;
  const query = new URLSearchParams(formatSearch({ ...defaultState(), service, clauses, range, live }));
  if (state.severity) query.set('severity', state.severity);
  if (state.text) query.set('text', state.text);
  const text = query.toString();
  return text ? `?${text}` : '';
}

/** The filter as the server takes it (docs/page-api.md). */
export function toLogsApi(state: LogsState, window: Window): URLSearchParams {
  const query = new URLSearchParams();
  if (state.service) query.set('service', state.service);
  if (state.severity) query.set('severity', state.severity);
  if (state.text) query.set('text', state.text);
  for (const clause of state.clauses) query.append('tag', joinClause(clause));
  query.set('start', `${window.startMicros}000`);
  query.set('end', `${window.endMicros}000`);
  return query;
}

const kAroundMicros = 30e6; // before and after a trace: what led to it, and what came of it

/** The lines of a service around the time of a trace. */
export function logsAround(service: string, startMicros: number, endMicros: number): LogsState {
  const range: Range = {
    kind: 'fixed',
    startMicros: Math.max(1, Math.floor(startMicros - kAroundMicros)),
    endMicros: Math.ceil(endMicros + kAroundMicros),
  };
  return { ...defaultLogs(), service, range };
}

/** Every state with one thing less, and what that thing was. */
export function logRelaxations(state: LogsState): { what: string; state: LogsState }[] {
  const kMost = 8; // each costs one question to the server
  const found: { what: string; state: LogsState }[] = [];
  if (state.text) found.push({ what: `the text “${state.text}”`, state: { ...state, text: '' } });
  if (state.severity) found.push({ what: `the least level ${state.severity}`, state: { ...state, severity: '' } });
  if (state.service) found.push({ what: `service “${state.service}”`, state: { ...state, service: '' } });
  for (const clause of state.clauses) {
    found.push({ what: joinClause(clause), state: { ...state, clauses: state.clauses.filter((other) => other !== clause) } });
  }
  return found.slice(0, kMost);
}
