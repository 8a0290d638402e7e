// Lists of several pages: nothing is left out, nothing is there twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { grown, unlisted, withPage } = await load('lib/traceList.ts');
const { olderThan } = await load('lib/olderLines.ts');

const traces = (ids, spans = 1) => [...ids].map((traceId) => ({ traceId, spans }));
const ids = (list) => list.map((t) => t.traceId).join('');

test('a page comes below those listed; one that is there already grows in its place', () => {
  const list = withPage(traces('abc'), traces('cde', 2));
  assert.equal(ids(list), 'abcde');
  assert.deepEqual(list.map((t) => t.spans), [1, 1, 2, 2, 2]);
});

test('what is listed grows, and nothing comes or goes', () => {
  const list = grown(traces('abc'), traces('xb', 7));
  assert.equal(ids(list), 'abc');
  assert.deepEqual(list.map((t) => t.spans), [1, 7, 1]);
});

test('how many wait: all of a page that meets none of those listed are perhaps not all', () => {
  assert.deepEqual(unlisted(traces('abc'), traces('xab'), true), { count: 1, orMore: false });
  assert.deepEqual(unlisted(traces('abc'), traces('xyz'), true), { count: 3, orMore: true });
  assert.deepEqual(unlisted(traces('abc'), traces('xyz'), false), { count: 3, orMore: false });
  assert.deepEqual(unlisted(traces('abc'), [], true), { count: 0, orMore: false });
});

const lines = (...times) => times.map((time, i) => ({ time: String(time), body: `${time}/${i}` }));

test('older lines begin with those of the last nanosecond, which replace the ones that are there', () => {
  const { newer, end, limit } = olderThan(lines('1795741306219576003', '1795741306219576001', '1795741306219576001'), 200);
  assert.deepEqual(newer.map((l) => l.body), ['1795741306219576003/0']);
  assert.equal(end, '1795741306219576002');
  assert.equal(limit, 202);
});

test('a list of one nanosecond is asked for anew as a whole', () => {
  const { newer, end, limit } = olderThan(lines(5, 5, 5), 2);
  assert.deepEqual([newer.length, end, limit], [0, '6', 5]);
  assert.equal(olderThan(lines(...new Array(9990).fill(5)), 200).limit, 10000);
});

test('pages of a store in which lines of one nanosecond lie now so, now so, and more arrive', () => {
  const store = Array.from({ length: 60 }, (_, i) => ({ time: String(100 + Math.floor(i / 7)), name: i }));
  let turn = 0;
  const ask = (end, limit) =>
    store
      .filter((l) => BigInt(l.time) < BigInt(end))
      .sort((a, b) => b.time - a.time || ((a.name * 31 + turn * 17) % 61) - ((b.name * 31 + turn * 17) % 61))
      .slice(0, limit);
  let list = ask('1000', 10);
  while (list.length < store.length) {
    turn++;
    store.push({ time: list[list.length - 1].time, name: store.length });
    const older = olderThan(list, 10);
    list = [...older.newer, ...ask(older.end, older.limit)];
    assert.ok(turn < 100);
  }
  assert.equal(new Set(list.map((l) => l.name)).size, store.length);
});
