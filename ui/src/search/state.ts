// What is searched for: the filter bar's state, as it stands in the address. Operations has the same.

import { computed, signal } from '@preact/signals';
import { searchLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { formatSearch, parseSearch, type Range, type SearchState, type Window } from '../lib/searchState.ts';

export const state = computed<SearchState>(() => parseSearch(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

/** What the range meant when the last answer was asked for. */
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });
/** Where "reset" leads after brushing. */
export const beforeZoom = signal<Range | null>(null);
/** Where a changed filter leads, on another page that has the filter bar. */
export const filterLink = signal<((query: string) => string) | null>(null);

export function change(part: Partial<SearchState>): void {
  navigate((filterLink.value ?? searchLink)(formatSearch({ ...state.value, ...part })));
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
