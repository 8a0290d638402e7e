// What the Trace page knows: the trace as columns, its tree, what is folded, selected, looked for and
// looked at; and when to ask the server again.

import { batch, computed, effect, signal } from '@preact/signals';
import { api, ApiError, isAbort, messageOf, type LogRecord, type SpanDetails, type Trace } from '../api.ts';
import { setParameters } from '../app/router.ts';
import { theme } from '../app/prefs.ts';
import { nowMicros, status } from '../app/status.ts';
import { assignColors, paletteColor } from '../lib/color.ts';
import { nanosToMicros } from '../lib/format.ts';
import { parseTraceAddress, traceParameters, type TraceAddress } from '../lib/traceAddress.ts';
import { TraceTree } from '../lib/tree.ts';

const kYoungMicros = 30e6; // after that long without news a trace counts as whole
const kMissingMicros = 30e6; // how long to wait for one that is not there yet
const kReloadMillis = 1000;
// Browsers refuse more than some two hundred new addresses in half a minute: a held key is one.
const kAddressMillis = 150;
const kFindMillis = 200; // while somebody types
const kFindLeast = 2; // characters; one is in everything
const kFindBytesMax = 200; // the server's bound
const kDetailsKept = 200; // answers about spans; going back and forth asks nothing

export interface Loaded {
  trace: Trace;
  tree: TraceTree;
  /** At least 1, so that it can be divided by. */
  total: number;
}

export class TraceView {
  readonly id: string;
  readonly loaded = signal<Loaded | null>(null);
  readonly failure = signal<string | null>(null);
  readonly missing = signal(false);
  /** The row under the cursor; -1 where there is none. */
  readonly cursor = signal(-1);
  readonly panel = signal(false);
  readonly range = signal({ from: 0, to: 1 });
  readonly query = signal('');
  readonly tab = signal<'waterfall' | 'logs'>('waterfall');
  readonly logs = signal<LogRecord[] | null>(null);
  /** There are more than those that the server gives at once. */
  readonly moreLogs = signal(false);
  readonly logsFailure = signal<string | null>(null);
  private readonly foldedChanged = signal(0);
  private folded = new Uint8Array(0);
  private readonly details = new Map<string, Promise<SpanDetails>>();
  private readonly stop = new AbortController();
  private readonly openedAt = Date.now();
  private timer = 0;
  private askedSpans = -1;
  private readonly wantedSpan: string | null;
  private readonly wantedZoom: TraceAddress['zoom'];
  private notedSpan: string | null;
  private noteTimer = 0;
  private readonly stopNoting: () => void;
  private readonly stopLooking: () => void;

  readonly visible = computed(() => {
    void this.foldedChanged.value;
    const loaded = this.loaded.value;
    return loaded ? loaded.tree.visible(this.folded) : new Int32Array(0);
  });

  readonly colorIndex = computed(() => assignColors(this.loaded.value?.trace.services ?? []));
  readonly colors = computed(() =>
    (this.loaded.value?.trace.services ?? []).map((name) => paletteColor(this.colorIndex.value.get(name) ?? 0, theme.value)),
  );

  /** The server is looking for the text in what is not here: values and log lines. */
  readonly finding = signal(false);
  private readonly foundThere = signal<{ text: string; rows: number[] } | null>(null);
  private findTimer = 0;
  private stopFinding = new AbortController();

  /** 1 for each row that the find field matches; null while it is empty. */
  readonly matches = computed(() => {
    const loaded = this.loaded.value;
    const wanted = this.query.value.trim().toLowerCase();
    if (!loaded || wanted === '') return null;
    const { trace } = loaded;
    const names = trace.names.map((name) => name.toLowerCase().includes(wanted));
    const services = trace.services.map((name) => name.toLowerCase().includes(wanted));
    const asId = /^[0-9a-f]{4,16}$/.test(wanted);
    const flags = new Uint8Array(trace.name.length);
    let count = 0;
    for (let row = 0; row < flags.length; row++) {
      if (names[trace.name[row]!] || services[trace.service[row]!] || (asId && trace.spanId[row]!.startsWith(wanted))) {
        flags[row] = 1;
        count++;
      }
    }
    const there = this.foundThere.value;
    for (const row of there?.text === wanted ? there.rows : []) {
      if (flags[row] !== 0) continue; // also of a row that is no more
      flags[row] = 1;
      count++;
    }
    return { flags, count };
  });

