// What is looked for among the log lines: the filter bar's state, as it stands in the address.

import { computed, signal } from '@preact/signals';
import { logsLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { zoomOf } from '../app/zoom.ts';
import { formatLogs, parseLogs, type LogsState } from '../lib/logsState.ts';
import type { Window } from '../lib/searchState.ts';

export const state = computed<LogsState>(() => parseLogs(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

/** What the range meant when the last answer was asked for. */
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });

export function change(part: Partial<LogsState>): void {
  navigate(logsLink(formatLogs({ ...state.value, ...part })));
}

export const { beforeZoom, zoomTo, resetZoom } = zoomOf(() => state.value.range, change);
