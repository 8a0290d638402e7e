// The hand-over between boot.ts and the page: one answer that was asked for early.

export interface Prefetched {
  url: string;
  answer: Promise<Response>;
}

/** Takes the early answer for `url`, once; undefined where there is none. */
export function takePrefetched(url: string): Promise<Response> | undefined {
  const holder = window as { kolbenPrefetch?: Prefetched };
  const early = holder.kolbenPrefetch;
  if (early?.url !== url) return undefined;
  delete holder.kolbenPrefetch;
  return early.answer;
}
