// Looking closer at a part of the time, and the way back, on a page whose range stands in its address.

import { signal } from '@preact/signals';
import type { Range } from '../lib/searchState.ts';

const kNarrowestMicros = 1000; // the histograms have nothing finer to say

export function zoomOf(range: () => Range, change: (part: { range: Range }) => void) {
  /** Where the way back leads; null: the range is nobody's closer look. */
  const beforeZoom = signal<Range | null>(null);
  return {
    beforeZoom,
    zoomTo(startMicros: number, endMicros: number): void {
      if (endMicros - startMicros < kNarrowestMicros) return;
      if (beforeZoom.value === null) beforeZoom.value = range();
      change({ range: { kind: 'fixed', startMicros: Math.round(startMicros), endMicros: Math.round(endMicros) } });
    },
    resetZoom(): void {
      const before = beforeZoom.value ?? { kind: 'last', seconds: 3600 };
      beforeZoom.value = null;
      change({ range: before });
    },
  };
}
