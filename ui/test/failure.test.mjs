import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const f = await load('lib/failure.ts');

const refusal = (status, code = 'UNKNOWN', retryAfterMillis = 0) => Object.assign(new Error('no'), { status, code, retryAfterMillis });

test('what kind of failure an answer is', () => {
  const kind = (...of) => f.kindOf(refusal(...of));
  assert.equal(kind(400, 'INVALID_ARGUMENT'), 'mistake');
  assert.equal(kind(503, 'DEADLINE_EXCEEDED'), 'costly');
  assert.equal(kind(429, 'RESOURCE_EXHAUSTED'), 'costly');
  assert.equal(kind(503, 'UNAVAILABLE', 1000), 'busy');
  assert.equal(kind(503, 'UNAVAILABLE'), 'unanswered');
  assert.equal(kind(503, 'DATA_LOSS'), 'damaged');
  assert.equal(kind(401), 'unanswered', 'of whoever stands between');
  assert.equal(kind(0, 'UNREACHABLE'), 'unanswered');
  assert.equal(f.kindOf(new TypeError('x')), 'unanswered');
});

test('the same is asked again only where another answer may come', () => {
  assert.equal(f.isWorthRetrying(refusal(503, 'DATA_LOSS')), false);
  assert.equal(f.isWorthRetrying(refusal(400)), false);
  assert.equal(f.isWorthRetrying(refusal(503, 'DEADLINE_EXCEEDED')), true);
});

test('Retry-After in seconds, within reason', () => {
  assert.deepEqual(['2', ' 30 ', '999999', 'Wed, 21 Oct 2026 07:28:00 GMT', '-1', '', null].map(f.parseRetryAfter), [2000, 30000, 3600e3, 0, 0, 0, 0]);
});

test('less time: the greatest preset of at most half, else the later half', () => {
  const window = { startMicros: 1000, endMicros: 5001 };
  assert.deepEqual(f.shorter({ kind: 'last', seconds: 7 * 86400 }, window), { label: 'last 2 days', range: { kind: 'last', seconds: 2 * 86400 } });
  assert.deepEqual(f.shorter({ kind: 'last', seconds: 3600 }, window).range, { kind: 'last', seconds: 900 });
  assert.equal(f.shorter({ kind: 'last', seconds: 300 }, window), null);
  assert.deepEqual(f.shorter({ kind: 'fixed', ...window }, window).range, { kind: 'fixed', startMicros: 3000, endMicros: 5001 });
  assert.equal(f.shorter({ kind: 'fixed', startMicros: 1, endMicros: 2 }, { startMicros: 1, endMicros: 2 }), null);
});
