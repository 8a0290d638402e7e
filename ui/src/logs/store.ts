// What the Logs page knows: the state in the address, the answers to it, and when to ask again.
//
// Live: the status poll tells how many log records there are; where that changed (or time moved on) the
// newest page is asked for again. Not while somebody has the pointer or the focus on a line, or has gone on to
// older ones: lines must not run away from under a reader.

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, isAbort, isFilterMistake, type LogHistogram, type LogRecord } from '../api.ts';
import { logsLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { nowMicros, status } from '../app/status.ts';
import { formatLogs, parseLogs, toLogsApi, type LogsState } from '../lib/logsState.ts';
import { kBuckets, windowOf, type Range, type Window } from '../lib/searchState.ts';

const kRefreshMillis = 5000; // even when no line came: "last hour" moves on
const kRetryMillis = 2000; // after a question that was not answered
const kPause = 4; // times as long as an answer takes, before the next question
const kLimit = 200; // lines of a page
const kMostListed = 10000; // lines; more are not read, and each costs DOM

export const state = computed<LogsState>(() => parseLogs(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

export const logs = signal<LogRecord[]>([]);
export const histogram = signal<LogHistogram | null>(null);
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });
export const loading = signal(true);
/** What the last question failed with; null while all is well. */
export const failure = signal<unknown>(null);
export const cursor = signal('');
export const loadingMore = signal(false);
export const tookMicros = signal(0);
/** Somebody points at a line, or has the focus in one. */
export const held = signal(false);
/** Records that came since the lines were asked for, while they are held. */
export const waiting = signal(0);
/** Where "reset" leads after zooming. */
export const beforeZoom = signal<Range | null>(null);

export function change(part: Partial<LogsState>): void {
  navigate(logsLink(formatLogs({ ...state.value, ...part })));
}

/** Looks closer, and remembers the way back. */
export function zoomTo(startMicros: number, endMicros: number): void {
  const kNarrowest = 1000; // a millisecond
  if (endMicros - startMicros < kNarrowest) return;
  if (beforeZoom.value === null) beforeZoom.value = state.value.range;
  change({ range: { kind: 'fixed', startMicros: Math.round(startMicros), endMicros: Math.round(endMicros) } });
}

export function resetZoom(): void {
  const range = beforeZoom.value ?? { kind: 'last', seconds: 3600 };
  beforeZoom.value = null;
  change({ range });
}

let asked = new AbortController();
let askedAt = 0;
let askedRecords = -1;

async function ask(quiet: boolean): Promise<void> {
  asked.abort();
  const stop = (asked = new AbortController());
  askedAt = Date.now();
  askedRecords = status.peek()?.store.logRecords ?? -1;
  const current = state.peek();
  const window = windowOf(current.range, nowMicros());
  const filter = toLogsApi(current, window);
  if (!quiet) loading.value = true;
  try {
    const [found, amounts] = await Promise.all([api.allLogs(filter, kLimit, '', stop.signal), api.logHistogram(filter, kBuckets, stop.signal)]);
    batch(() => {
      logs.value = found.logs;
      cursor.value = found.nextCursor;
      histogram.value = amounts;
      window_.value = window;
      tookMicros.value = found.tookMicros + amounts.tookMicros;
      failure.value = null;
      loading.value = false;
      waiting.value = 0;
    });
  } catch (cause) {
    if (isAbort(cause)) return;
    batch(() => {
      failure.value = cause;
      loading.value = false;
    });
  }
}

/** The newest lines, now. */
export function refresh(): void {
  void ask(false);
}

export async function loadMore(): Promise<void> {
  if (cursor.value === '' || loadingMore.value) return;
  loadingMore.value = true;
  const { signal: stopped } = asked;
  try {
    const found = await api.allLogs(toLogsApi(state.value, window_.value), kLimit, cursor.value, stopped);
    if (!stopped.aborted) {
      batch(() => {
        logs.value = [...logs.value, ...found.logs];
        cursor.value = logs.value.length < kMostListed ? found.nextCursor : '';
      });
    }
  } catch (cause) {
    if (!isAbort(cause)) failure.value = cause;
  }
  loadingMore.value = false;
}

/** Live: whether there is news that may be shown now. */
function wantsNews(records: number): boolean {
  if (!isLive.peek()) return false;
  const isNew = records !== askedRecords;
  if (held.peek() || logs.peek().length > kLimit) {
    waiting.value = isNew && askedRecords >= 0 ? Math.max(0, records - askedRecords) : 0;
    return false;
  }
  // Questions that cost the server much are asked less often.
  const waited = Date.now() - askedAt;
  return (isNew && waited >= (kPause * tookMicros.peek()) / 1000) || waited >= kRefreshMillis;
}

/** Asks whenever the filter changes, and while live whenever there is news. Returns how to stop. */
export function startLogs(): () => void {
  const filterKey = computed(() => {
    const { live: _, ...filter } = state.value;
    return JSON.stringify(filter);
  });
  const stopFilter = effect(() => {
    void filterKey.value;
    untracked(() => {
      held.value = false;
      void ask(false);
    });
  });
  const stopLive = effect(() => {
    const records = status.value?.store.logRecords ?? -1;
    void isLive.value;
    void held.value;
    untracked(() => {
      if (loading.value) return;
      if (failure.value === null) {
        if (wantsNews(records)) void ask(true);
      } else if (!isFilterMistake(failure.value) && Date.now() - askedAt >= kRetryMillis) {
        void ask(true);
      }
    });
  });
  return () => {
    stopFilter();
    stopLive();
    asked.abort();
  };
}
