// /logs: log lines of all programs, in a trace or not; or, before the first, how they come here.

import { useEffect, useMemo } from 'preact/hooks';
import { messageOf, type Attribute, type LogRecord } from '../api.ts';
import { logsLink, traceLink } from '../app/links.ts';
import { status, unreachable } from '../app/status.ts';
import { colorOf } from '../lib/color.ts';
import { kindOf, shorter } from '../lib/failure.ts';
import { formatCount, formatMicros, plural } from '../lib/format.ts';
import { defaultLogs, formatLogs } from '../lib/logsState.ts';
import { Failed } from '../parts/failed.tsx';
import { LogLines } from '../parts/logs.tsx';
import { valueText } from '../parts/attributes.tsx';
import { Banner, ErrorMark, Waiting } from '../parts/small.tsx';
import { LogBars } from './bars.tsx';
import { NoLogsYet } from './empty.tsx';
import { LogFilters } from './filters.tsx';
import { NoLines } from './reasons.tsx';
import { state, window_ } from './state.ts';
import { failure, hasMore, held, histogram, loading, loadingMore, loadMore, logs, moreFailure, question, refresh, retryAt, startLogs, tookMicros, waiting } from './store.ts';

/** The line's span in its trace. */
function traceOf(log: LogRecord): string | null {
  if (!log.traceId) return null;
  return traceLink(log.traceId, log.spanId ? `?span=${log.spanId}` : '?tab=logs');
}

function searchFor(attribute: Attribute): string | null {
  const simple = ['string', 'bool', 'int', 'double'].includes(attribute.type);
  const value = valueText(attribute.value);
  if (!simple || value === '' || value.length > 200) return null;
  const clauses = [...state.value.clauses, { key: attribute.key, op: '=' as const, value }];
  return logsLink(formatLogs({ ...state.value, clauses }));
}

function Failure({ cause }: { cause: unknown }) {
  const now = state.value;
  const { range, live } = now;
  const less = shorter(range, window_.value);
  return (
    <Failed
      cause={cause}
      what="The lines were not found"
      without={{ href: logsLink(formatLogs({ ...defaultLogs(), range, live })), text: 'look without it' }}
      less={less && { href: logsLink(formatLogs({ ...now, range: less.range })), label: less.label }}
      filters="a service, a level, a tag"
      retryAt={retryAt.value}
      onRetry={() => question.askAgain()}
    />
  );
}

function Lines() {
  useEffect(() => () => void (held.value = false), []);
  const list = logs.value;
  const total = histogram.value?.total ?? 0;
  const hold = (event: Event): void => {
    const box = event.currentTarget as HTMLElement;
    held.value = box.matches(':hover') || box.contains(document.activeElement);
  };
  return (
    <section class="results log-results" aria-label="Log lines found" aria-busy={loading.value}>
      <header>
        <h2>
          {plural(list.length, 'line')}
          {hasMore.value && <span class="muted"> of {formatCount(Math.max(total, list.length + 1))}, newest first</span>}
        </h2>
        <span class="muted took">{loading.value ? 'Looking …' : `found in ${formatMicros(tookMicros.value)}`}</span>
        {waiting.value > 0 && <span class="muted" role="status">{plural(waiting.value, 'record')} came meanwhile</span>}
        <button type="button" class="button small" onClick={refresh}>
          Refresh
        </button>
      </header>
      <div class="card lines-box" onPointerEnter={hold} onPointerLeave={() => (held.value = false)} onFocusIn={hold} onFocusOut={() => (held.value = false)}>
        <LogLines logs={list} colorOf={colorOf} traceOf={traceOf} searchFor={searchFor} />
      </div>
      {moreFailure.value !== null && (
        <p class="more-failed" role="alert">
          <ErrorMark text={`Older lines were not loaded: ${messageOf(moreFailure.value)}`} />
        </p>
      )}
      {hasMore.value && (
        <button type="button" class="button more" disabled={loadingMore.value} onClick={() => void loadMore()}>
          {loadingMore.value ? 'Loading …' : 'Load older lines'}
        </button>
      )}
    </section>
  );
}

function Found() {
  useEffect(startLogs, []);
  const none = logs.value.length === 0;
  const failed = failure.value !== null;
  const said = useMemo(() => (loading.value ? 'Looking for lines' : none ? 'No line matches' : `${logs.value.length} lines`), [loading.value, logs.value]);
  return (
    <>
      <h1 class="sr-only">Logs</h1>
      <LogFilters />
      {failed && <Failure cause={failure.value} />}
      {/* What is shown answers the question before. */}
      {!(failed && kindOf(failure.value) === 'mistake') && (
        <>
          <div class="charts one" aria-busy={loading.value}>
            <LogBars />
          </div>
          {none ? loading.value ? <Waiting>Looking …</Waiting> : !failed && <NoLines /> : <Lines />}
        </>
      )}
      <p class="sr-only" role="status">
        {said}
      </p>
    </>
  );
}

export function LogsPage() {
  useEffect(() => {
    document.title = 'Logs · Kolben';
  }, []);
  const now = status.value;
  if (!now) {
    return unreachable.value ? (
      <Banner kind="error">{unreachable.value} Trying again …</Banner>
    ) : (
      <>
        <h1 class="sr-only">Logs</h1>
        <Waiting>Asking Kolben what there is …</Waiting>
      </>
    );
  }
  return now.store.logRecords === 0 ? <NoLogsYet /> : <Found />;
}
