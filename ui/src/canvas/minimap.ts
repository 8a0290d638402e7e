// The whole trace at a glance: every span as a thin line, what is looked at in a frame; dragging
// looks closer. The spans are drawn once to a picture of their own; moving the frame only copies it.
// Framework-free.

import { inkOf, paintRows } from '../lib/pixelRows.ts';
import { Surface } from './surface.ts';

export interface MinimapScene {
  size: number;
  total: number; // microseconds
  start: ArrayLike<number>;
  duration: ArrayLike<number>;
  service: ArrayLike<number>;
  failed: (row: number) => boolean;
  colors: string[];
  bad: string;
  shade: string;
  edge: string;
}

export interface MinimapHandlers {
  onZoom: (from: number, to: number) => void;
  onReset: () => void;
}

const kPad = 4;
const kLeastDrag = 4; // pixels; less is a click

export class Minimap {
  private readonly surface: Surface;
  private readonly canvas: HTMLCanvasElement;
  private scene: MinimapScene | null = null;
  private picture: HTMLCanvasElement | null = null;
  private from = 0;
  private to = 1;
  private drag: { start: number; now: number } | null = null;

  constructor(canvas: HTMLCanvasElement, on: MinimapHandlers) {
    this.canvas = canvas;
    this.surface = new Surface(canvas, () => this.draw());
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.drag = { start: event.offsetX, now: event.offsetX };
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.drag) return;
      this.drag.now = event.offsetX;
      this.surface.request();
    });
    const drop = (): void => {
      const drag = this.drag;
      this.drag = null;
      this.surface.request();
      if (!drag || Math.abs(drag.now - drag.start) < kLeastDrag) return;
      on.onZoom(this.time(Math.min(drag.start, drag.now)), this.time(Math.max(drag.start, drag.now)));
    };
    canvas.addEventListener('pointerup', drop);
    canvas.addEventListener('pointercancel', () => {
      this.drag = null;
      this.surface.request();
    });
    canvas.addEventListener('dblclick', () => on.onReset());
  }

  set(scene: MinimapScene): void {
    this.scene = scene;
    this.picture = null;
    this.surface.request();
  }

  look(from: number, to: number): void {
    this.from = from;
    this.to = to;
    this.surface.request();
  }

  destroy(): void {
    this.surface.destroy();
  }

  private time(x: number): number {
    const total = this.scene?.total ?? 1;
    return Math.min(1, Math.max(0, x / this.surface.width)) * total;
  }

  private draw(): void {
    const scene = this.scene;
    if (!scene) return;
    const { context: c, width, height } = this.surface;
    if (!this.picture || this.picture.width !== this.canvas.width || this.picture.height !== this.canvas.height) {
      this.picture = this.paint(scene);
    }
    c.clearRect(0, 0, width, height);
    c.drawImage(this.picture, 0, 0, width, height);
    const left = (this.from / scene.total) * width;
    const right = (this.to / scene.total) * width;
    if (left > 0.5 || right < width - 0.5) this.frame(left, right);
    if (this.drag) this.frame(Math.min(this.drag.start, this.drag.now), Math.max(this.drag.start, this.drag.now));
  }

  private frame(left: number, right: number): void {
    const { context: c, width, height } = this.surface;
    c.fillStyle = this.scene!.shade;
    c.fillRect(0, 0, left, height);
    c.fillRect(right, 0, width - right, height);
    c.strokeStyle = this.scene!.edge;
    c.lineWidth = 1.5;
    c.strokeRect(left, 0.75, Math.max(right - left, 1), height - 1.5);
  }

  private paint(scene: MinimapScene): HTMLCanvasElement {
    const picture = document.createElement('canvas');
    picture.width = this.canvas.width;
    picture.height = this.canvas.height;
    const c = picture.getContext('2d')!;
    const ratio = picture.width / Math.max(this.surface.width, 1);
    const pad = kPad * ratio;
    const tall = picture.height - 2 * pad;
    const thickness = Math.max(1, Math.min(3 * ratio, (tall / Math.max(scene.size, 1)) * 0.8));
    const scale = picture.width / scene.total;
    if (scene.size > tall) {
      const image = c.createImageData(picture.width, picture.height);
      paintRows(new Uint32Array(image.data.buffer), picture.width, pad, tall, scale, scene, scene.colors.map(inkOf));
      c.putImageData(image, 0, 0);
    } else {
      for (let row = 0; row < scene.size; row++) {
        const y = Math.floor(pad + (row / scene.size) * tall);
        c.fillStyle = scene.colors[scene.service[row]!] ?? '';
        c.fillRect(Math.floor(scene.start[row]! * scale), y, Math.max(1, Math.round(Math.max(scene.duration[row]!, 0) * scale)), thickness);
      }
    }
    // Failed ones over all others.
    c.fillStyle = scene.bad;
    for (let row = 0; row < scene.size; row++) {
      if (!scene.failed(row)) continue;
      const y = Math.floor(pad + (row / Math.max(scene.size, 1)) * tall);
      c.fillRect(Math.floor(scene.start[row]! * scale), y, Math.max(2 * ratio, Math.max(scene.duration[row]!, 0) * scale), Math.max(thickness, ratio));
    }
    return picture;
  }
}
