// What a person searches for, to and from the address bar, and to the server's parameters. Pure.
//
// The address understands Jaeger's parameters (service, operation, tags, tag, lookback, start, end in
// microseconds, limit, minDuration, maxDuration), so that old links keep working, and the calls' own `errors`; it adds live, sort.

import { canonicalDuration, nanosToMicros, parseDuration } from './format.ts';
import { fromJaegerTags, fromTagParameter, isErrorClause, joinClause, type Clause } from './tags.ts';

export interface Preset {
  id: string;
  label: string;
  seconds: number;
}

export const kPresets: readonly Preset[] = [
  { id: '5m', label: 'Last 5 minutes', seconds: 300 },
  { id: '15m', label: 'Last 15 minutes', seconds: 900 },
  { id: '1h', label: 'Last hour', seconds: 3600 },
  { id: '6h', label: 'Last 6 hours', seconds: 6 * 3600 },
  { id: '24h', label: 'Last 24 hours', seconds: 86400 },
  { id: '2d', label: 'Last 2 days', seconds: 2 * 86400 },
  { id: '7d', label: 'Last 7 days', seconds: 7 * 86400 },
];
const kDefaultPreset = kPresets[2]!;

export type Range =
  | { kind: 'last'; seconds: number }
  | { kind: 'fixed'; startMicros: number; endMicros: number };

export const kSorts = ['newest', 'longest', 'spans', 'errors'] as const;
export type Sort = (typeof kSorts)[number];

export interface SearchState {
  service: string;
  operation: string;
  clauses: Clause[];
  minDuration: string;
  maxDuration: string;
  range: Range;
  limit: number;
  live: boolean;
  sort: Sort;
}

export const kDefaultLimit = 20;
const kMaxLimit = 1500; // Jaeger's bound; more rows than anybody reads
export const kBuckets = 60;

export function defaultState(): SearchState {
  return {
    service: '',
    operation: '',
    clauses: [],
    minDuration: '',
    maxDuration: '',
    range: { kind: 'last', seconds: kDefaultPreset.seconds },
    limit: kDefaultLimit,
    live: true,
    sort: 'newest',
  };
}

function parseLookback(text: string): number | null {
  const match = /^(\d{1,4})([smhdw])$/.exec(text);
  if (!match) return null;
  const unit = { s: 1, m: 60, h: 3600, d: 86400, w: 7 * 86400 }[match[2] as 's'];
  const seconds = Number(match[1]) * unit;
  return seconds > 0 ? seconds : null;
}

