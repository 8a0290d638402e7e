// Spans as pixels, where there are more of them than lines: of the rows that share a line, later ones
// cover earlier ones. Pure.
//
// Painted from the last row to the first, each pixel once: as rectangles, a hundred thousand spans
// held the page up for a good part of the time that it took to show.

export interface Rows {
  size: number;
  start: ArrayLike<number>;
  duration: ArrayLike<number>;
  service: ArrayLike<number>;
}

/** "#rrggbb" as a pixel of ImageData, opaque, on machines that keep the lowest byte first. */
export function inkOf(color: string): number {
  const rgb = parseInt(color.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

/** The first pixel from `at` on that nothing covers; what was walked over is shortened. */
function free(next: Int32Array, at: number): number {
  while (next[at] !== at) at = next[at] = next[next[at]!]!;
  return at;
}

/** Paints into `pixels`, lines of `width`, `tall` of them from `top` on; `scale`: pixels for a microsecond. */
export function paintRows(pixels: Uint32Array, width: number, top: number, tall: number, scale: number, rows: Rows, inks: ArrayLike<number>): void {
  const next = new Int32Array(width + 1);
  let line = -1;
  for (let row = rows.size - 1; row >= 0; row--) {
    const y = Math.floor(top + (row / rows.size) * tall);
    if (y !== line) {
      line = y;
      for (let x = 0; x <= width; x++) next[x] = x;
    }
    const ink = inks[rows.service[row]!] ?? 0;
    const from = Math.min(width - 1, Math.max(0, Math.floor(rows.start[row]! * scale)));
    const end = Math.min(width, from + Math.max(1, Math.round(Math.max(rows.duration[row]!, 0) * scale)));
    for (let x = free(next, from); x < end; x = free(next, x)) {
      pixels[y * width + x] = ink;
      next[x] = x + 1;
    }
  }
}
