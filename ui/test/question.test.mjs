// A question that is asked again and again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';
import { settled } from './tab.mjs';

const { Question } = await load('app/question.ts');

test('whether it had an answer before: not where the first attempt failed', async () => {
  const shown = [];
  let fails = false;
  const put = () => (fails ? Promise.reject(new Error('away')) : Promise.resolve('an answer'));
  const question = new Question({ newsMillis: 0, idleMillis: 0 }, put, (_, again) => shown.push(again));
  for (const fail of [false, true]) {
    fails = fail;
    question.askAnew();
    await settled();
    fails = false;
    question.askAgain();
    await settled();
  }
  question.askAgain();
  await settled();
  assert.deepEqual(shown, [false, true, false, true]);
});
