// What the Logs page knows of the answers to its question, and when it asks again.
//
// Live: the status poll tells how many log records there are; where that changed (or time moved on) the
// newest page is asked for again. Not while somebody has the pointer or the focus on a line, or has gone on to
// older ones: lines must not run away from under a reader.

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, type LogHistogram, type LogRecord, type LogsAnswer } from '../api.ts';
import { Question } from '../app/question.ts';
import { nowMicros, status } from '../app/status.ts';
import { toLogsApi } from '../lib/logsState.ts';
import { olderThan } from '../lib/olderLines.ts';
import { kBuckets, windowOf, type Window } from '../lib/searchState.ts';
import { isLive, state, window_ } from './state.ts';

const kRhythm = {
  newsMillis: 0, // at the next look at the status
  idleMillis: 5000, // even when no line came: "last hour" moves on
};
const kLimit = 200; // lines of a page
const kMostListed = 10000; // lines; more are not read, and each costs DOM

export const logs = signal<LogRecord[]>([]);
export const histogram = signal<LogHistogram | null>(null);
/** There are older lines, in the time that was asked about. */
const truncated = signal(false);
export const hasMore = computed(() => truncated.value && logs.value.length < kMostListed);
export const loadingMore = signal(false);
/** What the older lines failed with. */
export const moreFailure = signal<unknown>(null);
export const tookMicros = signal(0);
/** Somebody points at a line, or has the focus in one. */
export const held = signal(false);
/** Records that came since the lines were asked for, while they are held. */
export const waiting = signal(0);

interface Answer {
  /** How many log records there were when it was asked for. */
  records: number;
  found: LogsAnswer;
  amounts: LogHistogram;
  window: Window;
}

/** How many log records there were when the lines that are shown were asked for. */
let shownRecords = -1;
let stopMore = new AbortController();

async function put(stop: AbortSignal): Promise<Answer> {
  const records = status.peek()?.store.logRecords ?? -1;
  const window = windowOf(state.peek().range, nowMicros());
  const filter = toLogsApi(state.peek(), window);
  const [found, amounts] = await Promise.all([api.allLogs(filter, kLimit, '', stop), api.logHistogram(filter, kBuckets, stop)]);
  return { records, found, amounts, window };
}

/** Lines must not run away from under a reader. */
function standStill(): boolean {
  return held.peek() || logs.peek().length > kLimit;
}

function show({ records, found, amounts, window }: Answer, again: boolean): void {
  if (again && standStill()) return; // somebody came to them while it was under way
  dropMore();
  shownRecords = records;
  logs.value = found.logs;
  truncated.value = found.truncated;
  histogram.value = amounts;
  window_.value = window;
  tookMicros.value = found.tookMicros + amounts.tookMicros;
  waiting.value = 0;
}

export const question = new Question<Answer>(kRhythm, put, show);
export const { loading, failure, retryAt } = question;

/** The newest lines, now. */
export function refresh(): void {
  dropMore();
  question.askAnew();
}

/** Nobody waits for older lines any more. */
function dropMore(): void {
  stopMore.abort();
  loadingMore.value = false;
  moreFailure.value = null;
}

export async function loadMore(): Promise<void> {
  if (loadingMore.value || loading.value) return;
  question.stop(); // newer lines would come above those to which these belong
  const stop = (stopMore = new AbortController());
  loadingMore.value = true;
  moreFailure.value = null;
  const { newer, end, limit } = olderThan(logs.value, kLimit);
  const filter = toLogsApi(state.value, window_.value);
  filter.set('end', end);
  try {
    const found = await api.allLogs(filter, limit, '', stop.signal);
    if (stop.signal.aborted) return;
    batch(() => {
      logs.value = [...newer, ...found.logs];
      truncated.value = found.truncated;
      loadingMore.value = false;
    });
  } catch (cause) {
    if (stop.signal.aborted) return;
    moreFailure.value = cause;
    loadingMore.value = false;
  }
}

/** Live: asks for what is new, or where lines are held tells how much waits. */
function askForNews(records: number): void {
  if (standStill()) {
    waiting.value = shownRecords >= 0 ? Math.max(0, records - shownRecords) : 0;
    return;
  }
  question.askWhenDue(records !== shownRecords);
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
      refresh();
    });
  });
  const stopLive = effect(() => {
    const records = status.value?.store.logRecords ?? -1;
    const live = isLive.value;
    void held.value;
    untracked(() => {
      if (loading.value || loadingMore.value) return;
      if (failure.value !== null) question.retryWhenDue();
      else if (live) askForNews(records);
    });
  });
  return () => {
    stopFilter();
    stopLive();
    question.stop();
    dropMore();
  };
}
