// One span, all of it: at the side on wide screens, below on narrow ones.

import { useEffect, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { isAbort, messageOf, type SpanDetails } from '../api.ts';
import { traceLink } from '../app/links.ts';
import { formatCount, formatDateTime, formatMicros, nanosToMicros } from '../lib/format.ts';
import { kMissingParent, kStatusError } from '../lib/tree.ts';
import { Attributes } from '../parts/attributes.tsx';
import { Icon } from '../parts/icons.tsx';
import { LogLines } from '../parts/logs.tsx';
import { Banner, CopyButton, IconButton } from '../parts/small.tsx';
import { overhangText } from './row.tsx';
import type { Loaded, TraceView } from './view.ts';

const kKindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const kStatusNames = ['unset', 'ok', 'error'];
const kNameShown = 80; // characters that surely fit above
const kSettleMillis = 60; // while keys run over rows, only where they rest is asked for

function Section({ title, count, open = true, children }: { title: string; count?: number; open?: boolean; children: ComponentChildren }) {
  return (
    <details class="section" open={open}>
      <summary>
        <Icon name="chevron" />
        <h3>{title}</h3>
        {count !== undefined && <span class="muted">{formatCount(count)}</span>}
      </summary>
      <div>{children}</div>
    </details>
  );
}

function Dropped({ count, what }: { count: number; what: string }) {
  if (!count) return null;
  return (
    <p class="dropped">
      <Icon name="alert" />
      {formatCount(count)} more {what} were dropped by the sender
    </p>
  );
}

function useDetails(view: TraceView, loaded: Loaded, row: number): { details: SpanDetails | null; failure: string | null } {
  const [state, setState] = useState<{ of: string; details: SpanDetails | null; failure: string | null }>({ of: '', details: null, failure: null });
  const of = `${row}/${loaded.trace.spanId[row]}`; // a trace that grows moves its rows
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      view
        .detailsOf(row)
        .then((details) => gone || setState({ of, details, failure: null }))
        .catch((cause: unknown) => gone || isAbort(cause) || setState({ of, details: null, failure: messageOf(cause) }));
    }, kSettleMillis);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [of, loaded]);
  return state.of === of ? state : { details: null, failure: null };
}

function Links({ view, links }: { view: TraceView; links: SpanDetails['links'] }) {
  return (
    <ul class="links">
      {links.map((link, i) => (
        <li key={i}>
          <a
            href={traceLink(link.traceId, `?span=${link.spanId}`)}
            onClick={(event) => {
              if (link.traceId === view.id && view.selectSpan(link.spanId)) event.preventDefault();
            }}
          >
            <Icon name="link" />
            {link.traceId === view.id ? 'span in this trace' : `trace ${link.traceId.slice(0, 8)}…`}, span {link.spanId}
          </a>
          {link.attributes.length > 0 && <Attributes list={link.attributes} />}
        </li>
      ))}
    </ul>
  );
}

function SpanLogs({ view, loaded, row }: { view: TraceView; loaded: Loaded; row: number }) {
  useEffect(() => void view.loadLogs(), []);
  const spanId = loaded.trace.spanId[row];
  const logs = view.logs.value?.filter((log) => log.spanId === spanId);
  if (view.logsFailure.value) return <p class="muted">{view.logsFailure.value}</p>;
  if (!logs) return <p class="muted">Loading …</p>;
  return <LogLines logs={logs} startMicros={nanosToMicros(loaded.trace.start)} />;
}

