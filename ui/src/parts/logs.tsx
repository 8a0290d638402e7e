// Log records as lines: time, severity as colour and word, service, text; attributes on demand.

import { useState } from 'preact/hooks';
import type { Attribute, LogRecord } from '../api.ts';
import { formatClock, formatDateTime, formatCount, formatMicros, nanosToMicros } from '../lib/format.ts';
import { Attributes, valueText } from './attributes.tsx';
import { Dot } from './small.tsx';

const kSeverities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const kStep = 500; // lines shown at once; each is DOM

/** OTLP's severity number, 1-24 in groups of four; 0 is none. */
export function severityOf(number: number): (typeof kSeverities)[number] | 'none' {
  return kSeverities[Math.floor((number - 1) / 4)] ?? 'none';
}

function attributeOf(log: LogRecord, key: string): string {
  const found = log.attributes.find((attribute) => attribute.key === key);
  return found ? valueText(found.value) : '';
}

/** "ValueError: no such task", where the body does not say so already. */
export function exceptionOf(log: LogRecord): string {
  const type = attributeOf(log, 'exception.type');
  const message = attributeOf(log, 'exception.message');
  const body = valueText(log.body);
  const said = [type, message].filter((part) => part !== '' && !body.includes(part));
  if (said.length === 0) return '';
  return [type, message].filter(Boolean).join(': ');
}

interface Ways {
  /** Where times count from; without it they are the clock's. */
  startMicros?: number | undefined;
  onSpan?: ((spanId: string) => void) | undefined;
  /** The address of the line's place in its trace. */
  traceOf?: ((log: LogRecord) => string | null) | undefined;
  searchFor?: ((attribute: Attribute) => string | null) | undefined;
}

function cut(text: string): string {
  const kMost = 4000;
  return text.length > kMost ? `${text.slice(0, kMost)} …` : text;
}

function Line({ log, color, startMicros, onSpan, traceOf, searchFor }: { log: LogRecord; color: number | null } & Ways) {
  const [open, setOpen] = useState(false);
  const micros = nanosToMicros(log.time);
  const severity = severityOf(log.severity);
  const word = log.severityText || (severity === 'none' ? '' : severity.toUpperCase());
  const exception = exceptionOf(log);
  const trace = traceOf?.(log) ?? null;
  return (
    <li class={`log ${severity}`}>
      <div class="log-line">
        <time title={formatDateTime(micros)}>{startMicros === undefined ? formatClock(micros) : `+${formatMicros(micros - startMicros)}`}</time>
        <span class="severity">{word || '–'}</span>
        {color !== null && (
          <span class="log-service" title={log.service}>
            <Dot color={color} />
            <span>{log.service}</span>
          </span>
        )}
        <span class="log-body">
          {cut(valueText(log.body))}
          {exception && <span class="log-exception">{cut(exception)}</span>}
        </span>
        <span class="log-tools">
          {onSpan && log.spanId && (
            <button type="button" class="plain" onClick={() => onSpan(log.spanId)}>
              span
            </button>
          )}
          {trace && (
            <a class="plain" href={trace}>
              trace
            </a>
          )}
          {log.attributes.length > 0 && (
            <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'less' : `+${log.attributes.length}`}
              <span class="sr-only"> attributes</span>
            </button>
          )}
        </span>
      </div>
      {open && <Attributes list={log.attributes} {...(searchFor ? { search: searchFor } : {})} />}
    </li>
  );
}

/** A name for each line that stays when others come before it; the n-th from the end of those alike. */
export function lineKeys(logs: readonly LogRecord[]): string[] {
  const seen = new Map<string, number>();
  const keys = new Array<string>(logs.length);
  for (let i = logs.length - 1; i >= 0; i--) {
    const log = logs[i]!;
    const name = `${log.time}/${log.spanId}/${log.service}`;
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    keys[i] = `${name}/${nth}`;
  }
  return keys;
}

export function LogLines(props: { logs: LogRecord[]; colorOf?: (service: string) => number } & Ways) {
  const [most, setMost] = useState(kStep);
  const { logs, colorOf, ...ways } = props;
  const shown = logs.slice(0, most);
  const keys = lineKeys(shown);
  return (
    <>
      <ul class="logs">
        {shown.map((log, i) => (
          <Line key={keys[i]} log={log} color={colorOf ? colorOf(log.service) : null} {...ways} />
        ))}
      </ul>
      {logs.length > most && (
        <button type="button" class="button more" onClick={() => setMost(most + kStep)}>
          Show {formatCount(Math.min(kStep, logs.length - most))} more of {formatCount(logs.length)}
        </button>
      )}
    </>
  );
}
