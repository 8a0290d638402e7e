import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { readDate, readDuration } = await load('lib/typed.ts');

test('a date is taken, or what is wrong with it is said', () => {
  const micros = (...of) => new Date(...of).getTime() * 1000;
  assert.deepEqual(readDate(' 2023-11-14 22:13 '), { value: micros(2023, 10, 14, 22, 13), problem: '' });
  assert.equal(readDate('2024-02-29').value, micros(2024, 1, 29));
  const problem = (text) => readDate(text).problem;
  assert.equal(problem('yesterday'), 'Not a date: like 2026-11-26 14:03:22');
  assert.equal(problem('14.11.2023'), 'Not a date: like 2026-11-26 14:03:22');
  assert.equal(problem('  '), 'A date is missing: like 2026-11-26 14:03:22');
  assert.equal(problem('2023-13-01'), 'There is no month 13');
  assert.equal(problem('2023-02-30 10:00'), 'February 2023 has days 1 to 28');
  assert.equal(problem('2023-02-28 24:00'), 'A clock goes to 23:59:59');
  assert.equal(problem('2023-02-28 10:7'), 'Not a time: like 2026-11-26 14:03:22');
  assert.equal(problem('1903-02-28 10:07'), 'Dates begin in 1970');
  assert.equal(readDate('yesterday').value, null);
});

test('durations', () => {
  assert.deepEqual(readDuration(' 1 ms'), { value: '1ms', problem: '' });
  assert.deepEqual(readDuration(''), { value: '', problem: '' });
  assert.deepEqual(readDuration('soon'), { value: null, problem: 'Not a duration: like 100ms or 1.5s' });
});
