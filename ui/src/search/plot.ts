// The two charts over time, on uPlot; framework-free. Loaded apart from the page, which shows its
// list without waiting for it.

import uPlot from 'uplot';
import { formatClock, formatCompact, formatDay, formatMicros } from '../lib/format.ts';
import { token } from '../app/prefs.ts';

export interface PlotHandlers {
  onHover: (index: number | null) => void;
  onBrush: (startMicros: number, endMicros: number) => void;
  onReset: () => void;
}

export interface PlotData {
  times: number[]; // microseconds, the left edge of each bar
  barMicros: number;
  startMicros: number;
  endMicros: number;
  series: (number | null)[][];
}

export type PlotKind = 'amount' | 'latency';

const kHeight = 150;
const kSync = 'kolben.search';
const kLeft = 56; // pixels for the labels of the y axis
const kRight = 8;
const kLabelChar = 6.2; // about a digit's width in kFont

function timeLabel(seconds: number, span: number): string {
  const micros = seconds * 1e6;
  if (span > 300 * 86400) return formatDay(micros).slice(0, 7);
  if (span > 3 * 86400) return formatDay(micros).slice(5);
  const clock = formatClock(micros, span < 1);
  if (span > 86400) return `${formatDay(micros).slice(5)} ${clock.slice(0, 5)}`;
  return span >= 240 ? clock.slice(0, 5) : clock;
}

/** Labels stand centred below their ticks: one that would reach over an edge is left out. */
function timeTicks(u: uPlot, splits: number[], from: number, to: number): string[] {
  const span = (splits[splits.length - 1] ?? 0) - (splits[0] ?? 0);
  const width = u.width - kLeft - kRight;
  return splits.map((seconds) => {
    const text = timeLabel(seconds, span);
    const half = (text.length * kLabelChar) / 2;
    const x = ((seconds - from) / (to - from)) * width;
    return x < half || x > width + kRight - half ? '' : text;
  });
}

/** As uPlot's own, which bases itself on the font size it is told. */
const kFont = '11px system-ui, sans-serif';

function axis(values: uPlot.Axis.Values, extra: Partial<uPlot.Axis>): uPlot.Axis {
  return {
    stroke: token('muted'),
    font: kFont,
    grid: { stroke: token('line'), width: 1 },
    ticks: { show: false, size: 0 },
    values,
    ...extra,
  };
}

function seriesOf(kind: PlotKind): uPlot.Series[] {
  if (kind === 'amount') {
    const bars = (color: string): uPlot.Series => ({
      paths: uPlot.paths.bars!({ size: [0.86, 64], align: 1, radius: 0.15 }),
      fill: color,
      stroke: color,
      width: 0,
      points: { show: false },
    });
    // The failed ones are drawn over all, from the same base: what stands out above is the good ones.
    return [{}, bars(token('chart')), bars(token('bad-fill'))];
  }
  const line = (color: string, width: number, dash?: number[]): uPlot.Series => ({
    stroke: color,
    width,
    dash,
    spanGaps: false,
    points: { show: true, size: 5, fill: color, width: 0, filter: loners },
  });
  return [{}, line(token('p50'), 1.5), line(token('p95'), 1.5, [5, 3]), line(token('p99'), 1.5, [2, 2])];
}

/** The values without neighbours: no line would show them. */
function loners(u: uPlot, series: number): number[] {
  const values = u.data[series]!;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  }
  return found;
}

export class Plot {
  private readonly plot: uPlot;
  private readonly kind: PlotKind;
  private data: PlotData;
  private clicked = 0;

