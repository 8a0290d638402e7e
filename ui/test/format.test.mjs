import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const f = await load('lib/format.ts');

test('durations read well at every size', () => {
  const cases = [
    [0, '0 µs'],
    [0.05, '50 ns'],
    [0.9994, '999 ns'],
    [1, '1 µs'],
    [12.34, '12.3 µs'],
    [999.4, '999 µs'],
    [999.6, '1 ms'],
    [1234, '1.23 ms'],
    [999499, '999 ms'],
    [999600, '1 s'],
    [2.41e6, '2.41 s'],
    [59.9e6, '59.9 s'],
    [59.99e6, '1m'],
    [125e6, '2m 5s'],
    [3600e6, '1h'],
    [3 * 3600e6 + 125e6, '3h 2m'],
    [97 * 3600e6, '4d 1h'],
    [-50, '-50 µs'],
    [NaN, '–'],
    [Infinity, '–'],
  ];
  for (const [micros, text] of cases) assert.equal(f.formatMicros(micros), text);
});

test('durations are parsed as Go does, blanks forgiven', () => {
  assert.equal(f.parseDuration('100ms'), 100e3);
  assert.equal(f.parseDuration('1.5s'), 1.5e6);
  assert.equal(f.parseDuration('1m30s'), 90e6);
  assert.equal(f.parseDuration(' 2 h '), 7200e6);
  assert.equal(f.parseDuration('3µs'), 3);
  assert.equal(f.canonicalDuration('3 µs'), '3us');
  for (const bad of ['', '5', 'ms', '1x', '-1s', '1s!', '9'.repeat(99)]) assert.equal(f.parseDuration(bad), null, bad);
});

test('nanoseconds of today keep their microseconds', () => {
  assert.equal(f.nanosToMicros('1795424817437682123'), 1795424817437682);
  assert.equal(f.nanosToMicros('0'), 0);
});

test('relative times', () => {
  const now = 1e15;
  assert.equal(f.formatAgo(now - 0.5e6, now), 'just now');
  assert.equal(f.formatAgo(now - 12e6, now), '12 s ago');
  assert.equal(f.formatAgo(now - 300e6, now), '5 min ago');
  assert.equal(f.formatAgo(now - 7200e6, now), '2 h ago');
  assert.equal(f.formatAgo(now + 4e6, now), 'in 4 s');
});

test('times far out of range do not break the page', () => {
  assert.equal(f.formatClock(1e300), '–');
  assert.equal(f.formatDay(NaN), '–');
});

test('counts and bytes', () => {
  assert.equal(f.plural(1, 'span'), '1 span');
  assert.equal(f.plural(12345, 'span'), '12,345 spans');
  assert.equal(f.formatCompact(9999), '9,999');
  assert.equal(f.formatCompact(12345), '12.3K');
  assert.equal(f.formatBytes(1536), '1.5 KiB');
});

test('the width of a bar, rates, and counts of one', () => {
  assert.deepEqual([10e6, 60e6, 360e6, 7200e6, 144e6, 50e3].map(f.formatStep), ['10 s', '1 min', '6 min', '2 h', '2m 24s', '50 ms']);
  assert.deepEqual([101.8, 2.345, 0.03, 0.001, 0, NaN].map(f.formatRate), ['102/s', '2.35/s', '0.03/s', '< 0.01/s', '0/s', '–']);
  assert.deepEqual([f.pluralCompact(1, 'error'), f.pluralCompact(0, 'error'), f.pluralCompact(12345, 'span')], ['1 error', '0 errors', '12.3K spans']);
});

test('dates with a clock of 24 hours are read as they are written', () => {
  const micros = f.parseDateTime('2026-11-26 20:46:07');
  assert.equal(f.formatDateTime(micros, false), '2026-11-26 20:46:07');
  assert.equal(f.parseDateTime(f.formatDateTime(micros + 5000)), micros + 5000);
  assert.equal(f.parseDateTime(' 2026-11-26T20:46 '), micros - 7e6);
  assert.equal(f.formatDateTime(f.parseDateTime('2026-1-2'), false), '2026-01-02 00:00:00');
  for (const wrong of ['', 'today', '2026-02-30', '2026-13-01', '2026-11-26 24:00', '2026-11-26 8:46 PM', '26.11.2026']) assert.equal(f.parseDateTime(wrong), null, wrong);
});
