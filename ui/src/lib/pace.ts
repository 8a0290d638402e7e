// When a page may ask the server again: never while an answer is under way, and then counted from that
// answer, so that a slow server is asked less, not more. What fails is asked again after pauses that grow.
// Pure: whoever calls says what time it is, in milliseconds of a clock that only goes forward.

const kRestShare = 4; // times as long as the answer took: a page has a fifth of a server's time at most
const kRestMaxMillis = 120e3; // so that a live page still is one
export const kRetryMillis = 2000;
const kRetryMaxMillis = 60e3;

export interface Rhythm {
  /** The least pause before asking for what is known to be new. */
  newsMillis: number;
  /** The pause where nothing is known to be new. */
  idleMillis: number;
}

/** The pause after the n-th failure in a row: twice as long as the one before. */
export function pauseAfter(failures: number, firstMillis = kRetryMillis, mostMillis = kRetryMaxMillis): number {
  return Math.min(mostMillis, firstMillis * 2 ** Math.max(0, failures - 1));
}

export class Pace {
  private failures = 0;
  private beganAt = 0;
  private endedAt = 0;
  private restMillis = 0;
  private underWay = false;

  constructor(private readonly rhythm: Rhythm) {}

  /** Another question: what the one before came to says nothing about it. */
  reset(): void {
    this.failures = 0;
  }

  begin(now: number): void {
    this.underWay = true;
    this.beganAt = now;
  }

  /** Given up by the page itself. */
  drop(now: number): void {
    if (!this.underWay) return;
    this.end(now);
  }

  answered(now: number): void {
    this.failures = 0;
    this.end(now);
  }

  /** Returns how long the pause is; `leastMillis`: for which the server asked. */
  failed(now: number, leastMillis = 0): number {
    this.failures++;
    this.end(now);
    this.restMillis = Math.max(this.restMillis, pauseAfter(this.failures), leastMillis);
    return this.restMillis;
  }

  isDue(now: number, isNews: boolean): boolean {
    if (this.underWay) return false;
    const pause = this.failures > 0 ? 0 : isNews ? this.rhythm.newsMillis : this.rhythm.idleMillis;
    return now - this.endedAt >= Math.max(pause, this.restMillis);
  }

  private end(now: number): void {
    this.underWay = false;
    this.endedAt = now;
    this.restMillis = Math.min(kRestMaxMillis, (now - this.beganAt) * kRestShare);
  }
}
