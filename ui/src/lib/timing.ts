// Where the times of a trace surprise: spans that outlast their parent, or begin before it, and traces
// that outlast their root. Pure.

export interface Times {
  parent: ArrayLike<number>;
  startMicros: ArrayLike<number>;
  durationsMicros: ArrayLike<number>;
}

// Clocks tick in microseconds, and a span is rounded at both of its ends.
const kSlackMicros = 2;

function endOf(times: Times, row: number): number {
  return times.startMicros[row]! + Math.max(times.durationsMicros[row]!, 0);
}

/** By how much the span ends after its parent, and begins before it; 0 where it does not. */
export function overhangOf(times: Times, row: number): { after: number; before: number } {
  const parent = times.parent[row]!;
  if (parent < 0) return { after: 0, before: 0 };
  const after = endOf(times, row) - endOf(times, parent);
  const before = times.startMicros[parent]! - times.startMicros[row]!;
  return { after: after > kSlackMicros ? after : 0, before: before > kSlackMicros ? before : 0 };
}

/** What the root took, where the trace as a whole took another time; null where there is no one root. */
export function rootDuration(times: Times, totalMicros: number): number | null {
  if (times.parent.length === 0 || times.parent[0] !== -1) return null;
  const duration = Math.max(times.durationsMicros[0]!, 0);
  return Math.abs(totalMicros - duration) > kSlackMicros ? duration : null;
}
