// What the Operations page knows: the filter and the listing in the address, the figures, and when to
// ask again. The filter is Search's: its bar stands here too.

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { api, isAbort, isFilterMistake, type Performance, type PerformanceRow } from '../api.ts';
import { operationsLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { nowMicros, status } from '../app/status.ts';
import { parseListing, toPerformanceApi, withListing, type Listing } from '../lib/operations.ts';
import { formatSearch, windowOf } from '../lib/searchState.ts';
import { filterLink, isLive, state, window_ } from '../search/store.ts';

const kNewsMillis = 2000; // after new spans; a table that changes faster cannot be read
const kRefreshMillis = 5000; // even when no span came: "last hour" moves on
const kRetryMillis = 2000;

export const listing = computed<Listing>(() => parseListing(place.value.search));
export const answer = signal<Performance | null>(null);
export const loading = signal(true);
/** What the last question failed with; null while all is well. */
export const failure = signal<unknown>(null);
/** Rows stay where they are while somebody is about to click one. */
export const held = signal(false);

export function keyOf(row: PerformanceRow): string {
  return JSON.stringify([row.service, row.name ?? row.statement, row.key, row.system]);
}

export function change(part: Partial<Listing>): void {
  navigate(operationsLink(withListing(formatSearch(state.value), { ...listing.value, ...part })));
}

/** The fresh rows in the order of those that are listed; what is new comes last. */
function inPlace(fresh: PerformanceRow[], listed: PerformanceRow[]): PerformanceRow[] {
  const at = new Map(listed.map((row, i) => [keyOf(row), i]));
  const rank = (row: PerformanceRow): number => at.get(keyOf(row)) ?? listed.length;
  return [...fresh].sort((a, b) => rank(a) - rank(b));
}

let asked = new AbortController();
let askedAt = 0;
let askedSpans = -1;

async function ask(quiet: boolean): Promise<void> {
  asked.abort();
  const stop = (asked = new AbortController());
  askedAt = Date.now();
  askedSpans = status.peek()?.store.spans ?? -1;
  const window = windowOf(state.peek().range, nowMicros());
  if (!quiet) loading.value = true;
  try {
    const found = await api.performance(toPerformanceApi(state.peek(), listing.peek(), window), stop.signal);
    batch(() => {
      const stays = quiet && held.peek() ? answer.peek() : null;
      answer.value = stays ? { ...found, rows: inPlace(found.rows, stays.rows) } : found;
      window_.value = window;
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

/** Asks whenever the filter or the listing changes, and while live whenever there is news. Returns how to stop. */
export function startOperations(): () => void {
  filterLink.value = (query) => operationsLink(withListing(query, listing.value));
  const question = computed(() => {
    const { sort: _, live: __, limit: ___, ...filter } = state.value;
    return JSON.stringify([filter, listing.value]);
  });
  const stopFilter = effect(() => {
    void question.value;
    untracked(() => void ask(false));
  });
  const stopLive = effect(() => {
    const spans = status.value?.store.spans ?? -1;
    const live = isLive.value;
    untracked(() => {
      const failed = failure.value !== null;
      if (loading.value || (failed ? isFilterMistake(failure.value) : !live)) return;
      const waited = Date.now() - askedAt;
      const due = failed ? kRetryMillis : spans !== askedSpans ? kNewsMillis : kRefreshMillis;
      if (waited >= due) void ask(true);
    });
  });
  return () => {
    stopFilter();
    stopLive();
    asked.abort();
    filterLink.value = null;
    answer.value = null;
  };
}
