// The answers about single spans, kept: going back and forth asks nothing.

import { api, type SpanDetails } from '../api.ts';

const kKept = 200;

export class SpanAnswers {
  private readonly kept = new Map<string, Promise<SpanDetails>>();

  constructor(
    private readonly traceId: string,
    private readonly stop: AbortSignal,
  ) {}

  /** The trace has changed. */
  clear(): void {
    this.kept.clear();
  }

  /** Zipkin's clients and servers share a span id: then it is the nth of that id, in the order of the rows. */
  of(ids: readonly string[], row: number): Promise<SpanDetails> {
    const spanId = ids[row]!;
    let nth = 1;
    for (let i = ids.indexOf(spanId); i >= 0 && i < row; i = ids.indexOf(spanId, i + 1)) nth++;
    const key = `${spanId}/${nth}`;
    const kept = this.kept.get(key);
    if (kept) return kept;
    const asked = api.span(this.traceId, spanId, nth, this.stop);
    asked.catch(() => this.kept.delete(key));
    this.kept.set(key, asked);
    if (this.kept.size > kKept) this.kept.delete(this.kept.keys().next().value!);
    return asked;
  }
}
