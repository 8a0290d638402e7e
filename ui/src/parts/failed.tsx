// Why a question has no answer, and what to do: correct it, ask for less, or wait, in which case the page
// tries again by itself and says when.

import type { ComponentChildren } from 'preact';
import { messageOf } from '../api.ts';
import { unreachable } from '../app/status.ts';
import { kindOf } from '../lib/failure.ts';
import { formatClock } from '../lib/format.ts';
import { Banner } from './small.tsx';

export interface FailedProps {
  cause: unknown;
  /** "The search was not answered". */
  what: string;
  /** The same page without its filter. */
  without: { href: string; text: string };
  /** The same question about less time, where there is such. */
  less: { href: string; label: string } | null;
  /** What else there is to narrow by. */
  filters: string;
  retryAt: number | null;
  onRetry: () => void;
  /** What helps with a mistake. */
  children?: ComponentChildren;
}

/** When the page tries again, and a button for now. `worth`: whether it does so by itself. */
export function Again({ worth, retryAt, onRetry }: { worth: boolean; retryAt: number | null; onRetry: () => void }) {
  if (worth && retryAt === null) return <p>Trying again …</p>;
  return (
    <p>
      {worth && <>Trying again at {formatClock(retryAt! * 1000, false)}. </>}
      <button type="button" class="button small" onClick={onRetry}>
        {worth ? 'Try now' : 'Try again'}
      </button>
    </p>
  );
}

function Less({ less }: Pick<FailedProps, 'less'>) {
  return (
    less && (
      <>
        : <a href={less.href}>ask for the {less.label}</a>
      </>
    )
  );
}

export function Failed(props: FailedProps) {
  const { cause, what, without, less, filters, retryAt, onRetry, children } = props;
  if (unreachable.value !== null) return null; // the shell says so
  const message = messageOf(cause);
  switch (kindOf(cause)) {
    case 'mistake':
      return (
        <Banner kind="error">
          <b>The filter cannot be used:</b> {message}
          <p>
            Correct it above, or <a href={without.href}>{without.text}</a>. {children}
          </p>
        </Banner>
      );
    case 'costly':
      return (
        <Banner kind="error">
          <b>That is too much at once:</b> {message}
          <p>
            Narrow the time
            <Less less={less} />; or add a filter ({filters}).
          </p>
          <Again worth retryAt={retryAt} onRetry={onRetry} />
        </Banner>
      );
    case 'damaged':
      return (
        <Banner kind="error">
          <b>A part of the store is damaged:</b> {message}
          <p>
            Times without that part can be looked at
            <Less less={less} />.
          </p>
          <Again worth={false} retryAt={null} onRetry={onRetry} />
        </Banner>
      );
    case 'busy':
    case 'unanswered':
      return (
        <Banner kind="error">
          <b>{what}:</b> {message}
          <Again worth retryAt={retryAt} onRetry={onRetry} />
        </Banner>
      );
  }
}
