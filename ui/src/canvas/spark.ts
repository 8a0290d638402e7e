// A small line or row of bars without axes, in a cell of a table. Framework-free.

import { Surface } from './surface.ts';

export interface SparkScene {
  kind: 'bars' | 'line';
  values: readonly (number | null)[]; // null: nothing is known of that time
  color: string;
}

const kDot = 1.5; // the radius of a value between two gaps

export class Spark {
  private readonly surface: Surface;
  private scene: SparkScene | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.surface = new Surface(canvas, () => this.draw());
  }

  set(scene: SparkScene): void {
    this.scene = scene;
    this.surface.request();
  }

  destroy(): void {
    this.surface.destroy();
  }

  private draw(): void {
    const { scene } = this;
    if (!scene) return;
    const { context: c, width, height } = this.surface;
    c.clearRect(0, 0, width, height);
    const most = scene.values.reduce<number>((a, b) => Math.max(a, b ?? 0), 0);
    if (most <= 0) return;
    c.fillStyle = c.strokeStyle = scene.color;
    if (scene.kind === 'bars') this.bars(scene.values, most);
    else this.line(scene.values, most);
  }

  private bars(values: SparkScene['values'], most: number): void {
    const { context: c, width, height } = this.surface;
    const step = width / values.length;
    values.forEach((value, i) => {
      if (!value) return;
      const tall = Math.max(1, (value / most) * height);
      c.fillRect(i * step, height - tall, Math.max(1, step - 1), tall);
    });
  }

  private line(values: SparkScene['values'], most: number): void {
    const { context: c, width, height } = this.surface;
    const step = width / values.length;
    const at = (i: number): [number, number] => [(i + 0.5) * step, height - kDot - (values[i]! / most) * (height - 2 * kDot)];
    c.lineWidth = 1.5;
    c.lineJoin = 'round';
    c.beginPath();
    values.forEach((value, i) => {
      if (value === null) return;
      if (i > 0 && values[i - 1] !== null) c.lineTo(...at(i));
      else c.moveTo(...at(i));
    });
    c.stroke();
    values.forEach((value, i) => {
      const alone = value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
      if (!alone) return;
      c.beginPath();
      c.arc(...at(i), kDot, 0, 7);
      c.fill();
    });
  }
}
