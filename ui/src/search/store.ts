// What the Search page knows: the state in the address, the answers to it, and when to ask again.
//
// Live: the status poll tells twice a second how many spans there are; only where that changed (or time
// moved on) the search is asked again, so that an idle page costs the server next to nothing. While
// somebody points at the list, or has a row in focus, its rows stay where they are: what is new waits.

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, isAbort, isFilterMistake, type Histogram, type Order, type SearchAnswer, type TraceSummary } from '../api.ts';
import { searchLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { nowMicros, status, unreachable } from '../app/status.ts';
import { nanosToMicros } from '../lib/format.ts';
import {
  formatSearch,
  kBuckets,
  parseSearch,
  toApi,
  windowOf,
  type Range,
  type SearchState,
  type Window,
} from '../lib/searchState.ts';

const kRefreshMillis = 5000; // even when no span came: "last hour" moves on
const kRetryMillis = 2000; // after a question that was not answered
const kMostListed = 2000; // rows; more are not read, and each costs DOM

export const state = computed<SearchState>(() => parseSearch(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

export const traces = signal<TraceSummary[]>([]);
export const histogram = signal<Histogram | null>(null);
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });
export const loading = signal(true);
/** What the last question failed with; null while all is well. */
export const failure = signal<unknown>(null);
/** What is shown was an answer once, and cannot be asked for again now. */
export const isOld = computed(() => failure.value !== null || unreachable.value !== null);
export const cursor = signal('');
export const loadingMore = signal(false);
export const took = signal({ spansScanned: 0, micros: 0 });
/** Where "reset" leads after brushing. */
export const beforeZoom = signal<Range | null>(null);

/** The ids of the rows as they stand, while they have to stay. */
const fixed = signal<string[] | null>(null);
/** What the first page would be, had it not to wait. */
const waiting = signal<TraceSummary[] | null>(null);
/** How many traces wait. */
export const fresh = computed(() => {
  const listed = new Set(fixed.value ?? []);
  return waiting.value?.filter((t) => !listed.has(t.traceId)).length ?? 0;
});

function orderOf(now: SearchState): Order {
  return now.sort === 'longest' ? 'longest' : 'newest';
}

export const sorted = computed(() => {
  if (fixed.value) {
    const byId = new Map(traces.value.map((t) => [t.traceId, t]));
    return fixed.value.flatMap((id) => byId.get(id) ?? []);
  }
  const list = [...traces.value];
  const by: Record<SearchState['sort'], (t: TraceSummary) => number> = {
    newest: (t) => nanosToMicros(t.start),
    longest: (t) => t.durationMicros,
    spans: (t) => t.spans,
    errors: (t) => t.errors,
  };
  const value = by[state.value.sort];
  return list.sort((a, b) => value(b) - value(a));
});

/** Rows stay where they are until release(). */
export function hold(): void {
  fixed.value ??= sorted.peek().map((t) => t.traceId);
}

/** Shows what waited. */
export function release(): void {
  batch(() => {
    if (waiting.value) traces.value = merge(waiting.value, traces.value);
    waiting.value = null;
    fixed.value = null;
  });
}

/** Shows what waited, and goes on holding. */
export function showFresh(): void {
  release();
  hold();
}

/** Where a changed filter leads, on another page that has the filter bar. */
export const filterLink = signal<((query: string) => string) | null>(null);

export function change(part: Partial<SearchState>): void {
  const next = { ...state.value, ...part };
  release();
  navigate((filterLink.value ?? searchLink)(formatSearch(next)));
}

/** A brush over a chart: looks closer, and remembers the way back. */
export function zoomTo(startMicros: number, endMicros: number): void {
  const kNarrowest = 1000; // a millisecond; the histogram has nothing finer to say
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
let askedSpans = -1;

/** Newly found traces over those listed: the first page is new, what was loaded below it stays. */
function merge(found: TraceSummary[], listed: TraceSummary[]): TraceSummary[] {
  const { limit } = state.peek();
  if (listed.length <= limit) return found;
  const ids = new Set(found.map((t) => t.traceId));
  const rest = listed.filter((t) => !ids.has(t.traceId) && nanosToMicros(t.start) >= window_.peek().startMicros);
  return [...found, ...rest].slice(0, kMostListed);
}

function show(found: SearchAnswer, quiet: boolean): void {
  if (quiet && fixed.peek()) {
    // The listed ones grow in their places: a root that arrived gives its name.
    const byId = new Map(found.traces.map((t) => [t.traceId, t]));
    traces.value = traces.peek().map((t) => byId.get(t.traceId) ?? t);
    waiting.value = found.traces;
    return;
  }
  const held = fixed.peek() !== null;
  const paged = quiet && traces.peek().length > state.peek().limit;
  fixed.value = null;
  waiting.value = null;
  traces.value = paged ? merge(found.traces, traces.peek()) : found.traces;
  if (!paged) cursor.value = found.nextCursor ?? '';
  if (held) hold();
}

async function ask(quiet: boolean): Promise<void> {
  asked.abort();
  const stop = (asked = new AbortController());
  askedAt = Date.now();
  askedSpans = status.peek()?.store.spans ?? -1;
  const current = state.peek();
  const window = windowOf(current.range, nowMicros());
  const filter = toApi(current, window);
  if (!quiet) loading.value = true;
  try {
    const [found, amounts] = await Promise.all([
      api.search(filter, current.limit, orderOf(current), '', stop.signal),
      api.histogram(filter, kBuckets, stop.signal),
    ]);
    batch(() => {
      window_.value = window;
      show(found, quiet);
      histogram.value = amounts;
      took.value = { spansScanned: found.spansScanned, micros: found.tookMicros + amounts.tookMicros };
      failure.value = null;
      loading.value = false;
    });
  } catch (cause) {
    if (isAbort(cause)) return;
    batch(() => {
      failure.value = cause;
      loading.value = false;
    });
  }
}

export async function loadMore(): Promise<void> {
  if (cursor.value === '' || loadingMore.value) return;
  loadingMore.value = true;
  const { signal: stopped } = asked;
  try {
    const found = await api.search(toApi(state.value, window_.value), state.value.limit, orderOf(state.value), cursor.value, stopped);
    const known = new Set(traces.value.map((t) => t.traceId));
    batch(() => {
      const more = found.traces.filter((t) => !known.has(t.traceId));
      traces.value = [...traces.value, ...more];
      if (fixed.value) fixed.value = [...fixed.value, ...more.map((t) => t.traceId)];
      cursor.value = traces.value.length < kMostListed ? (found.nextCursor ?? '') : '';
    });
  } catch (cause) {
    if (!isAbort(cause)) failure.value = cause;
  }
  loadingMore.value = false;
}

/** Asks whenever the filter changes, and while live whenever there is news. Returns how to stop. */
export function startSearch(): () => void {
  const filterKey = computed(() => {
    const { sort: _, live: __, ...filter } = state.value;
    return JSON.stringify([filter, orderOf(state.value)]);
  });
  const stopFilter = effect(() => {
    void filterKey.value;
    untracked(() => void ask(false));
  });
  const stopLive = effect(() => {
    const spans = status.value?.store.spans ?? -1;
    const live = isLive.value;
    untracked(() => {
      const failed = failure.value !== null;
      if (loading.value || (failed ? isFilterMistake(failure.value) : !live)) return;
      const waited = Date.now() - askedAt;
      if (failed ? waited >= kRetryMillis : spans !== askedSpans || waited >= kRefreshMillis) void ask(true);
    });
  });
  return () => {
    stopFilter();
    stopLive();
    asked.abort();
    release();
  };
}
