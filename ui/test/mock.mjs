// A server with made-up data that speaks docs/page-api.md, for tests and for work on the page:
// `node test/mock.mjs [--port 16680] [--scene full|empty|hostile] [--live]`.
// It serves ui/dist under the same strict Content-Security-Policy as the real server.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { hostileTrace, hugeTrace, linesWithoutSpans, makeTrace, missingParentTrace, random } from './data.mjs';
import { performance } from './mockPerformance.mjs';

const kDist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const kPolicy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const nowMicros = () => Date.now() * 1000;
const nanos = (micros) => `${Math.round(micros)}000`;

/** "1.5s" to microseconds. */
function duration(text) {
  const units = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 };
  let sum = 0;
  for (const [, n, unit] of text.matchAll(/([\d.]+)(us|ms|s|m|h)/g)) sum += Number(n) * units[unit];
  return sum;
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
    const list = [...found.keys()].sort((a, b) => (longest ? b.durationMicros - a.durationMicros : b.startMicros - a.startMicros));
    const hasFilter = ['service', 'operation', 'tag', 'minDuration', 'maxDuration', 'errors'].some((name) => query.get(name));
    const from = Number(query.get('cursor') ?? 0);
    const limit = Number(query.get('limit') ?? 20);
    const page = list.slice(from, from + limit).map((trace) => ({ ...summary(trace), ...(hasFilter ? { match: matchOf(found.get(trace)) } : {}) }));
    const more = from + limit < list.length;
    return { traces: page, ...(more ? { nextCursor: String(from + limit) } : {}), spansScanned: this.accepted, tookMicros: 1830 };
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

  /** All lines, newest first: those of traces, and what programs say beside them. */
  *logsOf(query) {
    const start = Number((query.get('start') ?? '0').slice(0, -3));
    const end = query.has('end') ? Number(query.get('end').slice(0, -3)) : nowMicros();
    const least = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 }[query.get('severity')] ?? 0;
    const text = (query.get('text') ?? '').toLowerCase();
    const tags = query.getAll('tag').map((t) => /^(.+?)(?:(!=|>=|<=|=~|=|>|<)(.*))?$/s.exec(t));
    for (const log of this.allLogs()) {
      const micros = Number(log.time.slice(0, -3));
      if (micros < start || micros >= end || log.severity < least) continue;
      if (query.get('service') && log.service !== query.get('service')) continue;
      if (!String(log.body).toLowerCase().includes(text)) continue;
      if (tags.every(([, key, op, value]) => matches({ attributes: log.attributes }, { resource: [] }, key, op, value))) yield { ...log, micros };
    }
  }

  allLogs() {
    const ofTraces = this.traces.flatMap((t) => (t.logs ?? []).map((log) => ({ ...log, traceId: t.traceId })));
    return [...ofTraces, ...this.lines].sort((a, b) => (a.time < b.time ? 1 : -1));
  }

  logs(query) {
    const found = [...this.logsOf(query)].map(({ micros: _, ...log }) => log);
    const from = Number(query.get('cursor') ?? 0);
    const limit = Number(query.get('limit') ?? 200);
    const more = from + limit < found.length;
    return { logs: found.slice(from, from + limit), truncated: more, nextCursor: more ? String(from + limit) : '', tookMicros: 1210 };
  }

  logHistogram(query) {
    const buckets = Number(query.get('buckets') ?? 60);
    const start = Number(query.get('start').slice(0, -3));
    const width = (Number(query.get('end').slice(0, -3)) - start) / buckets;
    const levels = ['none', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];
    const counts = Object.fromEntries(levels.map((level) => [level, new Array(buckets).fill(0)]));
    let total = 0;
    for (const log of this.logsOf(query)) {
      const level = log.severity > 0 ? levels[1 + Math.floor((log.severity - 1) / 4)] : 'none';
      counts[level][Math.min(buckets - 1, Math.floor((log.micros - start) / width))]++;
      total++;
    }
    return { bucketNanos: Math.round(width * 1000), total, start: Array.from({ length: buckets }, (_, i) => nanos(start + i * width)), ...counts, tookMicros: 930 };
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
    if (path === 'logs') return this.logs(query);
    if (path === 'logs/histogram') return this.logHistogram(query);
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

const kKinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
const kDetailKeys = ['db.statement', 'http.target', 'net.peer.name'];

function detailOf(span) {
  return String(kDetailKeys.map((key) => span.attributes.find((a) => a.key === key)?.value).find(Boolean) ?? '');
}

function matchOf({ spans, span }) {
  return { spans, spanId: span.spanId, service: span.service, name: span.name, durationMicros: span.durationMicros, detail: detailOf(span) };
}

function rowsWith(trace, wanted) {
  const texts = (span) => [...span.attributes, ...trace.resource, ...(span.events ?? []).flatMap((e) => e.attributes)].map((a) => String(a.value));
  const logs = (span) => (trace.logs ?? []).filter((log) => log.spanId === span.spanId).map((log) => String(log.body));
  return trace.spans.flatMap((span, i) => ([...texts(span), ...logs(span), span.statusMessage ?? ''].some((text) => text.toLowerCase().includes(wanted)) ? [i] : []));
}

function matches(span, trace, key, op, value) {
  const words = { name: span.name, kind: kKinds[span.kind] };
  const found = words[key] ? { value: words[key] } : (span.attributes.find((a) => a.key === key) ?? trace.resource.find((a) => a.key === key));
  if (!op) return !!found;
  if (op === '!=') return String(found?.value) !== value;
  if (!found) return false;
  const have = String(found.value);
  if (op === '=') return have === value;
  if (op === '=~') return new RegExp(`^(?:${value})$`).test(have);
  const [a, b] = [Number(have), Number(value)];
  return op === '>' ? a > b : op === '>=' ? a >= b : op === '<' ? a < b : a <= b;
}

function summary(trace) {
  const services = new Map();
  for (const s of trace.spans) {
    const entry = services.get(s.service) ?? { name: s.service, spans: 0, errors: 0 };
    entry.spans++;
    if (s.status === 2) entry.errors++;
    services.set(s.service, entry);
  }
  return {
    traceId: trace.traceId,
    ...(trace.spans[0].parent === -1
      ? { rootService: trace.spans[0].service, rootName: trace.spans[0].name }
      : { rootService: '', rootName: '', first: { service: trace.spans[0].service, name: trace.spans[0].name } }),
    start: nanos(trace.startMicros),
    durationMicros: trace.durationMicros,
    spans: trace.spans.length,
    errors: trace.spans.filter((s) => s.status === 2).length,
    services: [...services.values()],
  };
}

function columns(trace) {
  const services = [...new Set(trace.spans.map((s) => s.service))];
  const names = [...new Set(trace.spans.map((s) => s.name))];
  const serviceAt = new Map(services.map((name, i) => [name, i]));
  const nameAt = new Map(names.map((name, i) => [name, i]));
  const details = trace.spans.map((s) => (s.name.includes(detailOf(s)) ? '' : detailOf(s).slice(0, 200)));
  const known = [...new Set(details.filter(Boolean))];
  const logs = new Map();
  for (const log of trace.logs ?? []) logs.set(log.spanId, (logs.get(log.spanId) ?? 0) + 1);
  return {
    traceId: trace.traceId,
    start: nanos(trace.startMicros),
    durationMicros: trace.durationMicros,
    services,
    names,
    details: known,
    spanId: trace.spans.map((s) => s.spanId),
    parent: trace.spans.map((s) => s.parent),
    depth: trace.spans.map((s) => s.depth),
    service: trace.spans.map((s) => serviceAt.get(s.service)),
    name: trace.spans.map((s) => nameAt.get(s.name)),
    kind: trace.spans.map((s) => s.kind),
    status: trace.spans.map((s) => s.status),
    startMicros: trace.spans.map((s) => s.startMicros),
    durationsMicros: trace.spans.map((s) => s.durationMicros),
    detail: details.map((text) => known.indexOf(text)),
    logs: trace.spans.map((s) => logs.get(s.spanId) ?? 0),
  };
}

function details(span, trace) {
  return {
    attributes: span.attributes,
    resource: [{ key: 'service.name', type: 'string', value: span.service }, ...trace.resource],
    scope: { name: 'kolben.agent', version: '0.1.0', attributes: [] },
    events: span.events ?? [],
    links: span.links ?? [],
    statusMessage: span.statusMessage ?? '',
    traceState: '',
    flags: 1,
    droppedAttributes: span.dropped ?? 0,
    droppedEvents: 0,
    droppedLinks: 0,
  };
}

async function file(path) {
  const known = path.startsWith('/assets/') ? normalize(path).slice(1) : 'index.html';
  const body = await readFile(join(kDist, known));
  // As the real server does: the page's links climb up from where it is asked for.
  const depth = path.split('/').length - 2;
  const placed = known === 'index.html' ? Buffer.from(body.toString().replaceAll('="./', `="${'../'.repeat(depth) || './'}`)) : body;
  return { body: placed, type: kTypes[extname(known)] };
}

/** Listens on `port` (0: any), below `base`; resolves with the server, its address and the data. */
export async function startMock({ port = 0, scene = 'full', base = '' } = {}) {
  const mock = new Mock(scene);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const send = (status, type, body) => {
      const small = body.length < 2e6; // packing more would be most of what a timing shows
      const packed = small && /gzip/.test(request.headers['accept-encoding'] ?? '') && body.length > 1000 ? gzipSync(body, { level: 1 }) : body;
      response.writeHead(status, {
        'content-type': type,
        'content-security-policy': kPolicy,
        'x-content-type-options': 'nosniff',
        'cache-control': url.pathname.startsWith(`${base}/assets/`) ? 'public, max-age=31536000, immutable' : 'no-cache',
        ...(packed === body ? {} : { 'content-encoding': 'gzip' }),
      });
      response.end(packed);
    };
    if (!url.pathname.startsWith(`${base}/`)) return send(404, 'text/plain', Buffer.from('not below the base'));
    const local = url.pathname.slice(base.length);
    try {
      if (local.startsWith('/api/kolben/')) {
        const path = local.slice('/api/kolben/'.length);
        mock.onCall?.(path);
        const answer = mock.api(path, url.searchParams);
        const missing = { error: { code: 'NOT_FOUND', message: `there is no ${path}` } };
        const body = answer?.text ?? JSON.stringify(answer ?? missing);
        send(answer?.httpStatus ?? (answer ? 200 : 404), 'application/json', Buffer.from(body));
      } else {
        const { body, type } = await file(local);
        send(200, type, body);
      }
    } catch (cause) {
      send(cause.code === 'ENOENT' ? 404 : 500, 'text/plain', Buffer.from(String(cause)));
    }
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  return { server, mock, url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((done) => server.close(done)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const { url, mock } = await startMock({ port: Number(option('--port', 16680)), scene: option('--scene', 'full') });
  if (process.argv.includes('--live')) setInterval(() => mock.add(Date.now() * 1000 - 50e3), 1500);
  console.log(url);
}
