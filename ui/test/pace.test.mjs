import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Pace, pauseAfter } = await load('lib/pace.ts');

const kRhythm = { newsMillis: 100, idleMillis: 5000 };

function answeredAfter(millis) {
  const pace = new Pace(kRhythm);
  pace.begin(1000);
  pace.answered(1000 + millis);
  return pace;
}

test('nothing is asked while an answer is under way, however long that takes', () => {
  const pace = new Pace(kRhythm);
  pace.begin(0);
  assert.equal(pace.isDue(1e9, true), false);
});

test('the pause begins with the answer, not with the question', () => {
  const pace = answeredAfter(10);
  assert.equal(pace.isDue(1109, true), false);
  assert.equal(pace.isDue(1110, true), true);
  assert.equal(pace.isDue(6009, false), false);
  assert.equal(pace.isDue(6010, false), true);
});

test('what takes the server long is asked less often', () => {
  const pace = answeredAfter(3000);
  assert.equal(pace.isDue(4000 + 11999, true), false);
  assert.equal(pace.isDue(4000 + 12000, true), true);
  const slowest = answeredAfter(3600e3);
  assert.equal(slowest.isDue(1000 + 3600e3 + 120e3, true), true, 'but it is asked');
});

test('pauses after failures grow up to a bound, and are over with an answer or another question', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 60].map((n) => pauseAfter(n)), [2000, 4000, 8000, 16000, 32000, 60000, 60000]);
  const pace = new Pace(kRhythm);
  let now = 0;
  const fail = (least) => {
    pace.begin(now);
    return pace.failed(now, least);
  };
  assert.deepEqual([fail(), fail(), fail()], [2000, 4000, 8000]);
  assert.equal(pace.isDue(7999, true), false);
  assert.equal(pace.isDue(8000, false), true, 'whether there is news or not');
  now = 8000;
  pace.begin(now);
  pace.answered(now);
  assert.equal(fail(), 2000);
  fail();
  pace.reset();
  assert.equal(fail(), 2000);
  assert.equal(fail(30000), 30000, 'the server asked for more');
});

test('a question that failed after half a minute is not asked again in two seconds', () => {
  const pace = new Pace(kRhythm);
  pace.begin(0);
  assert.equal(pace.failed(30000), 120e3);
});

test('a question given up leaves the way free', () => {
  const pace = new Pace(kRhythm);
  pace.begin(0);
  pace.drop(50);
  assert.equal(pace.isDue(249, true), false);
  assert.equal(pace.isDue(250, true), true);
});
