// What is searched for: the filter bar's state, as it stands in the address. Operations has the same.

import { computed, signal } from '@preact/signals';
import { searchLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { zoomOf } from '../app/zoom.ts';
import { formatSearch, parseSearch, type SearchState, type Window } from '../lib/searchState.ts';

export const state = computed<SearchState>(() => parseSearch(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

/** What the range meant when the last answer was asked for. */
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });
/** Where a changed filter leads, on another page that has the filter bar. */
export const filterLink = signal<((query: string) => string) | null>(null);

export function change(part: Partial<SearchState>): void {
  navigate((filterLink.value ?? searchLink)(formatSearch({ ...state.value, ...part })));
}

export const { beforeZoom, zoomTo, resetZoom } = zoomOf(() => state.value.range, change);
