// A question that a page asks the server again and again: one at a time, at its pace (lib/pace.ts). Another
// question ends the one under way; the same one waits for it.

import { batch, signal } from '@preact/signals';
import { isWorthRetrying, restAskedFor } from '../lib/failure.ts';
import { Pace, type Rhythm } from '../lib/pace.ts';

export class Question<Answer> {
  /** Nothing that is shown answers the question yet. */
  readonly loading = signal(true);
  /** What the last attempt failed with; null while all is well. */
  readonly failure = signal<unknown>(null);
  /** When it will be asked again, in milliseconds since 1970; null: by nobody, or it is under way. */
  readonly retryAt = signal<number | null>(null);
  private readonly pace: Pace;
  private stopped = new AbortController();
  private answered = false;

  /** `show` is told whether the same question had an answer before. */
  constructor(
    rhythm: Rhythm,
    private readonly put: (stop: AbortSignal) => Promise<Answer>,
    private readonly show: (answer: Answer, again: boolean) => void,
  ) {
    this.pace = new Pace(rhythm);
  }

  /** Another question than before. */
  askAnew(): void {
    this.pace.reset();
    this.loading.value = true;
    this.answered = false;
    void this.ask();
  }

  /** The same question, at once. */
  askAgain(): void {
    void this.ask();
  }

  /** The same question where it is time for it; `isNews`: there is something new to tell. */
  askWhenDue(isNews: boolean): void {
    if (this.pace.isDue(performance.now(), isNews)) void this.ask();
  }

  /** After a failure, where trying again makes sense and the pause is over. */
  retryWhenDue(): void {
    if (isWorthRetrying(this.failure.peek())) this.askWhenDue(true);
  }

  /** Ends what is under way. */
  stop(): void {
    this.stopped.abort();
    this.pace.drop(performance.now());
  }

  private async ask(): Promise<void> {
    this.stop();
    const stop = (this.stopped = new AbortController());
    this.pace.begin(performance.now());
    this.retryAt.value = null;
    try {
      const answer = await this.put(stop.signal);
      if (stop.signal.aborted) return;
      this.pace.answered(performance.now());
      batch(() => {
        this.show(answer, this.answered);
        this.answered = true;
        this.failure.value = null;
        this.loading.value = false;
      });
    } catch (cause) {
      if (stop.signal.aborted) return;
      stop.abort(); // the other half of a question of two: nobody waits for it
      const pause = this.pace.failed(performance.now(), restAskedFor(cause));
      batch(() => {
        this.failure.value = cause;
        this.retryAt.value = isWorthRetrying(cause) ? Date.now() + pause : null;
        this.loading.value = false;
      });
    }
  }
}
