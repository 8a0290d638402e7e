// Before the first span: how to send one, for this host, and live what arrives. The page
// flips to the results by itself.

import type { Port } from '../api.ts';
import { status } from '../app/status.ts';
import { plural } from '../lib/format.ts';
import { Icon } from '../parts/icons.tsx';
import { Receivers } from '../parts/receivers.tsx';
import { CopyButton } from '../parts/small.tsx';

/** The listener to show: by its name, else by its usual number. */
export function listener(ports: Port[], words: string[], usual: number): string {
  const found = ports.find((p) => words.every((word) => p.name.toLowerCase().includes(word))) ?? ports.find((p) => p.port === usual);
  return `${location.hostname}:${found?.port ?? usual}`;
}

export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div class="snippet">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  );
}

/** One span by hand, as OTLP JSON, dated now. */
function curlLine(http: string): string {
  const start = Date.now();
  const hex = (bytes: number): string => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const span = {
    traceId: hex(16),
    spanId: hex(8),
    name: 'hello',
    kind: 1,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${start + 42}000000`,
  };
  const body = {
    resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'by-hand' } }] }, scopeSpans: [{ spans: [span] }] }],
  };
  return `curl http://${http}/v1/traces \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
}

// Made once: a line that changes every second could not be copied by hand.
let curl = '';

export function Empty() {
  const now = status.value!;
  const grpc = listener(now.ports, ['otlp', 'grpc'], 4317);
  const http = listener(now.ports, ['otlp', 'http'], 4318);
  const zipkin = listener(now.ports, ['zipkin'], 9411);
  curl ||= curlLine(http);
  const usual = /^(localhost|127\.0\.0\.1|\[::1\]):4317$/.test(grpc);
  const agent = `${usual ? '' : `OTEL_EXPORTER_OTLP_ENDPOINT=http://${grpc} \\\n`}opentelemetry-instrument \\\n  --service_name my-app ./my-app`;
  const others = now.store.logRecords + now.store.metricPoints;
  return (
    <div class="empty" id="results" tabIndex={-1}>
      <section class="hero">
        <p class="waiting" role="status">
          <i class="pulse" aria-hidden="true" />
          Listening. Waiting for the first span
        </p>
        <h1>Nothing here yet: send something</h1>
        <p>This page turns into the search by itself as soon as a span arrives.</p>
        {others > 0 && (
          <p class="muted">
            So far {plural(now.store.logRecords, 'log record')} and {plural(now.store.metricPoints, 'metric point')} arrived, but no span.
          </p>
        )}
      </section>
      <div class="ways">
        <section class="card">
          <h2>Any program, untouched</h2>
          <p>Start it under the agent. No code to change, no library to link.</p>
          <Snippet label="agent command" text={agent} />
          <p class="muted">C, C++, nginx, Python, Node and others that speak HTTP.</p>
        </section>
        <section class="card">
          <h2>An SDK you already have</h2>
          <p>{usual ? 'On this host its defaults already point here. To be explicit:' : 'Its environment, so that it sends here:'}</p>
          <Snippet
            label="environment"
            text={`export OTEL_SERVICE_NAME=my-app\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://${grpc}`}
          />
          <p class="muted">
            <code>http/protobuf</code> goes to <code>http://{http}</code>, Zipkin to <code>http://{zipkin}/api/v2/spans</code>.
          </p>
        </section>
        <section class="card">
          <h2>One span by hand</h2>
          <p>To check that data gets through:</p>
          <Snippet label="curl command" text={curl} />
        </section>
      </div>
      <section class="card doors">
        <h2>What arrives, live</h2>
        <Receivers />
        {now.rejected.length === 0 && now.receivers.every((r) => r.accepted === 0 && r.refused === 0) && (
          <p class="muted hint">
            <Icon name="help" />
            Nothing has arrived so far, and nothing was refused. If your program does send, check its endpoint and that no firewall or container network is between.
          </p>
        )}
      </section>
    </div>
  );
}
