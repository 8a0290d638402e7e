// Why the trace has no answer, and what to do.

import { messageOf } from '../api.ts';
import { unreachable } from '../app/status.ts';
import { kindOf } from '../lib/failure.ts';
import { Again } from '../parts/failed.tsx';
import { Banner } from '../parts/small.tsx';
import type { TraceView } from './view.ts';

const kWhat = {
  mistake: 'The trace cannot be asked for:',
  costly: 'The trace takes more than the server gives to one question:',
  busy: 'The trace was not answered:',
  damaged: 'A part of the store that the trace needs is damaged:',
  unanswered: 'The trace was not answered:',
} as const;

export function TraceFailure({ view, cause }: { view: TraceView; cause: unknown }) {
  if (unreachable.value !== null && view.loaded.value) return null; // the shell says so
  const kind = kindOf(cause);
  return (
    <Banner kind="error">
      <b>{kWhat[kind]}</b> {messageOf(cause)}
      {kind === 'costly' && <p>Single spans of it are found on Traces, by their tags, and its log lines on Logs, by their time.</p>}
      {kind !== 'mistake' && <Again worth={kind !== 'damaged'} retryAt={view.retryAt.value} onRetry={() => view.retry()} />}
    </Banner>
  );
}
