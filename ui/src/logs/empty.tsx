// Before the first log record: how lines come here. The page flips to them by itself.

import { status } from '../app/status.ts';
import { plural } from '../lib/format.ts';
import { listener, Snippet } from '../search/empty.tsx';

/** One record by hand, as OTLP JSON, dated now. */
function curlLine(http: string): string {
  const record = { timeUnixNano: `${Date.now()}000000`, severityNumber: 9, severityText: 'INFO', body: { stringValue: 'hello' } };
  const body = {
    resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'by-hand' } }] }, scopeLogs: [{ logRecords: [record] }] }],
  };
  return `curl http://${http}/v1/logs \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
}

// Made once: a line that changes every second could not be copied by hand.
let curl = '';

export function NoLogsYet() {
  const now = status.value!;
  const grpc = listener(now.ports, ['otlp', 'grpc'], 4317);
  const http = listener(now.ports, ['otlp', 'http'], 4318);
  curl ||= curlLine(http);
  const usual = /^(localhost|127\.0\.0\.1|\[::1\]):4317$/.test(grpc);
  const endpoint = usual ? '' : `OTEL_EXPORTER_OTLP_ENDPOINT=http://${grpc} \\\n`;
  return (
    <div class="empty">
      <section class="hero">
        <p class="waiting" role="status">
          <i class="pulse" aria-hidden="true" />
          Listening. Waiting for the first log line
        </p>
        <h1>No log lines yet</h1>
        <p>This page turns into the list by itself as soon as one arrives.</p>
        {now.store.spans > 0 && <p class="muted">So far {plural(now.store.spans, 'span')} arrived, but no log record.</p>}
      </section>
      <div class="ways">
        <section class="card">
          <h2>Any program, untouched</h2>
          <p>Started under the agent, each line that it prints is a record.</p>
          <Snippet label="agent command" text={`${endpoint}opentelemetry-instrument \\\n  --logs_exporter otlp \\\n  --service_name my-app ./my-app`} />
          <p class="muted">
            Lines that it writes to files come with <code>--log_files 'log/*.log'</code>, Python’s <code>logging</code> with its levels. If there are spans and no
            lines, look for <code>OTEL_LOGS_EXPORTER=none</code>.
          </p>
        </section>
        <section class="card">
          <h2>An SDK you already have</h2>
          <p>Its environment, so that it sends its logs here:</p>
          <Snippet
            label="environment"
            text={`export OTEL_SERVICE_NAME=my-app\nexport OTEL_LOGS_EXPORTER=otlp\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nexport OTEL_EXPORTER_OTLP_ENDPOINT=http://${grpc}`}
          />
        </section>
        <section class="card">
          <h2>One line by hand</h2>
          <p>To check that data gets through:</p>
          <Snippet label="curl command" text={curl} />
        </section>
      </div>
    </div>
  );
}
