// The list of traces on the Search page: its order, its pages, and what waits while it stands still.
//
// It stands still while somebody points at it or has a row in focus, and once somebody has gone on to a
// further page: rows must not run away from under a reader, and pages belong together (lib/traceList.ts).

import { batch, computed, signal } from '@preact/signals';
import { api, type Order, type SearchAnswer, type TraceSummary } from '../api.ts';
import { nanosToMicros } from '../lib/format.ts';
import { toApi, type SearchState, type Window } from '../lib/searchState.ts';
import { grown, unlisted, withPage } from '../lib/traceList.ts';
import { state } from './state.ts';

const kMostListed = 1500; // rows; more are not read, and each costs DOM. Also the most that one answer has

export const traces = signal<TraceSummary[]>([]);
const cursor = signal('');
/** There are more, and they can be listed. */
export const hasMore = computed(() => cursor.value !== '' && traces.value.length < kMostListed);
/** There are more, and this many are enough. */
export const isCut = computed(() => cursor.value !== '' && traces.value.length >= kMostListed);
export const loadingMore = signal(false);
/** What the next page failed with. */
export const moreFailure = signal<unknown>(null);

/** The ids of the rows as they stand, while they have to stay. */
const fixed = signal<string[] | null>(null);
/** What the list would be, had it not to wait, and the time about which that was asked. */
const waiting = signal<{ found: SearchAnswer; window: Window } | null>(null);
/** How many traces wait. */
export const fresh = computed(() => unlisted(traces.value, waiting.value?.found.traces ?? [], !!waiting.value?.found.nextCursor));

let isHeld = false;
/** The time about which the list was asked. */
let asked: Window = { startMicros: 0, endMicros: 1 };
let stopMore = new AbortController();

export function orderOf(now: SearchState): Order {
  return now.sort === 'longest' ? 'longest' : 'newest';
}

const kBy: Record<SearchState['sort'], (t: TraceSummary) => number> = {
  newest: (t) => nanosToMicros(t.start),
  longest: (t) => t.durationMicros,
  spans: (t) => t.spans,
  errors: (t) => t.errors,
};

export const sorted = computed(() => {
  if (fixed.value) {
    const byId = new Map(traces.value.map((t) => [t.traceId, t]));
    return fixed.value.flatMap((id) => byId.get(id) ?? []);
  }
  const by = kBy[state.value.sort];
  return [...traces.value].sort((a, b) => by(b) - by(a));
});

function fix(): void {
  fixed.value ??= sorted.peek().map((t) => t.traceId);
}

function isPaged(): boolean {
  return traces.peek().length > state.peek().limit;
}

/** Somebody is at the rows: they stay where they are until release(). */
export function hold(): void {
  isHeld = true;
  fix();
}

/** Shows what waited, unless that would throw away the pages below. */
export function release(): void {
  isHeld = false;
  if (!isPaged()) showFresh();
}

/** Shows what waited. */
export function showFresh(): void {
  batch(() => {
    if (waiting.value) renew(waiting.value.found, waiting.value.window);
    else fixed.value = null;
    if (isHeld) fix();
  });
}

/** In another order. */
export function sortAnew(): void {
  fixed.value = null;
  if (isHeld) fix();
}

/** Nobody waits for the next page any more. */
export function dropMore(): void {
  stopMore.abort();
  loadingMore.value = false;
  moreFailure.value = null;
}

/** The list is this answer, and nothing else. */
export function renew(found: SearchAnswer, window: Window): void {
  asked = window;
  batch(() => {
    dropMore();
    fixed.value = null;
    waiting.value = null;
    traces.value = found.traces;
    cursor.value = found.nextCursor ?? '';
  });
}

/** The same question was answered again. */
export function update(found: SearchAnswer, window: Window): void {
  if (!isHeld && !isPaged()) return renew(found, window);
  fix();
  traces.value = grown(traces.peek(), found.traces);
  waiting.value = { found, window };
}

/** The longest are asked for from the first on: while a page is read, one below may have become longer. */
function nextPage(stop: AbortSignal): Promise<SearchAnswer> {
  const now = state.peek();
  const listed = traces.peek().length;
  const [limit, after] = orderOf(now) === 'longest' ? [listed + now.limit, ''] : [now.limit, cursor.peek()];
  return api.search(toApi(now, asked), Math.min(limit, kMostListed), orderOf(now), after, stop);
}

export async function loadMore(): Promise<void> {
  const stop = (stopMore = new AbortController());
  loadingMore.value = true;
  moreFailure.value = null;
  try {
    const found = await nextPage(stop.signal);
    if (stop.signal.aborted) return;
    batch(() => {
      const before = new Set(fixed.value ?? []);
      traces.value = withPage(traces.value, found.traces);
      cursor.value = found.nextCursor ?? '';
      if (isHeld) fixed.value = [...before, ...traces.value.map((t) => t.traceId).filter((id) => !before.has(id))];
      else fixed.value = null;
      loadingMore.value = false;
    });
  } catch (cause) {
    if (stop.signal.aborted) return;
    moreFailure.value = cause;
    loadingMore.value = false;
  }
}
