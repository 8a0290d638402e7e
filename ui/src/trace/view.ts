// What the Trace page knows: the trace as columns, its tree, what is folded, selected and looked at; and
// when to ask the server again.

import { batch, computed, effect, signal } from '@preact/signals';
import { api, ApiError, isAbort, messageOf, type LogRecord, type SpanDetails, type Trace } from '../api.ts';
import { setParameters } from '../app/router.ts';
import { theme } from '../app/prefs.ts';
import { nowMicros, status } from '../app/status.ts';
import { assignColors, paletteColor } from '../lib/color.ts';
import { isWorthRetrying, restAskedFor } from '../lib/failure.ts';
import { nanosToMicros } from '../lib/format.ts';
import { pauseAfter } from '../lib/pace.ts';
import { parseTraceAddress, traceParameters, type TraceAddress } from '../lib/traceAddress.ts';
import { TraceTree } from '../lib/tree.ts';
import { TraceFind } from './find.ts';
import { SpanAnswers } from './spanAnswers.ts';

const kYoungMicros = 30e6; // after that long without news a trace counts as whole
const kMissingMicros = 30e6; // how long to wait for one that is not there yet
const kReloadMillis = 1000;
// Browsers refuse more than some two hundred new addresses in half a minute: a held key is one.
const kAddressMillis = 150;

export interface Loaded {
  trace: Trace;
  tree: TraceTree;
  /** At least 1, so that it can be divided by. */
  total: number;
}

export class TraceView {
  readonly id: string;
  readonly loaded = signal<Loaded | null>(null);
  /** What the last question for the trace failed with; null while all is well. */
  readonly failure = signal<unknown>(null);
  /** When it will be asked again after a failure, in milliseconds since 1970; null: by nobody, or it is under way. */
  readonly retryAt = signal<number | null>(null);
  readonly missing = signal(false);
  /** The row under the cursor; -1 where there is none. */
  readonly cursor = signal(-1);
  readonly panel = signal(false);
  readonly range = signal({ from: 0, to: 1 });
  readonly tab = signal<'waterfall' | 'logs'>('waterfall');
  readonly logs = signal<LogRecord[] | null>(null);
  /** There are more than those that the server gives at once. */
  readonly moreLogs = signal(false);
  readonly logsFailure = signal<string | null>(null);
  private readonly foldedChanged = signal(0);
  private folded = new Uint8Array(0);
  private readonly stop = new AbortController();
  private readonly spanAnswers: SpanAnswers;
  private readonly openedAt = Date.now();
  private timer = 0;
  private asking = false;
  /** What the last answer said was not final: the trace was young, or not there yet. */
  private unsettled = false;
  private failures = 0;
  private askedSpans = -1;
  private wantedSpan: string | null;
  private wantedZoom: TraceAddress['zoom'];
  private notedSpan: string | null;
  private noteTimer = 0;
  private readonly stopNoting: () => void;

  readonly visible = computed(() => {
    void this.foldedChanged.value;
    const loaded = this.loaded.value;
    return loaded ? loaded.tree.visible(this.folded) : new Int32Array(0);
  });

  readonly colorIndex = computed(() => assignColors(this.loaded.value?.trace.services ?? []));
  readonly colors = computed(() =>
    (this.loaded.value?.trace.services ?? []).map((name) => paletteColor(this.colorIndex.value.get(name) ?? 0, theme.value)),
  );

  private readonly trace = computed(() => this.loaded.value?.trace ?? null);
  readonly find: TraceFind;

  constructor(id: string, search: string) {
    this.id = id;
    this.spanAnswers = new SpanAnswers(id, this.stop.signal);
    const address = parseTraceAddress(search);
    this.wantedSpan = this.notedSpan = address.span;
    this.wantedZoom = address.zoom;
    this.find = new TraceFind(id, this.trace);
    this.find.query.value = address.find;
    this.tab.value = address.logs ? 'logs' : 'waterfall';
    this.stopNoting = effect(() => {
      void [this.find.query.value, this.tab.value, this.range.value];
      if (this.loaded.peek()) this.note();
    });
    // In a tab that nobody looks at it grows old unasked.
    const look = (): void => {
      if (!document.hidden && this.unsettled) void this.load();
    };
    document.addEventListener('visibilitychange', look, { signal: this.stop.signal });
    void this.load();
  }

