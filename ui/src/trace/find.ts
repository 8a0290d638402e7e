// Finding in a trace: names and ids are looked through here, values and log lines by the server.

import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { api, type Trace } from '../api.ts';

const kFindMillis = 200; // while somebody types
const kFindLeast = 2; // characters; one is in everything
const kFindBytesMax = 200; // the server's bound

/** 1 for each row whose name, service or id has the text. */
function rowsHere(trace: Trace, wanted: string): Uint8Array {
  const names = trace.names.map((name) => name.toLowerCase().includes(wanted));
  const services = trace.services.map((name) => name.toLowerCase().includes(wanted));
  const asId = /^[0-9a-f]{4,16}$/.test(wanted);
  const flags = new Uint8Array(trace.name.length);
  for (let row = 0; row < flags.length; row++) {
    if (names[trace.name[row]!] || services[trace.service[row]!] || (asId && trace.spanId[row]!.startsWith(wanted))) flags[row] = 1;
  }
  return flags;
}

export class TraceFind {
  readonly query = signal('');
  /** The server is looking for the text in what is not here. */
  readonly finding = signal(false);
  private readonly foundThere = signal<{ text: string; rows: number[] } | null>(null);
  private timer = 0;
  private stop = new AbortController();
  private readonly stopLooking: () => void;

  /** 1 for each row that the text matches; null while there is none. */
  readonly matches = computed(() => {
    const trace = this.trace.value;
    const wanted = this.wanted;
    if (!trace || wanted === '') return null;
    const flags = rowsHere(trace, wanted);
    const there = this.foundThere.value;
    for (const row of there?.text === wanted ? there.rows : []) {
      if (row < flags.length) flags[row] = 1; // also of a trace that had more rows
    }
    return { flags, count: flags.reduce((sum, flag) => sum + flag, 0) };
  });

  constructor(
    private readonly id: string,
    private readonly trace: ReadonlySignal<Trace | null>,
  ) {
    this.stopLooking = effect(() => {
      const wanted = this.wanted;
      if (this.trace.value) this.lookThere(wanted); // other rows, other answer
    });
  }

  close(): void {
    clearTimeout(this.timer);
    this.stopLooking();
    this.stop.abort();
  }

  private get wanted(): string {
    return this.query.value.trim().toLowerCase();
  }

  /** Asks the server once typing rests. */
  private lookThere(text: string): void {
    clearTimeout(this.timer);
    this.stop.abort();
    const wanted = text.length >= kFindLeast && new TextEncoder().encode(text).length <= kFindBytesMax;
    this.foundThere.value = null;
    this.finding.value = wanted;
    if (!wanted) return;
    const stop = (this.stop = new AbortController());
    this.timer = window.setTimeout(() => {
      api
        .find(this.id, text, stop.signal)
        .then((answer) => {
          if (stop.signal.aborted) return;
          const isSame = answer.spans === this.trace.peek()?.spanId.length;
          batch(() => {
            this.foundThere.value = isSame ? { text, rows: answer.rows } : null;
            this.finding.value = false;
          });
        })
        .catch(() => {
          if (!stop.signal.aborted) this.finding.value = false; // what is here was looked through all the same
        });
    }, kFindMillis);
  }
}