function formatLookback(seconds: number): string {
  const preset = kPresets.find((p) => p.seconds === seconds);
  if (preset) return preset.id;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function parseRange(query: URLSearchParams): Range {
  const lookback = query.get('lookback');
  const seconds = lookback === null ? null : parseLookback(lookback);
  if (seconds !== null) return { kind: 'last', seconds };
  const startMicros = Number(query.get('start') ?? NaN);
  const endMicros = Number(query.get('end') ?? NaN);
  if (Number.isSafeInteger(startMicros) && Number.isSafeInteger(endMicros) && startMicros > 0 && startMicros < endMicros) {
    return { kind: 'fixed', startMicros, endMicros };
  }
  return { kind: 'last', seconds: kDefaultPreset.seconds };
}

function parseClauses(query: URLSearchParams): Clause[] {
  const tags = query.get('tags');
  const clauses = [...(tags ? fromJaegerTags(tags) : []), ...query.getAll('tag').filter(Boolean).map(fromTagParameter)];
  if (/^(1|t|true)$/i.test(query.get('errors') ?? '') && !clauses.some(isErrorClause)) clauses.push({ key: 'error', op: '=', value: 'true' });
  return clauses;
}

/** Whatever stands in the address, a state comes out; what cannot be read is left at its default. */
export function parseSearch(search: string): SearchState {
  const query = new URLSearchParams(search);
  const duration = (name: string): string => {
    const text = query.get(name) ?? '';
    return parseDuration(text) === null ? '' : canonicalDuration(text);
  };
  const limit = Number(query.get('limit') ?? NaN);
  const sort = query.get('sort') as Sort;
  const operation = query.get('operation') ?? '';
  return {
    service: query.get('service') ?? '',
    operation: operation === 'all' ? '' : operation,
    clauses: parseClauses(query),
    minDuration: duration('minDuration'),
    maxDuration: duration('maxDuration'),
    range: parseRange(query),
    limit: Number.isInteger(limit) && limit > 0 ? Math.min(limit, kMaxLimit) : kDefaultLimit,
    live: query.get('live') !== '0',
    sort: kSorts.includes(sort) ? sort : 'newest',
  };
}

// Jaeger's, about how its own page looks.
const kHarmless = /^(ui[A-Z]\w*|view)$/;

/** The parameters of an address that parseSearch() made nothing of: the page says so. */
export function unreadParameters(search: string): string[] {
  const query = new URLSearchParams(search);
  const isTime = (text: string): boolean => Number.isSafeInteger(Number(text)) && Number(text) > 0;
  const readable: Record<string, (text: string) => boolean> = {
    service: () => true,
    operation: () => true,
    tag: () => true,
    tags: (text) => text === '' || text === '{}' || fromJaegerTags(text).length > 0,
    errors: (text) => /^(1|t|true|0|f|false)$/i.test(text),
    minDuration: (text) => text === '' || parseDuration(text) !== null,
    maxDuration: (text) => text === '' || parseDuration(text) !== null,
    lookback: (text) => text === 'custom' || parseLookback(text) !== null,
    start: isTime,
    end: isTime,
    limit: (text) => Number.isInteger(Number(text)) && Number(text) > 0,
    live: () => true,
    sort: (text) => kSorts.includes(text as Sort),
  };
  const unread = [...query].filter(([name, value]) => !kHarmless.test(name) && !(Object.hasOwn(readable, name) && readable[name]!(value)));
  return [...new Set(unread.map(([name]) => name))];
}

/** The query string of a permanent link; defaults are left out. */
export function formatSearch(state: SearchState): string {
  const query = new URLSearchParams();
  if (state.service) query.set('service', state.service);
  if (state.operation) query.set('operation', state.operation);
  for (const clause of state.clauses) query.append('tag', joinClause(clause));
  if (state.minDuration) query.set('minDuration', state.minDuration);
  if (state.maxDuration) query.set('maxDuration', state.maxDuration);
  if (state.range.kind === 'fixed') {
    query.set('lookback', 'custom');
    query.set('start', String(state.range.startMicros));
    query.set('end', String(state.range.endMicros));
  } else if (state.range.seconds !== kDefaultPreset.seconds) {
    query.set('lookback', formatLookback(state.range.seconds));
  }
  if (state.limit !== kDefaultLimit) query.set('limit', String(state.limit));
  if (!state.live) query.set('live', '0');
  if (state.sort !== 'newest') query.set('sort', state.sort);
  const text = query.toString();
  return text ? `?${text}` : '';
}

export interface Window {
  startMicros: number;
  endMicros: number;
}

/**
 * The window that a range means now. A moving one steps by whole bars, so that bars keep their edges
 * while time goes on; its last bar is under way, and ends in the future.
 */
export function windowOf(range: Range, nowMicros: number): Window {
  if (range.kind === 'fixed') return { startMicros: range.startMicros, endMicros: range.endMicros };
  const bar = (range.seconds * 1e6) / kBuckets;
  const endMicros = (Math.floor(nowMicros / bar) + 1) * bar;
  return { startMicros: Math.round(endMicros - range.seconds * 1e6), endMicros: Math.round(endMicros) };
}

/** The filter as the server takes it (docs/page-api.md). */
export function toApi(state: SearchState, window: Window): URLSearchParams {
  const query = new URLSearchParams();
  if (state.service) query.set('service', state.service);
  if (state.operation) query.set('operation', state.operation);
  for (const clause of state.clauses) {
    if (isErrorClause(clause)) query.set('errors', 'true');
    else query.append('tag', joinClause(clause));
  }
  if (state.minDuration) query.set('minDuration', state.minDuration);
  if (state.maxDuration) query.set('maxDuration', state.maxDuration);
  query.set('start', `${window.startMicros}000`);
  query.set('end', `${window.endMicros}000`);
  return query;
}

/** What one counts as requests: spans of servers and consumers. */
export const kRequests: Clause = { key: 'kind', op: '=~', value: 'server|consumer' };
/** And what as calls: those of clients and producers. */
export const kCalls: Clause = { key: 'kind', op: '=~', value: 'client|producer' };

/** Patterns have to match the whole value: each state with one that needs to match a part only. */
export function widened(state: SearchState): { clause: Clause; state: SearchState }[] {
  return state.clauses.flatMap((clause, i) => {
    const wide = widerPattern(clause);
    return wide ? [{ clause: wide, state: { ...state, clauses: state.clauses.map((other, at) => (at === i ? wide : other)) } }] : [];
  });
}

function widerPattern(clause: Clause): Clause | null {
  if (clause.op !== '=~') return null;
  const core = clause.value.replace(/^\^/, '').replace(/(^|[^\\])\$$/, '$1');
  const [head, tail] = [core.startsWith('.*') ? '' : '.*', core.endsWith('.*') ? '' : '.*'];
  if (!head && !tail) return null;
  const whole = /\|/.test(core) && !/^\(.*\)$/.test(core) ? `(${core})` : core;
  return { ...clause, value: head + whole + tail };
}

/**
 * The range that holds all of the data, where they fill only a small part of the window: the shortest
 * preset for a range up to now, else from the first bar to the last; null where there is nothing to gain.
 */
export function rangeOfData(range: Range, window: Window, bars: { start: readonly string[]; count: readonly number[]; bucketNanos: number | string }, nowMicros: number): Range | null {
  const kSmallPart = 0.25;
  const filled = bars.count.flatMap((n, i) => (n > 0 ? [i] : []));
  if (filled.length === 0) return null;
  const width = Number(bars.bucketNanos) / 1000;
  const first = nanosToMicros(bars.start[filled[0]!]!);
  const last = nanosToMicros(bars.start[filled[filled.length - 1]!]!) + width;
  const whole = window.endMicros - window.startMicros;
  if (range.kind === 'last') {
    // The first bar may begin a little before the data: a preset that just misses it would hide some.
    const seconds = (nowMicros - first) / 1e6;
    const preset = kPresets.find((p) => p.seconds >= seconds && p.seconds <= range.seconds * kSmallPart);
    if (preset) return { kind: 'last', seconds: preset.seconds };
  }
  return last - first <= whole * kSmallPart && width > 1 ? { kind: 'fixed', startMicros: Math.floor(first), endMicros: Math.ceil(last) } : null;
}

/** Wide enough for clocks that are wrong by decades; the server counts nanoseconds in 64 bits. */
export const kAllTime: Window = { startMicros: 1, endMicros: 9e15 };

/** The range to show something of that time in: the shortest preset that reaches it, else the hour around it. */
export function rangeAround(micros: number, nowMicros: number): Range {
  const age = (nowMicros - micros) / 1e6;
  const preset = kPresets.find((p) => age >= 0 && age < p.seconds);
  if (preset) return { kind: 'last', seconds: preset.seconds };
  const kHalfHour = 1800e6;
  return { kind: 'fixed', startMicros: Math.max(1, micros - kHalfHour), endMicros: micros + kHalfHour };
}

/** Every state with one thing less, and what that thing was: for "without … there would be …". */
export function relaxations(state: SearchState): { what: string; state: SearchState }[] {
  const kMost = 8; // each costs one question to the server
  const found: { what: string; state: SearchState }[] = [];
  if (state.operation) found.push({ what: `operation “${state.operation}”`, state: { ...state, operation: '' } });
  if (state.service) found.push({ what: `service “${state.service}”`, state: { ...state, service: '', operation: '' } });
  for (const clause of state.clauses) {
    found.push({
      what: joinClause(clause),
      state: { ...state, clauses: state.clauses.filter((other) => other !== clause) },
    });
  }
  if (state.minDuration) found.push({ what: `min ${state.minDuration}`, state: { ...state, minDuration: '' } });
  if (state.maxDuration) found.push({ what: `max ${state.maxDuration}`, state: { ...state, maxDuration: '' } });
  return found.slice(0, kMost);
}