function Body({ view, loaded, row, details }: { view: TraceView; loaded: Loaded; row: number; details: SpanDetails }) {
  const { trace, tree } = loaded;
  const spanId = trace.spanId[row]!;
  const name = trace.names[trace.name[row]!] ?? '';
  const logs = trace.logs[row] ?? 0;
  const parent = tree.parentOf(row);
  return (
    <>
      {details.statusMessage && <p class={`status-message ${trace.status[row] === kStatusError ? 'failed' : ''}`}>{details.statusMessage}</p>}
      <Section title="Attributes" count={details.attributes.length}>
        {details.attributes.length > 0 ? <Attributes list={details.attributes} /> : <p class="muted">None</p>}
        <Dropped count={details.droppedAttributes} what="attributes" />
      </Section>
      {logs > 0 && (
        <Section title="Logs" count={logs}>
          <SpanLogs view={view} loaded={loaded} row={row} />
        </Section>
      )}
      {(details.events.length > 0 || details.droppedEvents > 0) && (
        <Section title="Events" count={details.events.length}>
          <ul class="events">
            {details.events.slice(0, 500).map((event, i) => (
              <li key={i}>
                <p>
                  <time>+{formatMicros(event.timeMicros)}</time> <b>{event.name}</b>
                </p>
                {event.attributes.length > 0 && <Attributes list={event.attributes} />}
              </li>
            ))}
          </ul>
          {details.events.length > 500 && <p class="muted">The first 500 of {formatCount(details.events.length)}</p>}
          <Dropped count={details.droppedEvents} what="events" />
        </Section>
      )}
      {(details.links.length > 0 || details.droppedLinks > 0) && (
        <Section title="Links" count={details.links.length}>
          <Links view={view} links={details.links} />
          <Dropped count={details.droppedLinks} what="links" />
        </Section>
      )}
      <Section title="Resource" count={details.resource.length}>
        <Attributes list={details.resource} />
      </Section>
      <Section title="Scope and ids">
        <dl class="attributes">
          {[
            // Above it is cut after some lines.
            ['name', name.length > kNameShown ? name : ''],
            ['scope', [details.scope.name, details.scope.version].filter(Boolean).join(' ')],
            ['trace id', view.id],
            ['span id', spanId],
            ['trace state', details.traceState],
            ['flags', details.flags ? `0x${details.flags.toString(16)}` : ''],
          ]
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <span class="value">{value}</span>
                  <span class="row-tools">
                    <CopyButton text={value!} label={`Copy ${name}`} />
                  </span>
                </dd>
              </div>
            ))}
          {parent >= 0 && (
            <div>
              <dt>parent</dt>
              <dd>
                <button type="button" class="plain" onClick={() => view.select(parent, true)}>
                  {trace.spanId[parent]}
                </button>
              </dd>
            </div>
          )}
        </dl>
        {details.scope.attributes && details.scope.attributes.length > 0 && <Attributes list={details.scope.attributes} />}
      </Section>
    </>
  );
}

export function Details({ view, loaded, row }: { view: TraceView; loaded: Loaded; row: number }) {
  const { trace } = loaded;
  const spanId = trace.spanId[row]!;
  const { details, failure } = useDetails(view, loaded, row);
  const status = trace.status[row] ?? 0;
  const duration = trace.durationsMicros[row]!;
  const service = trace.services[trace.service[row]!] ?? '';
  const name = trace.names[trace.name[row]!] ?? '';
  const share = (Math.max(duration, 0) / loaded.total) * 100;
  const start = nanosToMicros(trace.start) + trace.startMicros[row]!;
  return (
    <aside class="details" aria-label="Span details">
      <header>
        <div class="details-title">
          <p class="details-service" title={service}>
            <i class="dot" style={{ background: view.colors.value[trace.service[row]!] }} aria-hidden="true" />
            <span>{service || 'unknown service'}</span>
          </p>
          <h2 title={name}>{name || '(no name)'}</h2>
        </div>
        <div class="details-tools">
          <IconButton icon="zoom" label="Zoom to this span (f)" onClick={() => view.zoomToSpan(row)} />
          <CopyButton text={location.origin + traceLink(view.id, `?span=${spanId}`)} label="Copy a link to this span" />
          <IconButton icon="close" label="Close (Esc)" onClick={() => view.closePanel()} />
        </div>
      </header>
      <dl class="facts">
        <div>
          <dt>Duration</dt>
          <dd>
            {formatMicros(duration)} <small>{share >= 0.1 ? `${share.toFixed(1)} %` : '< 0.1 %'}</small>
          </dd>
        </div>
        <div>
          <dt>Starts at</dt>
          <dd title={formatDateTime(start)}>+{formatMicros(trace.startMicros[row]!)}</dd>
        </div>
        <div>
          <dt>Kind</dt>
          <dd>{kKindNames[trace.kind[row] ?? 0] ?? 'unspecified'}</dd>
        </div>
        <div>
          <dt>Status</dt>
          <dd>
            {status === kStatusError ? (
              <span class="error-mark">
                <Icon name="alert" />
                error
              </span>
            ) : (
              (kStatusNames[status] ?? 'unset')
            )}
          </dd>
        </div>
      </dl>
      {trace.parent[row] === kMissingParent && (
        <p class="dropped">
          <Icon name="broken" />
          Its parent span is not in this trace: it was not sent, was sampled away, or is still on its way.
        </p>
      )}
      {overhangText(loaded, row) && (
        <p class="dropped">
          <Icon name="help" />
          {overhangText(loaded, row)}
        </p>
      )}
      {failure && <Banner kind="error">{failure}</Banner>}
      {details ? <Body view={view} loaded={loaded} row={row} details={details} /> : !failure && <p class="muted loading">Loading …</p>}
    </aside>
  );
}
