// The waterfall's bars: one canvas behind the text rows, drawing only the rows on the screen.
// Framework-free.

import { Surface } from './surface.ts';

export interface BarsScene {
  rows: Int32Array; // the visible rows, in order
  first: number; // the first to draw, as an index into rows
  count: number;
  offset: number; // pixels from the canvas's top to the first's top; zero or negative
  rowHeight: number;
  from: number; // the time range, microseconds from the trace's start
  to: number;
  start: ArrayLike<number>;
  duration: ArrayLike<number>;
  service: ArrayLike<number>;
  failed: (row: number) => boolean;
  colors: string[]; // by service
  ticks: readonly number[]; // marked times
  bad: string;
  line: string;
}

const kThickness = 12;
const kLeast = 2; // a bar that is not seen is worse than one that is too long

export class Bars {
  private readonly surface: Surface;
  private scene: BarsScene | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.surface = new Surface(canvas, () => this.draw());
  }

  /** Draws at once: the rows beside it move in this same frame. */
  set(scene: BarsScene): void {
    this.scene = scene;
    this.surface.drawNow();
  }

  destroy(): void {
    this.surface.destroy();
  }

  private draw(): void {
    const scene = this.scene;
    if (!scene) return;
    const { context: c, width, height } = this.surface;
    c.clearRect(0, 0, width, height);
    const scale = width / Math.max(scene.to - scene.from, 1e-9);
    this.drawTicks(scene, scale);
    for (let i = 0; i < scene.count; i++) {
      const row = scene.rows[scene.first + i];
      if (row === undefined) break;
      const begin = scene.start[row]!;
      const end = begin + Math.max(scene.duration[row]!, 0);
      if (end < scene.from || begin > scene.to) continue;
      const left = Math.max((begin - scene.from) * scale, -4);
      const right = Math.min((end - scene.from) * scale, width + 4);
      const x = Math.min(left, width - kLeast);
      const top = scene.offset + i * scene.rowHeight + (scene.rowHeight - kThickness) / 2;
      this.bar(x, top, Math.max(right - left, kLeast), scene.colors[scene.service[row]!] ?? '', scene.failed(row) ? scene.bad : null);
    }
  }

  private bar(x: number, y: number, width: number, color: string, outline: string | null): void {
    const c = this.surface.context;
    c.beginPath();
    c.roundRect(x, y, width, kThickness, Math.min(3, width / 2));
    c.fillStyle = color;
    c.fill();
    if (outline === null) return;
    c.beginPath();
    c.roundRect(x - 1.5, y - 1.5, width + 3, kThickness + 3, Math.min(4, width / 2 + 1));
    c.strokeStyle = outline;
    c.lineWidth = 1.5;
    c.stroke();
  }

  private drawTicks(scene: BarsScene, scale: number): void {
    const { context: c, height } = this.surface;
    c.strokeStyle = scene.line;
    c.lineWidth = 1;
    c.beginPath();
    for (const tick of scene.ticks) {
      const x = Math.round((tick - scene.from) * scale) + 0.5;
      c.moveTo(x, 0);
      c.lineTo(x, height);
    }
    c.stroke();
  }
}
