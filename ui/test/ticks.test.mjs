import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { ticksOf } = await load('lib/ticks.ts');
const texts = (from, to, most) => ticksOf(from, to, most).map((t) => t.text);

test('round steps from nothing to the end', () => {
  assert.deepEqual(texts(0, 230e3, 5), ['0', '50 ms', '100 ms', '150 ms', '200 ms']);
  assert.deepEqual(texts(0, 100e3, 5), ['0', '20 ms', '40 ms', '60 ms', '80 ms', '100 ms']);
  assert.deepEqual(texts(0, 904, 4), ['0', '200 µs', '400 µs', '600 µs', '800 µs']);
  assert.deepEqual(texts(0, 9e6, 4), ['0', '2 s', '4 s', '6 s', '8 s']);
  assert.deepEqual(texts(0, 50e3, 2), ['0', '20 ms', '40 ms']);
  assert.deepEqual(texts(0, 3.2e6, 4), ['0', '1 s', '2 s', '3 s']);
});

test('deep in a long trace every mark still reads differently', () => {
  assert.deepEqual(texts(1_000_000, 1_000_050, 5), ['1.00000 s', '1.00001 s', '1.00002 s', '1.00003 s', '1.00004 s', '1.00005 s']);
  const deep = texts(59_999_990.1, 59_999_990.3, 4);
  assert.equal(new Set(deep).size, deep.length);
});

test('minutes and hours', () => {
  assert.deepEqual(texts(0, 300e6, 5), ['0', '1 min', '2 min', '3 min', '4 min', '5 min']);
  assert.deepEqual(texts(0, 9000e6, 5), ['0', '30 min', '1 h', '1 h 30 min', '2 h', '2 h 30 min']);
});

test('no room, no more than one mark', () => {
  assert.ok(ticksOf(0, 50e3, 1).length <= 2);
});

test('never more marks than asked for, and none for no width', () => {
  for (const width of [1e-3, 1, 7, 99.9, 12345, 6e7, 8.64e10, 1e15]) {
    for (const most of [1, 2, 4, 5]) {
      const ticks = ticksOf(width * 3, width * 4, most);
      assert.ok(ticks.length <= most + 1, `${width} ${most}: ${ticks.length}`);
      assert.ok(ticks.every((t) => t.micros >= width * 3 * (1 - 1e-6) && t.micros <= width * 4 * (1 + 1e-6)));
    }
  }
  assert.deepEqual(ticksOf(5, 5, 4), []);
});
