// The made-up server's answers about traces and their spans (docs/page-api.md).

export const nanos = (micros) => `${Math.round(micros)}000`;

const kKinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];
const kDetailKeys = ['db.statement', 'http.target', 'net.peer.name'];

function detailOf(span) {
  return String(kDetailKeys.map((key) => span.attributes.find((a) => a.key === key)?.value).find(Boolean) ?? '');
}

export function matchOf({ spans, span }) {
  return { spans, spanId: span.spanId, service: span.service, name: span.name, durationMicros: span.durationMicros, detail: detailOf(span) };
}

export function rowsWith(trace, wanted) {
  const texts = (span) => [...span.attributes, ...trace.resource, ...(span.events ?? []).flatMap((e) => e.attributes)].map((a) => String(a.value));
  const logs = (span) => (trace.logs ?? []).filter((log) => log.spanId === span.spanId).map((log) => String(log.body));
  return trace.spans.flatMap((span, i) => ([...texts(span), ...logs(span), span.statusMessage ?? ''].some((text) => text.toLowerCase().includes(wanted)) ? [i] : []));
}

export function matches(span, trace, key, op, value) {
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

export function summary(trace) {
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

export function columns(trace) {
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

export function details(span, trace) {
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
