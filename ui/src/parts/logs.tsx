// Log records as lines: time, severity as colour and word, service, text; attributes on demand.

import { useState } from 'preact/hooks';
import type { LogRecord } from '../api.ts';
import { formatDateTime, formatCount, formatMicros, nanosToMicros } from '../lib/format.ts';
import { Attributes, valueText } from './attributes.tsx';
import { Dot } from './small.tsx';

const kSeverities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const kStep = 500; // lines shown at once; each is DOM

/** OTLP's severity number, 1-24 in groups of four; 0 is none. */
export function severityOf(number: number): (typeof kSeverities)[number] | 'none' {
  return kSeverities[Math.floor((number - 1) / 4)] ?? 'none';
}

function Line({ log, startMicros, color, onSpan }: { log: LogRecord; startMicros: number; color: number | null; onSpan?: ((spanId: string) => void) | undefined }) {
  const [open, setOpen] = useState(false);
  const micros = nanosToMicros(log.time);
  const severity = severityOf(log.severity);
  const word = log.severityText || (severity === 'none' ? '' : severity.toUpperCase());
  const body = valueText(log.body);
  return (
    <li class={`log ${severity}`}>
      <div class="log-line">
        <time title={formatDateTime(micros)}>+{formatMicros(micros - startMicros)}</time>
        <span class="severity">{word || '–'}</span>
        {color !== null && (
          <span class="log-service">
            <Dot color={color} />
            {log.service}
          </span>
        )}
        <span class="log-body">{body.length > 4000 ? `${body.slice(0, 4000)} …` : body}</span>
        <span class="log-tools">
          {onSpan && log.spanId && (
            <button type="button" class="plain" onClick={() => onSpan(log.spanId)}>
              span
            </button>
          )}
          {log.attributes.length > 0 && (
            <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'less' : `+${log.attributes.length}`}
              <span class="sr-only"> attributes</span>
            </button>
          )}
        </span>
      </div>
      {open && <Attributes list={log.attributes} />}
    </li>
  );
}

export function LogLines(props: { logs: LogRecord[]; startMicros: number; colorOf?: (service: string) => number; onSpan?: (spanId: string) => void }) {
  const [most, setMost] = useState(kStep);
  return (
    <>
      <ul class="logs">
        {props.logs.slice(0, most).map((log, i) => (
          <Line key={i} log={log} startMicros={props.startMicros} color={props.colorOf ? props.colorOf(log.service) : null} onSpan={props.onSpan} />
        ))}
      </ul>
      {props.logs.length > most && (
        <button type="button" class="button more" onClick={() => setMost(most + kStep)}>
          Show {formatCount(Math.min(kStep, props.logs.length - most))} more of {formatCount(props.logs.length)}
        </button>
      )}
    </>
  );
}
