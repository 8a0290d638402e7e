// The made-up server's data and its answers (docs/page-api.md). Tests replace `api` where they want another.

import { hostileTrace, hugeTrace, linesWithoutSpans, makeTrace, missingParentTrace, random } from './data.mjs';
import { allLogs, logHistogram, logs } from './mockLogs.mjs';
import { performance } from './mockPerformance.mjs';
import { columns, details, matches, matchOf, nanos, rowsWith, summary } from './mockTraces.mjs';

const nowMicros = () => Date.now() * 1000;

/** "1.5s" to microseconds. */
function duration(text) {
  const units = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 };
  let sum = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)(us|ms|s|m|h)/g)) sum += Number(n) * units[unit];
  return sum;
}

/** As the real one, a page goes on from the last item of the one before: by its value, then by its id. */
function pageOf(list, valueOf, query) {
  const before = (a, b) => valueOf(b) - valueOf(a) || (a.traceId < b.traceId ? -1 : 1);
  const [, value, traceId] = /^([\d.]+)-(.*)$/.exec(query.get('cursor') ?? '') ?? [];
  const limit = Number(query.get('limit') ?? 20);
  const rest = list.sort(before).filter((t) => traceId === undefined || valueOf(t) < Number(value) || (valueOf(t) === Number(value) && t.traceId > traceId));
  const items = rest.slice(0, limit);
  const last = items[items.length - 1];
  return { items, nextCursor: rest.length > limit ? `${valueOf(last)}-${last.traceId}` : '' };
}

export class Mock {
  constructor(scene = 'full') {
    this.traces = [];
    this.random = random(7);
    this.accepted = 0;
    this.lines = scene === 'full' ? linesWithoutSpans(this.random, nowMicros()) : [];
    if (scene === 'full' || scene === 'hostile') this.fill(scene);
    this.extra = new Map([['huge', hugeTrace(100000)]].map(([, t]) => [t.traceId, t]));
  }

  fill(scene) {
    const now = nowMicros();
    for (let i = 0; i < 420; i++) this.add(now - 3.5e9 * this.random() ** 1.3 - 2e6);
    this.add(now - 40e6, missingParentTrace);
    if (scene === 'hostile') for (let i = 0; i < 12; i++) this.add(now - (5 + i * 30) * 1e6, hostileTrace);
    this.traces.sort((a, b) => b.startMicros - a.startMicros);
  }

  add(startMicros, make = makeTrace) {
    const trace = make(this.random, startMicros);
    this.traces.unshift(trace);
    this.accepted += trace.spans.length;
    return trace;
  }

  find(id) {
    return this.traces.find((t) => t.traceId === id) ?? this.extra.get(id);
  }

  *spansOf(query) {
    const start = Number((query.get('start') ?? '0').slice(0, -3));
    const end = query.has('end') ? Number(query.get('end').slice(0, -3)) : nowMicros();
    const least = duration(query.get('minDuration') ?? '');
    const most = query.has('maxDuration') ? duration(query.get('maxDuration')) : Infinity;
    const tags = query.getAll('tag').map((t) => /^(.+?)(?:(!=|>=|<=|=~|=|>|<)(.*))?$/s.exec(t));
    for (const trace of this.traces) {
      for (const span of trace.spans) {
        const micros = trace.startMicros + span.startMicros;
        if (micros < start || micros >= end || span.durationMicros < least || span.durationMicros > most) continue;
        if (query.get('service') && span.service !== query.get('service')) continue;
        if (query.get('operation') && span.name !== query.get('operation')) continue;
        if (query.get('errors') && span.status !== 2) continue;
        if (tags.every(([, key, op, value]) => matches(span, trace, key, op, value))) yield { trace, span, micros };
      }
    }
  }

  search(query) {
    const found = new Map();
    for (const { trace, span } of this.spansOf(query)) {
      const match = found.get(trace);
      found.set(trace, { spans: (match?.spans ?? 0) + 1, span: match && match.span.durationMicros >= span.durationMicros ? match.span : span });
    }
    const longest = query.get('order') === 'longest';
    const hasFilter = ['service', 'operation', 'tag', 'minDuration', 'maxDuration', 'errors'].some((name) => query.get(name));
    const { items, nextCursor } = pageOf([...found.keys()], longest ? (t) => t.durationMicros : (t) => t.startMicros, query);
    const page = items.map((trace) => ({ ...summary(trace), ...(hasFilter ? { match: matchOf(found.get(trace)) } : {}) }));
    return { traces: page, nextCursor, spansScanned: this.accepted, tookMicros: 1830 };
  }

