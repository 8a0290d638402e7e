import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { overhangOf, rootDuration } = await load('lib/timing.ts');

const times = { parent: [-1, 0, 0, -2], startMicros: [10, 0, 50, 0], durationsMicros: [100, 50, 200, 5] };

test('spans that reach over their parent', () => {
  assert.deepEqual(overhangOf(times, 0), { after: 0, before: 0 });
  assert.deepEqual(overhangOf(times, 1), { after: 0, before: 10 });
  assert.deepEqual(overhangOf(times, 2), { after: 140, before: 0 });
  assert.deepEqual(overhangOf(times, 3), { after: 0, before: 0 }, 'its parent is missing');
});

test('a microsecond of rounding is none', () => {
  assert.deepEqual(overhangOf({ parent: [-1, 0], startMicros: [1, 0], durationsMicros: [10, 12] }, 1), { after: 0, before: 0 });
});

test('what the root took is told where the trace took another time', () => {
  assert.equal(rootDuration(times, 250), 100);
  assert.equal(rootDuration(times, 101), null);
  assert.equal(rootDuration({ parent: [-2], startMicros: [0], durationsMicros: [5] }, 250), null);
  assert.equal(rootDuration({ parent: [], startMicros: [], durationsMicros: [] }, 0), null);
});
