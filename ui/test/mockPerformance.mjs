// The made-up server's answer to /performance (docs/page-api.md).

const kKinds = { requests: [2, 5], client: [3, 4], internal: [1], all: [0, 1, 2, 3, 4, 5] };
const kStatementKeys = [
  ['db.query.text', 'db.system.name'],
  ['db.statement', 'db.system'],
];

const nanos = (micros) => `${Math.round(micros)}000`;
const attribute = (span, key) => span.attributes.find((a) => a.key === key)?.value;

function namesOf(span, byStatement) {
  if (!byStatement) return { service: span.service, name: span.name };
  const [key, system] = kStatementKeys.find(([k]) => attribute(span, k) !== undefined) ?? [];
  return key && { service: span.service, statement: attribute(span, key), key, system: attribute(span, system) ?? '' };
}

const quantile = (sorted, share) => (sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]);
const durations = (found) => found.map((f) => f.span.durationMicros).sort((a, b) => a - b);
const errors = (found) => found.filter((f) => f.span.status === 2).length;
const time = (found) => found.reduce((sum, f) => sum + f.span.durationMicros, 0);
const sum = (rows, key) => rows.reduce((all, row) => all + row[key], 0);

function grouped(mock, query, start, end, kinds, byStatement) {
  const within = new URLSearchParams(query);
  within.set('start', nanos(start));
  within.set('end', nanos(end));
  const groups = new Map();
  for (const found of mock.spansOf(within)) {
    const names = kinds.includes(found.span.kind) && namesOf(found.span, byStatement);
    if (!names) continue;
    const key = JSON.stringify(names);
    if (!groups.has(key)) groups.set(key, { names, found: [] });
    groups.get(key).found.push(found);
  }
  return groups;
}

function series(found, start, width, buckets) {
  const cells = Array.from({ length: buckets }, () => []);
  for (const f of found) cells[Math.min(buckets - 1, Math.floor((f.micros - start) / width))].push(f);
  return { count: cells.map((c) => c.length), p95: cells.map((c) => quantile(durations(c), 0.95)) };
}

const kSorts = {
  time: (r) => r.timeMicros,
  slower: (r) => (r.before.p95 === null ? -Infinity : r.p95 - r.before.p95),
};

export function performance(mock, query) {
  const byStatement = query.get('by') === 'statement';
  const kinds = kKinds[query.get('kind') ?? (byStatement ? 'client' : 'requests')];
  const buckets = Number(query.get('buckets') ?? 40);
  const [start, end] = ['start', 'end'].map((name) => Number(query.get(name).slice(0, -3)));
  const oldest = Math.min(...mock.traces.map((t) => t.startMicros));
  const seconds = (from, to) => Math.max(0, Math.min(to, Date.now() * 1000) - Math.max(from, oldest)) / 1e6;
  const [now, before] = [seconds(start, end), seconds(2 * start - end, start)];
  const rate = (count, over) => (over > 0 ? count / over : 0);
  const then = grouped(mock, query, 2 * start - end, start, kinds, byStatement);
  const rows = [...grouped(mock, query, start, end, kinds, byStatement)].map(([key, { names, found }]) => {
    const sorted = durations(found);
    const was = then.get(key)?.found ?? [];
    return {
      ...names,
      count: found.length,
      rate: rate(found.length, now),
      errors: errors(found),
      errorShare: errors(found) / found.length,
      ...Object.fromEntries([50, 95, 99].map((p) => [`p${p}`, quantile(sorted, p / 100)])),
      timeMicros: time(found),
      series: series(found, start, (end - start) / buckets, buckets),
      before: { count: was.length, rate: rate(was.length, before), errors: errors(was), p95: quantile(durations(was), 0.95) },
    };
  });
  const sort = query.get('sort') ?? 'time';
  const value = kSorts[sort] ?? ((r) => r[sort]);
  rows.sort((a, b) => (sort === 'name' ? (a.service + a.name < b.service + b.name ? -1 : 1) : value(b) - value(a)));
  const shown = rows.slice(0, Number(query.get('limit') ?? 100));
  const others = rows.slice(shown.length);
  const sums = (list) => ({ count: sum(list, 'count'), errors: sum(list, 'errors'), timeMicros: sum(list, 'timeMicros') });
  const beforeCount = [...then.values()].reduce((all, g) => all + g.found.length, 0);
  return {
    start: nanos(start),
    end: nanos(end),
    seconds: now,
    bucketNanos: Math.round(((end - start) / buckets) * 1000),
    rows: shown,
    others: { rows: others.length, ...sums(others) },
    total: { rate: rate(sum(rows, 'count'), now), ...sums(rows) },
    before: { start: nanos(2 * start - end), end: nanos(start), seconds: before, count: beforeCount, rate: rate(beforeCount, before) },
    spansScanned: mock.accepted,
    tookMicros: 2100,
  };
}
