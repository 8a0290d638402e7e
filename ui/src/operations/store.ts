// What the Operations page knows: the filter and the listing in the address, the figures, and when to
// ask again. The filter is Search's: its bar stands here too.

import { computed, effect, signal, untracked } from '@preact/signals';
import { api, type Performance, type PerformanceRow } from '../api.ts';
import { operationsLink } from '../app/links.ts';
import { Question } from '../app/question.ts';
import { navigate, place } from '../app/router.ts';
import { nowMicros, status } from '../app/status.ts';
import { parseListing, toPerformanceApi, withListing, type Listing } from '../lib/operations.ts';
import { formatSearch, windowOf, type Window } from '../lib/searchState.ts';
import { filterLink, isLive, state, window_ } from '../search/state.ts';

const kRhythm = {
  newsMillis: 2000, // a table that changes faster cannot be read
  idleMillis: 5000, // even when no span came: "last hour" moves on
};

export const listing = computed<Listing>(() => parseListing(place.value.search));
export const answer = signal<Performance | null>(null);
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

interface Answer {
  found: Performance;
  window: Window;
}

let askedSpans = -1;

async function put(stop: AbortSignal): Promise<Answer> {
  askedSpans = status.peek()?.store.spans ?? -1;
  const window = windowOf(state.peek().range, nowMicros());
  return { found: await api.performance(toPerformanceApi(state.peek(), listing.peek(), window), stop), window };
}

function show({ found, window }: Answer, again: boolean): void {
  const stays = again && held.peek() ? answer.peek() : null;
  answer.value = stays ? { ...found, rows: inPlace(found.rows, stays.rows) } : found;
  window_.value = window;
}

export const question = new Question<Answer>(kRhythm, put, show);
export const { loading, failure, retryAt } = question;

/** Asks whenever the filter or the listing changes, and while live whenever there is news. Returns how to stop. */
export function startOperations(): () => void {
  filterLink.value = (query) => operationsLink(withListing(query, listing.value));
  const asked = computed(() => {
    const { sort: _, live: __, limit: ___, ...filter } = state.value;
    return JSON.stringify([filter, listing.value]);
  });
  const stopFilter = effect(() => {
    void asked.value;
    untracked(() => question.askAnew());
  });
  const stopLive = effect(() => {
    const spans = status.value?.store.spans ?? -1;
    const live = isLive.value;
    untracked(() => {
      if (loading.value) return;
      if (failure.value !== null) question.retryWhenDue();
      else if (live) question.askWhenDue(spans !== askedSpans);
    });
  });
  return () => {
    stopFilter();
    stopLive();
    question.stop();
    filterLink.value = null;
    answer.value = null;
  };
}