  close(): void {
    this.find.close();
    clearTimeout(this.timer);
    clearTimeout(this.noteTimer);
    this.stopNoting();
    this.stop.abort();
  }

  private async load(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const began = performance.now();
    this.askedSpans = status.peek()?.store.spans ?? -1;
    this.retryAt.value = null;
    let pause = kReloadMillis;
    try {
      const trace = await api.trace(this.id, this.stop.signal);
      this.failures = 0;
      this.failure.value = null;
      this.show(trace);
    } catch (cause) {
      if (isAbort(cause)) return;
      pause = this.failed(cause);
    }
    this.asking = false;
    this.unsettled = this.failure.peek() === null && this.worthReloading();
    // A huge trace is asked for less often: a tenth of the time at most goes into it.
    pause = Math.max(pause, (performance.now() - began) * 10);
    this.again(pause);
    if (this.failures > 0 && this.worthReloading()) this.retryAt.value = Date.now() + pause;
  }

  /** Returns how long to wait before asking again. */
  private failed(cause: unknown): number {
    const absent = cause instanceof ApiError && cause.status === 404;
    this.failures = absent ? 0 : this.failures + 1;
    batch(() => {
      this.missing.value = absent && this.loaded.value === null;
      this.failure.value = absent ? null : cause;
    });
    return absent ? kReloadMillis : Math.max(pauseAfter(this.failures), restAskedFor(cause));
  }

  /** At once, after a failure. */
  retry(): void {
    clearTimeout(this.timer);
    void this.load();
  }

  private again(millis: number): void {
    clearTimeout(this.timer);
    if (this.stop.signal.aborted || !this.worthReloading()) return;
    this.timer = window.setTimeout(() => {
      const news = (status.peek()?.store.spans ?? -2) !== this.askedSpans;
      if (!document.hidden && (news || this.failure.peek() !== null)) void this.load();
      else this.again(kReloadMillis);
    }, millis);
  }

  private worthReloading(): boolean {
    const loaded = this.loaded.peek();
    const failure = this.failure.peek();
    if (failure !== null) return isWorthRetrying(failure);
    if (!loaded) return (Date.now() - this.openedAt) * 1000 < kMissingMicros;
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
      const row = wanted === null ? -1 : trace.spanId.indexOf(wanted);
      this.cursor.value = row;
      if (!before && row >= 0) this.panel.value = true;
      if (!before && this.wantedZoom) this.zoom(this.wantedZoom.from, this.wantedZoom.to);
      if (before) this.spanAnswers.clear();
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
      const address = { span: this.notedSpan, logs: this.tab.peek() === 'logs', find: this.find.query.peek().trim(), zoom: whole ? null : { from, to } };
      setParameters(traceParameters(address));
    }, kAddressMillis);
  }

  /** Another address of this trace: a link to it, or a step in the history. */
  follow(search: string): void {
    const { span, logs, find, zoom } = parseTraceAddress(search);
    const loaded = this.loaded.peek();
    const row = loaded && span !== null ? loaded.trace.spanId.indexOf(span) : -1;
    if (loaded && span !== null && row < 0) return; // nothing to show: what is looked at stays
    this.wantedSpan = this.notedSpan = span;
    this.wantedZoom = zoom;
    batch(() => {
      this.find.query.value = find;
      this.tab.value = logs ? 'logs' : 'waterfall';
      if (!loaded) return;
      if (row >= 0 && loaded.tree.reveal(this.folded, row)) this.foldedChanged.value++;
      this.cursor.value = row;
      this.panel.value = row >= 0;
      if (zoom) this.zoom(zoom.from, zoom.to);
      else this.resetZoom();
    });
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
    const found = this.find.matches.peek();
    const tree = this.loaded.peek()?.tree;
    if (tree && found && found.count > 0) this.select(tree.next(this.cursor.peek(), step, (row) => found.flags[row] === 1));
  }

  detailsOf(row: number): Promise<SpanDetails> {
    return this.spanAnswers.of(this.loaded.peek()!.trace.spanId, row);
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
