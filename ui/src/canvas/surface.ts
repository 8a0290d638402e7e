// A canvas that follows its element's size and the screen's pixel ratio, and draws at most once a
// frame. Framework-free.

export class Surface {
  readonly context: CanvasRenderingContext2D;
  width = 0;
  height = 0;
  private readonly canvas: HTMLCanvasElement;
  private readonly draw: () => void;
  private readonly observer: ResizeObserver;
  private frame = 0;

  constructor(canvas: HTMLCanvasElement, draw: () => void) {
    this.canvas = canvas;
    this.draw = draw;
    this.context = canvas.getContext('2d')!;
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(canvas);
    this.measure();
  }

  private measure(): void {
    const ratio = devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    const width = Math.round(this.width * ratio);
    const height = Math.round(this.height * ratio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  private fit(): void {
    this.measure();
    this.drawNow();
  }

  drawNow(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.width > 0 && this.height > 0) this.draw();
  }

  request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.drawNow());
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
  }
}
