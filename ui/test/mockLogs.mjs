// The made-up server's answers about log lines (docs/page-api.md).

import { matches, nanos } from './mockTraces.mjs';

const kLeast = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
const kLevels = ['none', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** All lines, newest first: those of traces, and what programs say beside them. */
export function allLogs(mock) {
  const ofTraces = mock.traces.flatMap((t) => (t.logs ?? []).map((log) => ({ ...log, traceId: t.traceId })));
  const later = (a, b) => (BigInt(a.time) < BigInt(b.time) ? 1 : BigInt(a.time) > BigInt(b.time) ? -1 : 0);
  return [...ofTraces, ...mock.lines].sort(later);
}

function found(mock, query) {
  const start = BigInt(query.get('start') ?? 0);
  const end = BigInt(query.get('end') ?? nanos(Date.now() * 1000));
  const least = kLeast[query.get('severity')] ?? 0;
  const text = (query.get('text') ?? '').toLowerCase();
  const tags = query.getAll('tag').map((t) => /^(.+?)(?:(!=|>=|<=|=~|=|>|<)(.*))?$/s.exec(t));
  return allLogs(mock).filter((log) => {
    if (BigInt(log.time) < start || BigInt(log.time) >= end || log.severity < least) return false;
    if (query.get('service') && log.service !== query.get('service')) return false;
    if (!String(log.body).toLowerCase().includes(text)) return false;
    return tags.every(([, key, op, value]) => matches({ attributes: log.attributes }, { resource: [] }, key, op, value));
  });
}

/** As the real one, a page goes on from the time of the last line, and counts those of that time. */
export function logs(mock, query) {
  const [, time, shown] = /^(\d+)-(\d+)$/.exec(query.get('cursor') ?? '') ?? [];
  const from = new URLSearchParams(query);
  if (time) from.set('end', String(BigInt(time) + 1n));
  const rest = found(mock, from).slice(Number(shown ?? 0));
  const limit = Number(query.get('limit') ?? 200);
  const page = rest.slice(0, limit);
  const more = rest.length > limit;
  const last = page[page.length - 1]?.time;
  const ties = page.filter((log) => log.time === last).length + (last === time ? Number(shown) : 0);
  return { logs: page, truncated: more, nextCursor: more ? `${last}-${ties}` : '', tookMicros: 1210 };
}

export function logHistogram(mock, query) {
  const buckets = Number(query.get('buckets') ?? 60);
  const start = Number(query.get('start').slice(0, -3));
  const width = (Number(query.get('end').slice(0, -3)) - start) / buckets;
  const counts = Object.fromEntries(kLevels.map((level) => [level, new Array(buckets).fill(0)]));
  const all = found(mock, query);
  for (const log of all) {
    const level = log.severity > 0 ? kLevels[1 + Math.floor((log.severity - 1) / 4)] : 'none';
    counts[level][Math.min(buckets - 1, Math.floor((Number(log.time.slice(0, -3)) - start) / width))]++;
  }
  return { bucketNanos: Math.round(width * 1000), total: all.length, start: Array.from({ length: buckets }, (_, i) => nanos(start + i * width)), ...counts, tookMicros: 930 };
}
