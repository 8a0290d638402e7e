// What kind of failure an answer is, and with that what a person can do, and whether asking the same
// again makes sense. Pure.

import { kPresets, type Range, type Window } from './searchState.ts';

export type FailureKind =
  | 'mistake' // the question cannot be read
  | 'costly' // it takes more time or memory than the server gives to one
  | 'busy' // the server has too much to do at the moment
  | 'damaged' // it needs a part of the store that is damaged
  | 'unanswered';

interface Refusal {
  status: number;
  code: string;
  /** For how long the server asks to be left alone; 0: it does not say. */
  retryAfterMillis: number;
}

function isRefusal(cause: unknown): cause is Refusal {
  return cause instanceof Error && 'status' in cause && 'code' in cause && 'retryAfterMillis' in cause;
}

const kNotOfTheFilter = [401, 403, 407, 408]; // of whoever stands between, or of the way

export function kindOf(cause: unknown): FailureKind {
  if (!isRefusal(cause)) return 'unanswered';
  const { status, code, retryAfterMillis } = cause;
  if (code === 'DATA_LOSS') return 'damaged';
  if ((status === 429 || status === 503) && retryAfterMillis > 0) return 'busy';
  if (code === 'DEADLINE_EXCEEDED' || code === 'RESOURCE_EXHAUSTED' || status === 413 || status === 429 || status === 504) return 'costly';
  return status >= 400 && status < 500 && !kNotOfTheFilter.includes(status) ? 'mistake' : 'unanswered';
}

/** Whether the same question may get another answer by itself. */
export function isWorthRetrying(cause: unknown): boolean {
  const kind = kindOf(cause);
  return kind !== 'mistake' && kind !== 'damaged';
}

export function restAskedFor(cause: unknown): number {
  return isRefusal(cause) ? cause.retryAfterMillis : 0;
}

/** "Retry-After: 2", in seconds; 0 where it says nothing, or a date. */
export function parseRetryAfter(header: string | null): number {
  const kMostSeconds = 3600;
  return header !== null && /^\d{1,9}$/.test(header.trim()) ? Math.min(Number(header), kMostSeconds) * 1000 : 0;
}

/** A question that costs less: the greatest preset of at most half the time, else the later half. */
export function shorter(range: Range, window: Window): { label: string; range: Range } | null {
  const kShortestMicros = 2;
  if (range.kind === 'last') {
    const preset = kPresets.filter((p) => p.seconds <= range.seconds / 2).at(-1);
    return preset ? { label: preset.label.toLowerCase(), range: { kind: 'last', seconds: preset.seconds } } : null;
  }
  const { startMicros, endMicros } = window;
  if (endMicros - startMicros < kShortestMicros) return null;
  const middle = Math.floor((startMicros + endMicros) / 2);
  return { label: 'later half of this time', range: { kind: 'fixed', startMicros: middle, endMicros } };
}
