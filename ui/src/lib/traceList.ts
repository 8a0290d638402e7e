// The traces listed, page for page, without one that is left out or there twice. Pure.
//
// A page begins where the one before ended, so it may be put below that one and no other: a list of several
// pages is never mixed with a newer first page, between which and the old one any number may have arrived.

export interface Trace {
  traceId: string;
}

/** Those listed as they are now, in their places: a root that arrived gives its name. */
export function grown<T extends Trace>(listed: readonly T[], found: readonly T[]): T[] {
  const byId = new Map(found.map((t) => [t.traceId, t]));
  return listed.map((t) => byId.get(t.traceId) ?? t);
}

/** The next page below. A trace that moved down since it was listed keeps its place. */
export function withPage<T extends Trace>(listed: readonly T[], page: readonly T[]): T[] {
  const known = new Set(listed.map((t) => t.traceId));
  return [...grown(listed, page), ...page.filter((t) => !known.has(t.traceId))];
}

/** How many of the newest page are not listed; `orMore`: it ends before it meets one that is. */
export function unlisted(listed: readonly Trace[], newest: readonly Trace[], hasMore: boolean): { count: number; orMore: boolean } {
  const known = new Set(listed.map((t) => t.traceId));
  const count = newest.filter((t) => !known.has(t.traceId)).length;
  return { count, orMore: hasMore && count > 0 && count === newest.length };
}
