// What the Search page knows of the answers to its question, and when it asks again.
//
// Live: the status poll tells twice a second how many spans there are; only where that changed (or time
// moved on) the search is asked again, so that an idle page costs the server next to nothing.

import { computed, effect, signal, untracked } from '@preact/signals';
import { api, type Histogram, type SearchAnswer } from '../api.ts';
import { nowMicros, status, unreachable } from '../app/status.ts';
import { Question } from '../app/question.ts';
import { kBuckets, toApi, windowOf, type Window } from '../lib/searchState.ts';
import { dropMore, loadingMore, loadMore as loadMoreTraces, orderOf, release, renew, sortAnew, update } from './list.ts';
import { isLive, state, window_ } from './state.ts';

const kRhythm = {
  newsMillis: 0, // at the next look at the status
  idleMillis: 5000, // even when no span came: "last hour" moves on
};

export const histogram = signal<Histogram | null>(null);
export const took = signal({ spansScanned: 0, micros: 0 });

interface Answer {
  found: SearchAnswer;
  amounts: Histogram;
  window: Window;
}

let askedSpans = -1;

async function put(stop: AbortSignal): Promise<Answer> {
  askedSpans = status.peek()?.store.spans ?? -1;
  const now = state.peek();
  const window = windowOf(now.range, nowMicros());
  const filter = toApi(now, window);
  const [found, amounts] = await Promise.all([api.search(filter, now.limit, orderOf(now), '', stop), api.histogram(filter, kBuckets, stop)]);
  return { found, amounts, window };
}

function show({ found, amounts, window }: Answer, again: boolean): void {
  window_.value = window;
  if (again) update(found, window);
  else renew(found, window);
  histogram.value = amounts;
  took.value = { spansScanned: found.spansScanned, micros: found.tookMicros + amounts.tookMicros };
}

export const question = new Question<Answer>(kRhythm, put, show);
export const { loading, failure, retryAt } = question;
/** What is shown was an answer once, and cannot be asked for again now. */
export const isOld = computed(() => failure.value !== null || unreachable.value !== null);

/** The next page. What was under way would have changed the page above it. */
export function loadMore(): void {
  if (loadingMore.peek() || loading.peek()) return;
  question.stop();
  void loadMoreTraces();
}

/** Asks whenever the filter changes, and while live whenever there is news. Returns how to stop. */
export function startSearch(): () => void {
  const filterKey = computed(() => {
    const { sort: _, live: __, ...filter } = state.value;
    return JSON.stringify([filter, orderOf(state.value)]);
  });
  const sort = computed(() => state.value.sort);
  const stopSort = effect(() => {
    void sort.value;
    untracked(sortAnew);
  });
  const stopFilter = effect(() => {
    void filterKey.value;
    untracked(() => {
      dropMore();
      question.askAnew();
    });
  });
  const stopLive = effect(() => {
    const spans = status.value?.store.spans ?? -1;
    const live = isLive.value;
    untracked(() => {
      if (loading.value || loadingMore.value) return;
      if (failure.value !== null) question.retryWhenDue();
      else if (live) question.askWhenDue(spans !== askedSpans);
    });
  });
  return () => {
    stopSort();
    stopFilter();
    stopLive();
    question.stop();
    dropMore();
    release();
  };
}
