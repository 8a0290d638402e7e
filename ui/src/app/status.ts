// The server's state, asked for twice a second while somebody looks (tab visible), and the server's
// clock: ranges that end "now" mean the server's now, for browsers on other machines.

import { signal } from '@preact/signals';
import { api, messageOf, type Status } from '../api.ts';
import { nanosToMicros } from '../lib/format.ts';
import { pauseAfter } from '../lib/pace.ts';

const kPollMillis = 500; // so that new traces appear within a second, with time left for the search
const kRetryMillis = 1000;
const kRetryMaxMillis = 10e3; // each costs next to nothing; whoever starts the server again sits here

export const status = signal<Status | null>(null);
/** Why the last question failed; null while all is well. */
export const unreachable = signal<string | null>(null);
let aheadMicros = 0;

export function nowMicros(): number {
  return Date.now() * 1000 + aheadMicros;
}

let timer = 0;
let asking = false;
let failures = 0;

async function poll(): Promise<void> {
  clearTimeout(timer);
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await api.status();
    // Below two seconds it is the way of the answer, not the clock.
    const ahead = nanosToMicros(answer.now) - Date.now() * 1000;
    aheadMicros = Math.abs(ahead) > 2e6 ? ahead : 0;
    status.value = answer;
    unreachable.value = null;
    failures = 0;
  } catch (cause) {
    failures++;
    unreachable.value = messageOf(cause);
  }
  asking = false;
  timer = window.setTimeout(poll, failures > 0 ? pauseAfter(failures, kRetryMillis, kRetryMaxMillis) : kPollMillis);
}

export function startStatus(): void {
  document.addEventListener('visibilitychange', () => void poll());
  void poll();
}
