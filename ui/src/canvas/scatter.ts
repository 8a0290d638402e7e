// Traces as dots: start to the right, duration upwards (logarithmic), area by spans; failed ones are
// diamonds. Framework-free; decoration for a list that holds the same traces as text.

import { formatClock, formatMicros } from '../lib/format.ts';
import { Surface } from './surface.ts';

export interface ScatterPoint {
  micros: number;
  durationMicros: number;
  spans: number;
  failed: boolean;
}

export interface ScatterColors {
  dot: string;
  bad: string;
  line: string;
  text: string;
}

export interface ScatterHandlers {
  onHover: (index: number | null, x: number, y: number) => void;
  onOpen: (index: number) => void;
}

const kLeft = 56;
const kTop = 14; // room for the largest mark
const kBottom = 26;
const kRight = 10;
const kReach = 14; // pixels around the pointer in which a dot counts as meant

export class Scatter {
  private readonly surface: Surface;
  private points: ScatterPoint[] = [];
  private colors: ScatterColors = { dot: '', bad: '', line: '', text: '' };
  private start = 0;
  private end = 1;
  private low = 0; // powers of ten
  private high = 1;
  private hovered: number | null = null;

  constructor(canvas: HTMLCanvasElement, on: ScatterHandlers) {
    this.surface = new Surface(canvas, () => this.draw());
    canvas.addEventListener('pointermove', (event) => {
      const found = this.at(event.offsetX, event.offsetY);
      canvas.style.cursor = found === null ? 'default' : 'pointer';
      if (found !== this.hovered) {
        this.hovered = found;
        this.surface.request();
      }
      if (found === null) on.onHover(null, 0, 0);
      else on.onHover(found, this.x(this.points[found]!), this.y(this.points[found]!.durationMicros));
    });
    canvas.addEventListener('pointerleave', () => {
      this.hovered = null;
      on.onHover(null, 0, 0);
      this.surface.request();
    });
    canvas.addEventListener('click', (event) => {
      const found = this.at(event.offsetX, event.offsetY);
      if (found !== null) on.onOpen(found);
    });
  }

  set(points: ScatterPoint[], startMicros: number, endMicros: number, colors: ScatterColors): void {
    this.points = points;
    this.start = startMicros;
    this.end = Math.max(endMicros, startMicros + 1);
    this.colors = colors;
    const durations = points.map((p) => Math.max(p.durationMicros, 1));
    const least = durations.reduce((a, b) => Math.min(a, b), durations[0] ?? 1000);
    const most = durations.reduce((a, b) => Math.max(a, b), durations[0] ?? 10000);
    this.low = Math.floor(Math.log10(least));
    this.high = Math.max(this.low + 1, Math.ceil(Math.log10(most * 1.05)));
    this.hovered = null;
    this.surface.request();
  }

  destroy(): void {
    this.surface.destroy();
  }

  private x(point: ScatterPoint): number {
    const share = (point.micros - this.start) / (this.end - this.start);
    return kLeft + Math.min(1, Math.max(0, share)) * (this.surface.width - kLeft - kRight);
  }

  private y(durationMicros: number): number {
    const share = (Math.log10(Math.max(durationMicros, 1)) - this.low) / (this.high - this.low);
    return this.surface.height - kBottom - share * (this.surface.height - kTop - kBottom);
  }

  private radius(point: ScatterPoint): number {
    return Math.min(9, 2.5 + Math.sqrt(point.spans) * 0.45);
  }

  private at(x: number, y: number): number | null {
    let best: number | null = null;
    let bestDistance = kReach * kReach;
    this.points.forEach((point, i) => {
      const distance = (this.x(point) - x) ** 2 + (this.y(point.durationMicros) - y) ** 2;
      if (distance < bestDistance) {
        bestDistance = distance;
        best = i;
      }
    });
    return best;
  }

  private draw(): void {
    const { context: c, width, height } = this.surface;
    c.clearRect(0, 0, width, height);
    c.font = '11px system-ui, sans-serif';
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    for (let power = this.low; power <= this.high; power++) {
      const y = Math.round(this.y(10 ** power)) + 0.5;
      c.strokeStyle = this.colors.line;
      c.beginPath();
      c.moveTo(kLeft, y);
      c.lineTo(width - kRight, y);
      c.stroke();
      c.fillStyle = this.colors.text;
      c.fillText(formatMicros(10 ** power), kLeft - 8, y);
    }
    this.drawTimes();
    this.points.forEach((point, i) => this.dot(point, i === this.hovered));
  }

  private drawTimes(): void {
    const { context: c, width, height } = this.surface;
    const millis = this.end - this.start < 10e6;
    c.textBaseline = 'alphabetic';
    c.textAlign = 'left';
    c.fillText(formatClock(this.start, millis), kLeft, height - 8);
    c.textAlign = 'right';
    c.fillText(formatClock(this.end, millis), width - kRight, height - 8);
  }

  private dot(point: ScatterPoint, hovered: boolean): void {
    const c = this.surface.context;
    const x = this.x(point);
    const y = this.y(point.durationMicros);
    const r = this.radius(point) + (hovered ? 2 : 0);
    c.beginPath();
    if (point.failed) {
      c.moveTo(x, y - r - 1);
      c.lineTo(x + r + 1, y);
      c.lineTo(x, y + r + 1);
      c.lineTo(x - r - 1, y);
      c.closePath();
    } else {
      c.arc(x, y, r, 0, 2 * Math.PI);
    }
    const color = point.failed ? this.colors.bad : this.colors.dot;
    c.globalAlpha = hovered ? 0.9 : 0.35;
    c.fillStyle = color;
    c.fill();
    c.globalAlpha = 1;
    c.strokeStyle = color;
    c.lineWidth = 1;
    c.stroke();
  }
}
