// What is looked for among the log lines: the filter bar's state, as it stands in the address.

import { computed, signal } from '@preact/signals';
import { logsLink } from '../app/links.ts';
import { navigate, place } from '../app/router.ts';
import { formatLogs, parseLogs, type LogsState } from '../lib/logsState.ts';
import type { Range, Window } from '../lib/searchState.ts';

export const state = computed<LogsState>(() => parseLogs(place.value.search));
export const isLive = computed(() => state.value.live && state.value.range.kind === 'last');

/** What the range meant when the last answer was asked for. */
export const window_ = signal<Window>({ startMicros: 0, endMicros: 1 });
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