  histogram(query) {
    const buckets = Number(query.get('buckets') ?? 60);
    const start = Number(query.get('start').slice(0, -3));
    const end = Number(query.get('end').slice(0, -3));
    const width = (end - start) / buckets;
    const cells = Array.from({ length: buckets }, () => ({ all: [], errors: 0 }));
    let total = 0;
    for (const { span, micros } of this.spansOf(query)) {
      const cell = cells[Math.min(buckets - 1, Math.floor((micros - start) / width))];
      cell.all.push(span.durationMicros);
      if (span.status === 2) cell.errors++;
      total++;
    }
    const at = (share) =>
      cells.map(({ all }) => {
        if (all.length === 0) return 0;
        all.sort((a, b) => a - b);
        return all[Math.min(all.length - 1, Math.floor(all.length * share))];
      });
    return {
      bucketNanos: Math.round(width * 1000),
      total,
      start: cells.map((_, i) => nanos(start + i * width)),
      count: cells.map((c) => c.all.length),
      errors: cells.map((c) => c.errors),
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      tookMicros: 940,
    };
  }

  allLogs() {
    return allLogs(this);
  }

  status() {
    const spans = this.traces.reduce((sum, t) => sum + t.spans.length, 0);
    const count = (receiver, transport, signal, accepted, refused = 0) => ({ receiver, transport, signal, accepted, refused });
    return {
      version: '0.1.0',
      now: nanos(nowMicros()),
      store: { spans, logRecords: this.logRecords ?? this.allLogs().length, metricPoints: spans * 3, diskBytes: spans * 412 + 2 ** 26, walBytes: 2 ** 26 },
      receivers: [
        count('otlp', 'grpc', 'spans', this.accepted),
        count('otlp', 'grpc', 'log_records', Math.round(this.accepted * 0.7)),
        count('otlp', 'http', 'spans', 0),
        count('zipkin', 'http', 'spans', 0),
      ],
      rejected: this.rejected ?? [],
      ports: [
        { name: 'otlp/grpc', host: '127.0.0.1', port: 4317 },
        { name: 'otlp/http', host: '127.0.0.1', port: 4318 },
        { name: 'zipkin', host: '127.0.0.1', port: 9411 },
        { name: 'query', host: '127.0.0.1', port: 16686 },
      ],
    };
  }

  api(path, query) {
    if (path === 'status') return this.status();
    if (path === 'services') return { services: [...new Set(this.traces.flatMap((t) => t.spans.map((s) => s.service)))].sort() };
    if (path === 'operations') {
      const all = new Map();
      for (const t of this.traces) for (const s of t.spans) if (!query.get('service') || s.service === query.get('service')) all.set(s.name, s.kind);
      return { operations: [...all].map(([name, kind]) => ({ name, kind: ['', 'internal', 'server', 'client', 'producer', 'consumer'][kind] })) };
    }
    if (path === 'keys') {
      const counts = new Map();
      for (const t of this.traces) for (const s of t.spans) for (const a of s.attributes) counts.set(a.key, (counts.get(a.key) ?? 0) + 1);
      const prefix = query.get('prefix') ?? '';
      return { keys: [...counts].filter(([key]) => key.startsWith(prefix)).sort((a, b) => b[1] - a[1]).map(([key, count]) => ({ key, count })) };
    }
    if (path === 'values') {
      const values = new Set();
      for (const t of this.traces) for (const s of t.spans) for (const a of s.attributes) if (a.key === query.get('key')) values.add(String(a.value));
      return { values: [...values].filter((v) => v.startsWith(query.get('prefix') ?? '')).slice(0, 100) };
    }
    const wrong = query.getAll('tag').find((tag) => /^[^=<>~]+[<>]=?(?![\d.=])|^[^=<>~]+[<>]=?[\d.]+[^\d.]/.test(tag));
    if (wrong && ['search', 'histogram', 'performance', 'logs', 'logs/histogram'].includes(path)) {
      return { httpStatus: 400, error: { code: 'INVALID_ARGUMENT', message: `tag "${wrong}": want a number` } };
    }
    if (path === 'search') return this.search(query);
    if (path === 'histogram') return this.histogram(query);
    if (path === 'performance') return performance(this, query);
    if (path === 'logs') return logs(this, query);
    if (path === 'logs/histogram') return logHistogram(this, query);
    if (path === 'logs/services') return { services: [...new Set(this.allLogs().map((log) => log.service))].sort() };
    if (path === 'logs/keys') {
      const keys = [...new Set(this.allLogs().flatMap((log) => log.attributes.map((a) => a.key)))].filter((key) => key.startsWith(query.get('prefix') ?? ''));
      return { keys: keys.sort().map((key) => ({ key, count: 7 })) };
    }
    const [, id, rest] = /^trace\/([0-9a-f]+)(?:\/(.*))?$/.exec(path) ?? [];
    const trace = id && this.find(id);
    if (!trace) return null;
    if (!rest) return (trace.columns ??= columns(trace));
    if (rest === 'find') return { rows: rowsWith(trace, query.get('text').toLowerCase()), spans: trace.spans.length };
    if (rest === 'logs') return { logs: trace.logs ?? [], truncated: false };
    const span = trace.spans.filter((s) => `span/${s.spanId}` === rest)[Number(query.get('nth') ?? 1) - 1];
    return span ? details(span, trace) : null;
  }
}
