import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from './data.mjs';
import { load } from './load.mjs';

const { inkOf, paintRows } = await load('lib/pixelRows.ts');

test('a colour is red, green, blue and opaque in memory', () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(inkOf('#1a2b3c')).buffer)], [0x1a, 0x2b, 0x3c, 0xff]);
});

test('later rows of a line cover earlier ones, as if painted one after the other', () => {
  const [width, height, top, size] = [60, 12, 2, 500];
  const rnd = random(3);
  const column = (make) => Array.from({ length: size }, make);
  const rows = { size, start: column(() => rnd() * 130 - 5), duration: column(() => rnd() ** 4 * 90 - 1), service: column((_, i) => i % 3) };
  const inks = [11, 22, 33];
  const scale = 0.5;
  const tall = height - 2 * top;
  const painted = new Uint32Array(width * height);
  paintRows(painted, width, top, tall, scale, rows, inks);
  const wanted = new Uint32Array(width * height);
  for (let row = 0; row < size; row++) {
    const y = Math.floor(top + (row / size) * tall);
    const from = Math.min(width - 1, Math.max(0, Math.floor(rows.start[row] * scale)));
    const end = Math.min(width, from + Math.max(1, Math.round(Math.max(0, rows.duration[row]) * scale)));
    for (let x = from; x < end; x++) wanted[y * width + x] = inks[rows.service[row]];
  }
  assert.deepEqual(painted, wanted);
  assert.ok(wanted.some((ink) => ink === 33) && wanted.some((ink) => ink === 0));
});
