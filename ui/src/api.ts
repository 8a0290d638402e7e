// The page's calls (docs/page-api.md), typed. Every call can be cancelled; an error is an ApiError
// whose message a person can read.

import { base } from './app/links.ts';
import { takePrefetched } from './app/prefetch.ts';
import { parseRetryAfter } from './lib/failure.ts';

export interface ReceiverCount {
  receiver: string;
  transport: string;
  signal: string;
  accepted: number;
  refused: number;
}

export interface Rejection {
  listener: string;
  reason: string;
  count: number;
}

export interface Port {
  name: string;
  host: string;
  port: number;
}

export interface Status {
  version: string;
  now: string;
  store: { spans: number; logRecords: number; metricPoints: number; diskBytes: number; walBytes?: number };
  receivers: ReceiverCount[];
  rejected: Rejection[];
  ports: Port[];
}

/** The span for which a trace was found: the longest of those that match. */
export interface TraceMatch {
  spans: number;
  spanId: string;
  service: string;
  name: string;
  durationMicros: number;
  detail: string;
}

export interface TraceSummary {
  traceId: string;
  rootService: string;
  rootName: string;
  /** The earliest span, where the root is missing. */
  first?: { service: string; name: string };
  start: string;
  durationMicros: number;
  spans: number;
  errors: number;
  services: { name: string; spans: number; errors: number }[];
  match?: TraceMatch;
}

export type Order = 'newest' | 'longest';

export interface SearchAnswer {
  traces: TraceSummary[];
  nextCursor?: string;
  spansScanned: number;
  tookMicros: number;
}

export interface Histogram {
  bucketNanos: number | string;
  total: number;
  start: string[];
  count: number[];
  errors: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
  tookMicros: number;
}

export interface PerformanceRow {
  service: string;
  /** Of an operation. */
  name?: string;
  /** Of a statement: its text, the attribute that it stands in, and the database's system. */
  statement?: string;
  key?: string;
  system?: string;
  count: number;
  rate: number;
  errors: number;
  errorShare: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  timeMicros: number;
  series: { count: number[]; p95: (number | null)[] } | null;
  before: { count: number; rate: number; errors: number; p95: number | null };
}

export interface Performance {
  start: string;
  end: string;
  seconds: number;
  bucketNanos: number;
  rows: PerformanceRow[];
  others: { rows: number; count: number; errors: number; timeMicros: number };
  total: { count: number; rate: number; errors: number; timeMicros: number };
  before: { start: string; end: string; seconds: number; count: number; rate: number };
  spansScanned: number;
  tookMicros: number;
}

export interface Trace {
  traceId: string;
  start: string;
  durationMicros: number;
  services: string[];
  names: string[];
  details: string[];
  spanId: string[];
  parent: number[];
  depth: number[];
  service: number[];
  name: number[];
  kind: number[];
  status: number[];
  startMicros: number[];
  durationsMicros: number[];
  /** Into details; -1: none. */
  detail: number[];
  logs: number[];
}

export interface Attribute {
  key: string;
  type: string;
  value: unknown;
}

export interface SpanDetails {
  attributes: Attribute[];
  resource: Attribute[];
  scope: { name: string; version: string; attributes?: Attribute[] };
  events: { timeMicros: number; name: string; attributes: Attribute[] }[];
  links: { traceId: string; spanId: string; attributes: Attribute[] }[];
  statusMessage: string;
  traceState: string;
  flags: number;
  droppedAttributes: number;
  droppedEvents: number;
  droppedLinks: number;
}

export interface LogRecord {
  time: string;
  /** Where lines of several traces, and of none, stand together; empty: of none. */
  traceId?: string;
  spanId: string;
  service: string;
  severity: number;
  severityText: string;
  body: unknown;
  attributes: Attribute[];
}

export interface LogsAnswer {
  logs: LogRecord[];
  truncated: boolean;
  nextCursor: string;
  tookMicros: number;
}

/** Counts by level. */
export interface LogHistogram {
  bucketNanos: number;
  total: number;
  start: string[];
  none: number[];
  trace: number[];
  debug: number[];
  info: number[];
  warn: number[];
  error: number[];
  fatal: number[];
  tookMicros: number;
}

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** For how long the server asks to be left alone; 0: it does not say. */
  readonly retryAfterMillis: number;

  constructor(status: number, code: string, message: string, retryAfterMillis = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMillis = retryAfterMillis;
  }
}