  constructor(id: string, search: string) {
    this.id = id;
    const address = parseTraceAddress(search);
    this.wantedSpan = this.notedSpan = address.span;
    this.wantedZoom = address.zoom;
    this.query.value = address.find;
    this.tab.value = address.logs ? 'logs' : 'waterfall';
    this.stopNoting = effect(() => {
      void [this.query.value, this.tab.value, this.range.value];
      if (this.loaded.peek()) this.note();
    });
    this.stopLooking = effect(() => {
      const wanted = this.query.value.trim().toLowerCase();
      const { value: loaded } = this.loaded; // other rows, other answer
      if (loaded) this.lookThere(wanted);
    });
    void this.load();
  }

  close(): void {
    clearTimeout(this.findTimer);
    this.stopLooking();
    this.stopFinding.abort();
    clearTimeout(this.timer);
    clearTimeout(this.noteTimer);
    this.stopNoting();
    this.stop.abort();
  }

  /** Asks the server which rows have the text in their values or log lines, once typing rests. */
  private lookThere(text: string): void {
    clearTimeout(this.findTimer);
    this.stopFinding.abort();
    const wanted = text.length >= kFindLeast && new TextEncoder().encode(text).length <= kFindBytesMax;
    this.foundThere.value = null;
    this.finding.value = wanted;
    if (!wanted) return;
    const stop = (this.stopFinding = new AbortController());
    this.findTimer = window.setTimeout(() => {
      api
        .find(this.id, text, stop.signal)
        .then((answer) => {
          const isSame = answer.spans === this.loaded.peek()?.tree.size;
          batch(() => {
            this.foundThere.value = isSame ? { text, rows: answer.rows } : null;
            this.finding.value = false;
          });
        })
        .catch((cause: unknown) => {
          if (!isAbort(cause)) this.finding.value = false; // what is here was looked through all the same
        });
    }, kFindMillis);
  }

  private async load(): Promise<void> {
    const began = performance.now();
    this.askedSpans = status.peek()?.store.spans ?? -1;
    try {
      this.show(await api.trace(this.id, this.stop.signal));
    } catch (cause) {
      if (isAbort(cause)) return;
      const absent = cause instanceof ApiError && cause.status === 404;
      batch(() => {
        this.missing.value = absent && this.loaded.value === null;
        this.failure.value = absent ? null : messageOf(cause);
      });
    }
    // A huge trace is asked for less often: a tenth of the time at most goes into it.
    this.again(Math.max(kReloadMillis, (performance.now() - began) * 10));
  }

  private again(millis: number): void {
    if (this.stop.signal.aborted || !this.worthReloading()) return;
    this.timer = window.setTimeout(() => {
      const news = (status.peek()?.store.spans ?? -2) !== this.askedSpans;
      if (!document.hidden && (news || this.failure.peek() !== null)) void this.load();
      else this.again(kReloadMillis);
    }, millis);
  }

  private worthReloading(): boolean {
    const loaded = this.loaded.peek();
    if (!loaded) return this.failure.peek() !== null || (Date.now() - this.openedAt) * 1000 < kMissingMicros;
    const end = nanosToMicros(loaded.trace.start) + loaded.trace.durationMicros;
    return nowMicros() - end < kYoungMicros;
  }

  get waiting(): boolean {
    return this.worthReloading();
  }

  private show(trace: Trace): void {
    const before = this.loaded.peek();
    if (before && before.trace.spanId.length === trace.spanId.length && before.trace.durationMicros === trace.durationMicros) return;
    performance.mark('kolben.parsed');
    const tree = new TraceTree(trace);
    const total = Math.max(trace.durationMicros, 1);
    const wanted = before ? (before.trace.spanId[this.cursor.peek()] ?? null) : this.wantedSpan;
    const folded = new Uint8Array(tree.size);
    if (before) this.carryFolds(before.trace, trace, folded);
    const whole = !before || (this.range.peek().from === 0 && this.range.peek().to === before.total);
    batch(() => {
      this.folded = folded;
      this.foldedChanged.value++;
      this.loaded.value = { trace, tree, total };
      if (whole) this.range.value = { from: 0, to: total };
      this.missing.value = false;
      this.failure.value = null;
      const row = wanted === null ? -1 : trace.spanId.indexOf(wanted);
      this.cursor.value = row;
      if (!before && row >= 0) this.panel.value = true;
      if (!before && this.wantedZoom) this.zoom(this.wantedZoom.from, this.wantedZoom.to);
      if (before) this.details.clear();
    });
    if (before && this.logs.peek() !== null) void this.loadLogs(true);
  }

  private carryFolds(old: Trace, now: Trace, folded: Uint8Array): void {
    const ids = new Set<string>();
    this.folded.forEach((fold, row) => {
      if (fold) ids.add(old.spanId[row]!);
    });
    if (ids.size === 0) return;
    now.spanId.forEach((id, row) => {
      if (ids.has(id)) folded[row] = 1;
    });
  }

