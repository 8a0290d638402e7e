// The hand-over between boot.ts and the page: one answer that was asked for early.

export interface Prefetched {
  url: string;
  response: Promise<Response>;
  /** Its JSON: read from the start, since browsers let an answer that nobody reads wait on its way. */
  body: Promise<unknown>;
}

/** Takes the early answer for `url`, once; undefined where there is none. */
export function takePrefetched(url: string): Prefetched | undefined {
  const holder = window as { kolbenPrefetch?: Prefetched };
  const early = holder.kolbenPrefetch;
  if (early?.url !== url) return undefined;
  delete holder.kolbenPrefetch;
  return early;
}
