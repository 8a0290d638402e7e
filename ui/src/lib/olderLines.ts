// The log lines listed, page for page, without one that is left out or there twice. Pure.
//
// Lines have no id, and those of the very same nanosecond lie in no particular order, which may be another
// once more of them arrive. So the lines of the last nanosecond listed are asked for again with those
// that are older, and all of them put in the place of the ones that were there.

export interface Line {
  /** Nanoseconds, as decimal text. */
  time: string;
}

export interface Older<T extends Line> {
  /** The lines that stay, all of them newer than what is asked for. */
  newer: T[];
  /** The end of the time to ask about; nanoseconds, excluded. */
  end: string;
  limit: number;
}

const kAnswerMax = 10000; // the server's bound

export function olderThan<T extends Line>(listed: readonly T[], limit: number): Older<T> {
  const last = listed[listed.length - 1]!.time;
  let keep = listed.length;
  while (keep > 0 && listed[keep - 1]!.time === last) keep--;
  return { newer: listed.slice(0, keep), end: String(BigInt(last) + 1n), limit: Math.min(kAnswerMax, limit + listed.length - keep) };
}
