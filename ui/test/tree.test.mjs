import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { TraceTree, positionOf } = await load('lib/tree.ts');

//  0
//  ├ 1
//  │ ├ 2 (failed)
//  │ └ 3
//  └ 4
//  5      its parent is missing
//  └ 6 (failed)
const columns = { parent: [-1, 0, 1, 1, 0, -2, 5], depth: [0, 1, 2, 2, 1, 0, 1], status: [0, 0, 2, 1, 0, 0, 2] };
const fresh = () => ({ tree: new TraceTree(columns), folded: new Uint8Array(7) });

test('figures of a tree', () => {
  const { tree } = fresh();
  assert.equal(tree.errors, 2);
  assert.equal(tree.maxDepth, 3);
  assert.equal(tree.descendants(0), 4);
  assert.equal(tree.hasChildren(3), false);
  assert.equal(tree.errorsBelow(0), 1);
  assert.equal(tree.errorsBelow(2), 0);
  assert.equal(tree.errorsBelow(5), 1);
});

test('folding hides what is below, nested folds too', () => {
  const { tree, folded } = fresh();
  assert.deepEqual([...tree.visible(folded)], [0, 1, 2, 3, 4, 5, 6]);
  folded[1] = 1;
  assert.deepEqual([...tree.visible(folded)], [0, 1, 4, 5, 6]);
  folded[0] = 1;
  assert.deepEqual([...tree.visible(folded)], [0, 5, 6]);
  assert.equal(tree.reveal(folded, 3), true);
  assert.deepEqual([...tree.visible(folded)], [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(tree.reveal(folded, 3), false);
  tree.foldAll(folded);
  assert.deepEqual([...tree.visible(folded)], [0, 5]);
});

test('walks go round', () => {
  const { tree } = fresh();
  const failed = (row) => tree.isError(row);
  assert.equal(tree.next(-1, 1, failed), 2);
  assert.equal(tree.next(2, 1, failed), 6);
  assert.equal(tree.next(6, 1, failed), 2);
  assert.equal(tree.next(2, -1, failed), 6);
  assert.equal(tree.next(2, 1, () => false), -1);
});

test('positions among visible rows', () => {
  const rows = Int32Array.of(0, 1, 4, 5);
  assert.equal(positionOf(rows, 4), 2);
  assert.equal(positionOf(rows, 3), 2);
  assert.equal(positionOf(rows, 9), 4);
});

test('an empty trace, and a million rows in a blink', () => {
  assert.equal(new TraceTree({ parent: [], depth: [], status: [] }).maxDepth, 0);
  const size = 1e6;
  const depth = new Uint16Array(size).map((_, i) => i % 500);
  const parent = new Int32Array(size).map((_, i) => (i % 500 === 0 ? -1 : i - 1));
  const began = performance.now();
  const tree = new TraceTree({ parent, depth, status: new Uint8Array(size) });
  assert.equal(tree.visible(new Uint8Array(size)).length, size);
  assert.ok(performance.now() - began < 1000);
});
