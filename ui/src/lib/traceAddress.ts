// What of a trace's view stands in its address, so that a link shows the same: the span, the tab, what
// is looked for, the part of the time that is zoomed to. Pure.

export interface TraceAddress {
  span: string | null;
  logs: boolean;
  find: string;
  /** Microseconds from the trace's start; null: all of it. */
  zoom: { from: number; to: number } | null;
}

function parseZoom(text: string): TraceAddress['zoom'] {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)-(\d{1,15}(?:\.\d{1,3})?)$/.exec(text);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? { from, to } : null;
}

/** Understands Jaeger's as well: span=SPAN@TRACE, several with blanks between; uiFind. */
export function parseTraceAddress(search: string): TraceAddress {
  const query = new URLSearchParams(search);
  const find = query.get('uiFind') ?? query.get('find') ?? '';
  return {
    span: /^[0-9a-f]{1,16}/i.exec(query.get('span') ?? query.get('uiFind') ?? '')?.[0].toLowerCase() ?? null,
    logs: query.get('tab') === 'logs',
    find,
    zoom: parseZoom(query.get('zoom') ?? ''),
  };
}

/** As parameters; null where one is not needed. */
export function traceParameters(address: TraceAddress): Record<string, string | null> {
  const digits = (micros: number): string => String(Number(micros.toFixed(3)));
  return {
    span: address.span,
    tab: address.logs ? 'logs' : null,
    find: address.find || null,
    uiFind: null, // ours from now on
    zoom: address.zoom ? `${digits(address.zoom.from)}-${digits(address.zoom.to)}` : null,
  };
}
