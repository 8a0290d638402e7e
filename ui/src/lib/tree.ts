// The tree of a trace: rows in tree order (parents before children), which of them are visible while
// some are folded, and walks over them. Typed arrays throughout: a trace may have a million rows. Pure.

export interface Columns {
  parent: ArrayLike<number>;
  depth: ArrayLike<number>;
  status: ArrayLike<number>;
}

export const kStatusError = 2;
export const kMissingParent = -2;

export class TraceTree {
  readonly size: number;
  readonly maxDepth: number;
  readonly errors: number;
  /** One past the last row below each row. */
  private readonly end: Int32Array;
  /** Failed rows before each row. */
  private readonly errorsBefore: Int32Array;
  private readonly parent: ArrayLike<number>;

  constructor(columns: Columns) {
    const size = columns.depth.length;
    this.size = size;
    this.parent = columns.parent;
    this.end = new Int32Array(size);
    this.errorsBefore = new Int32Array(size + 1);
    let deepest = 0;
    const open: number[] = []; // rows whose end is not known yet, by rising depth
    for (let row = 0; row < size; row++) {
      const depth = columns.depth[row]!;
      if (depth > deepest) deepest = depth;
      while (open.length > 0 && columns.depth[open[open.length - 1]!]! >= depth) this.end[open.pop()!] = row;
      open.push(row);
      this.errorsBefore[row + 1] = this.errorsBefore[row]! + (columns.status[row] === kStatusError ? 1 : 0);
    }
    for (const row of open) this.end[row] = size;
    this.maxDepth = size === 0 ? 0 : deepest + 1;
    this.errors = this.errorsBefore[size]!;
  }

  hasChildren(row: number): boolean {
    return this.end[row]! > row + 1;
  }

  descendants(row: number): number {
    return this.end[row]! - row - 1;
  }

  /** Failed rows below this one, itself not counted. */
  errorsBelow(row: number): number {
    return this.errorsBefore[this.end[row]!]! - this.errorsBefore[row + 1]!;
  }

  parentOf(row: number): number {
    return this.parent[row]!;
  }

  /** The rows to show, in order; `folded[row]` is 1 where what is below is hidden. */
  visible(folded: Uint8Array): Int32Array {
    const rows = new Int32Array(this.size);
    let count = 0;
    for (let row = 0; row < this.size; ) {
      rows[count++] = row;
      row = folded[row] ? this.end[row]! : row + 1;
    }
    return rows.subarray(0, count);
  }

  /** Unfolds what hides `row`; false where nothing did. */
  reveal(folded: Uint8Array, row: number): boolean {
    let changed = false;
    for (let up = this.parent[row]!; up >= 0; up = this.parent[up]!) {
      if (folded[up]) {
        folded[up] = 0;
        changed = true;
      }
    }
    return changed;
  }

  foldAll(folded: Uint8Array): void {
    for (let row = 0; row < this.size; row++) folded[row] = this.hasChildren(row) ? 1 : 0;
  }

  isError(row: number): boolean {
    return this.errorsBefore[row + 1]! > this.errorsBefore[row]!;
  }

  /** The nearest row for which `wanted` holds, from `from` in `step`'s direction, going round; -1: none. */
  next(from: number, step: 1 | -1, wanted: (row: number) => boolean): number {
    for (let tried = 1; tried <= this.size; tried++) {
      const row = (((from + step * tried) % this.size) + this.size) % this.size;
      if (wanted(row)) return row;
    }
    return -1;
  }
}

/** Where `row` stands among the visible (sorted) rows; where it is hidden, where it would stand. */
export function positionOf(visible: Int32Array, row: number): number {
  let low = 0;
  let high = visible.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visible[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