  constructor(kind: PlotKind, parent: HTMLElement, data: PlotData, log: boolean, on: PlotHandlers) {
    this.kind = kind;
    this.data = data;
    let brushed = false;
    const y = kind === 'amount' ? formatCompact : formatMicros;
    this.plot = new uPlot(
      {
        width: parent.clientWidth || 300,
        height: kHeight,
        padding: [8, kRight, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: kSync, setSeries: false },
          drag: { x: true, y: false, setScale: false, dist: 4 },
          points: { show: kind === 'latency' },
          bind: {
            dblclick: () => () => {
              clearTimeout(this.clicked);
              on.onReset();
              return null;
            },
          },
        },
        scales: {
          x: { time: false, range: () => [this.data.startMicros / 1e6, this.data.endMicros / 1e6] },
          y:
            kind === 'latency' && log
              ? { distr: 3, range: (_u, min, max) => logRange(min, max) }
              : { range: (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
        },
        axes: [
          axis((u, splits) => timeTicks(u, splits, this.data.startMicros / 1e6, this.data.endMicros / 1e6), { space: 64, size: 20, gap: 4, incrs: kTimeSteps }),
          axis((_u, splits) => splits.map((v) => (v === null || this.isEmpty() ? '' : y(v))), {
            size: kLeft,
            space: 30,
            gap: 4,
            ...(kind === 'amount' ? { incrs: kCountSteps } : {}),
            ...(kind === 'latency' && log ? { splits: (_u, _axis, min, max) => decades(min, max), filter: (_u, splits) => splits } : {}),
          }),
        ],
        series: seriesOf(kind),
        hooks: {
          setCursor: [(u) => on.onHover(this.barAt(u))],
          setSelect: [
            (u) => {
              // A synchronised chart hears of the other's brush too; only the one dragged on acts.
              if (u.select.width < 4 || brushed) return;
              brushed = true;
              const left = u.posToVal(u.select.left, 'x') * 1e6;
              const right = u.posToVal(u.select.left + u.select.width, 'x') * 1e6;
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              queueMicrotask(() => {
                brushed = false;
              });
              on.onBrush(left, right);
            },
          ],
        },
      },
      this.columns(data),
      parent,
    );
    this.zoomOnClick(on);
  }

  /** A click on a bar looks at its time alone; the second of two clicks makes them something else. */
  private zoomOnClick(on: PlotHandlers): void {
    const kDoubleMillis = 250;
    const kStill = 4; // pixels; more is dragging
    let pressed = { x: 0, y: 0 };
    this.plot.over.addEventListener('pointerdown', (event) => (pressed = { x: event.clientX, y: event.clientY }));
    this.plot.over.addEventListener('click', (event) => {
      clearTimeout(this.clicked);
      if (event.detail !== 1 || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) >= kStill) return;
      const bar = this.barAt(this.plot);
      if (bar === null || !this.data.series.some((values) => values[bar])) return;
      const from = this.data.times[bar]!;
      this.clicked = window.setTimeout(() => on.onBrush(from, from + this.data.barMicros), kDoubleMillis);
    });
  }

  private columns(data: PlotData): uPlot.AlignedData {
    // Bars begin at their time; what holds for all of a bar stands in its middle.
    const middle = this.kind === 'latency' ? data.barMicros / 2 : 0;
    return [data.times.map((t) => (t + middle) / 1e6), ...data.series] as uPlot.AlignedData;
  }

  /** An axis of made-up values would say something about nothing. */
  private isEmpty(): boolean {
    return !this.data.series.some((values) => values.some((v) => v));
  }

  private barAt(u: uPlot): number | null {
    const left = u.cursor.left ?? -1;
    if (left < 0) return null;
    const micros = u.posToVal(left, 'x') * 1e6;
    const index = Math.floor((micros - (this.data.times[0] ?? 0)) / this.data.barMicros);
    return index >= 0 && index < this.data.times.length ? index : null;
  }

  set(data: PlotData): void {
    this.data = data;
    this.plot.setData(this.columns(data));
  }

  resize(width: number): void {
    if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: kHeight });
  }

  destroy(): void {
    clearTimeout(this.clicked);
    this.plot.destroy();
  }
}

const kCountSteps = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

// Seconds: the steps people count time in.
const kTimeSteps = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
  172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000, 157680000, 315360000,
];

/** Powers of ten from min to max, every second or third where there are many. */
function decades(min: number, max: number): number[] {
  const low = Math.round(Math.log10(min));
  const high = Math.round(Math.log10(max));
  const step = Math.ceil((high - low) / 4) || 1;
  const found: number[] = [];
  for (let power = low; power <= high; power += step) found.push(10 ** power);
  return found;
}

function logRange(min: number | null, max: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.max(min ?? 1, 0.1)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(max ?? 10, low * 10)));
  return [low, high];
}