const kCalls = `${base}/api/kolben`;

async function errorOf(response: Response, body: Promise<unknown>): Promise<ApiError> {
  const rest = parseRetryAfter(response.headers.get('retry-after'));
  try {
    const { error } = (await body) as { error: { code: string; message: string } };
    return new ApiError(response.status, error.code, error.message, rest);
  } catch {
    return new ApiError(response.status, 'UNKNOWN', `the server answered ${response.status} ${response.statusText}`, rest);
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const url = kCalls + path;
  const early = takePrefetched(url);
  let response: Response;
  try {
    response = await (early?.response ?? fetch(url, signal ? { signal } : {}));
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new ApiError(0, 'UNREACHABLE', `Kolben does not answer at ${location.host}${base}. Is it still running?`);
  }
  const body = early?.body ?? (response.json() as Promise<unknown>);
  if (!response.ok) throw await errorOf(response, body);
  try {
    return (await body) as T;
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new ApiError(0, 'UNREACHABLE', 'the answer broke off');
  }
}

export function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === 'AbortError';
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function query(parameters: Record<string, string>): string {
  return new URLSearchParams(parameters).toString();
}

export const api = {
  status: (signal?: AbortSignal) => get<Status>('/status', signal),
  services: (signal?: AbortSignal) => get<{ services: string[] }>('/services', signal).then((a) => a.services),
  operations: (service: string, signal?: AbortSignal) =>
    get<{ operations: { name: string; kind: string }[] }>(`/operations?${query({ service })}`, signal).then((a) => a.operations),
  keys: (prefix: string, signal?: AbortSignal) =>
    get<{ keys: { key: string; count: number }[] }>(`/keys?${query({ prefix })}`, signal).then((a) => a.keys),
  values: (key: string, prefix: string, signal?: AbortSignal) =>
    get<{ values: string[] }>(`/values?${query({ key, prefix })}`, signal).then((a) => a.values),
  search: (filter: URLSearchParams, limit: number, order: Order, cursor: string, signal?: AbortSignal) => {
    const all = new URLSearchParams(filter);
    all.set('limit', String(limit));
    all.set('order', order);
    if (cursor) all.set('cursor', cursor);
    return get<SearchAnswer>(`/search?${all}`, signal);
  },
  histogram: (filter: URLSearchParams, buckets: number, signal?: AbortSignal) => {
    const all = new URLSearchParams(filter);
    all.set('buckets', String(buckets));
    return get<Histogram>(`/histogram?${all}`, signal);
  },
  performance: (filter: URLSearchParams, signal?: AbortSignal) => get<Performance>(`/performance?${filter}`, signal),
  allLogs: (filter: URLSearchParams, limit: number, cursor: string, signal?: AbortSignal) => {
    const all = new URLSearchParams(filter);
    all.set('limit', String(limit));
    if (cursor) all.set('cursor', cursor);
    return get<LogsAnswer>(`/logs?${all}`, signal);
  },
  logHistogram: (filter: URLSearchParams, buckets: number, signal?: AbortSignal) => {
    const all = new URLSearchParams(filter);
    all.set('buckets', String(buckets));
    return get<LogHistogram>(`/logs/histogram?${all}`, signal);
  },
  logServices: (signal?: AbortSignal) => get<{ services: string[] }>('/logs/services', signal).then((a) => a.services),
  logKeys: (prefix: string, signal?: AbortSignal) =>
    get<{ keys: { key: string; count: number }[] }>(`/logs/keys?${query({ prefix })}`, signal).then((a) => a.keys),
  trace: (id: string, signal?: AbortSignal) => get<Trace>(`/trace/${id}`, signal),
  span: (trace: string, span: string, nth: number, signal?: AbortSignal) =>
    get<SpanDetails>(`/trace/${trace}/span/${span}${nth > 1 ? `?nth=${nth}` : ''}`, signal),
  find: (trace: string, text: string, signal?: AbortSignal) => get<{ rows: number[]; spans: number }>(`/trace/${trace}/find?${query({ text })}`, signal),
  logs: (trace: string, signal?: AbortSignal) => get<{ logs: LogRecord[]; truncated: boolean }>(`/trace/${trace}/logs`, signal),
};