  isFolded(row: number): boolean {
    return this.folded[row] === 1;
  }

  fold(row: number, fold: boolean): void {
    this.folded[row] = fold ? 1 : 0;
    this.foldedChanged.value++;
  }

  foldAll(fold: boolean): void {
    if (fold) this.loaded.peek()?.tree.foldAll(this.folded);
    else this.folded.fill(0);
    this.foldedChanged.value++;
  }

  /** Puts the cursor on a row, unfolding what hides it, and its id into the address. */
  select(row: number, open = this.panel.peek()): void {
    const loaded = this.loaded.peek();
    if (!loaded || row < 0 || row >= loaded.tree.size) return;
    batch(() => {
      if (loaded.tree.reveal(this.folded, row)) this.foldedChanged.value++;
      this.cursor.value = row;
      this.panel.value = open;
    });
    this.notedSpan = loaded.trace.spanId[row]!;
    this.note();
  }

  /** Puts what is looked at into the address, once it rests. */
  private note(): void {
    clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => {
      const { from, to } = this.range.peek();
      const whole = from <= 0 && to >= (this.loaded.peek()?.total ?? 0);
      const address = { span: this.notedSpan, logs: this.tab.peek() === 'logs', find: this.query.peek().trim(), zoom: whole ? null : { from, to } };
      setParameters(traceParameters(address));
    }, kAddressMillis);
  }

  selectSpan(spanId: string): boolean {
    const row = this.loaded.peek()?.trace.spanId.indexOf(spanId) ?? -1;
    if (row < 0) return false;
    this.tab.value = 'waterfall';
    this.select(row, true);
    return true;
  }

  closePanel(): void {
    this.panel.value = false;
    this.notedSpan = null;
    this.note();
  }

  zoom(from: number, to: number): void {
    const total = this.loaded.peek()?.total ?? 1;
    const least = Math.min(total, Math.max(total / 1e6, 0.01)); // a millionth: deeper there is only noise
    const middle = (from + to) / 2;
    const half = Math.max(to - from, least) / 2;
    const left = Math.min(Math.max(0, middle - half), total - least);
    this.range.value = { from: left, to: Math.min(total, Math.max(left + least, middle + half)) };
  }

  resetZoom(): void {
    this.range.value = { from: 0, to: this.loaded.peek()?.total ?? 1 };
  }

  zoomToSpan(row: number): void {
    const trace = this.loaded.peek()?.trace;
    if (!trace) return;
    const duration = Math.max(trace.durationsMicros[row]!, 0);
    const margin = Math.max(duration * 0.1, 0.5);
    this.zoom(trace.startMicros[row]! - margin, trace.startMicros[row]! + duration + margin);
  }

  nextError(step: 1 | -1): void {
    const tree = this.loaded.peek()?.tree;
    if (tree && tree.errors > 0) this.select(tree.next(this.cursor.peek() < 0 && step > 0 ? -1 : this.cursor.peek(), step, (row) => tree.isError(row)));
  }

  nextMatch(step: 1 | -1): void {
    const found = this.matches.peek();
    const tree = this.loaded.peek()?.tree;
    if (tree && found && found.count > 0) this.select(tree.next(this.cursor.peek(), step, (row) => found.flags[row] === 1));
  }

  /** Zipkin's clients and servers share a span id: then it is the nth of that id, in the order of the rows. */
  detailsOf(row: number): Promise<SpanDetails> {
    const ids = this.loaded.peek()!.trace.spanId;
    const spanId = ids[row]!;
    let nth = 1;
    for (let i = ids.indexOf(spanId); i >= 0 && i < row; i = ids.indexOf(spanId, i + 1)) nth++;
    const key = `${spanId}/${nth}`;
    const kept = this.details.get(key);
    if (kept) return kept;
    const asked = api.span(this.id, spanId, nth, this.stop.signal);
    asked.catch(() => this.details.delete(key));
    this.details.set(key, asked);
    if (this.details.size > kDetailsKept) this.details.delete(this.details.keys().next().value!);
    return asked;
  }

  async loadLogs(again = false): Promise<void> {
    if (this.logs.peek() !== null && !again) return;
    try {
      const answer = await api.logs(this.id, this.stop.signal);
      batch(() => {
        this.logs.value = answer.logs;
        this.moreLogs.value = answer.truncated;
        this.logsFailure.value = null;
      });
    } catch (cause) {
      if (!isAbort(cause)) this.logsFailure.value = messageOf(cause);
    }
  }
}
