// When the Trace page asks for its trace.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTrace, random } from './data.mjs';
import { load } from './load.mjs';
import { columns } from './mockTraces.mjs';
import { later, settled, Tab } from './tab.mjs';

const tab = new Tab('/trace/cafe');
const { TraceView } = await load('trace/view.ts');

const kPath = 'trace/cafe';
const kDamaged = { httpStatus: 503, error: { code: 'DATA_LOSS', message: 'part 7: checksum mismatch' } };

async function opened(answer) {
  tab.asked = [];
  tab.api = () => answer;
  const view = new TraceView('cafe', '');
  await settled();
  assert.equal(tab.count(kPath), 1);
  return view;
}

const young = () => columns(makeTrace(random(7), tab.nowMicros - 5e6));

/** Of `trace`, which has grown. */
function grown(trace) {
  const last = trace.spanId.length - 1;
  const copied = Object.entries(trace).filter(([, column]) => Array.isArray(column) && column.length === last + 1);
  return { ...trace, ...Object.fromEntries(copied.map(([name, column]) => [name, [...column, column[last]]])) };
}

test('a damaged trace, tried again by a double click, is asked for once', async () => {
  const view = await opened(kDamaged);
  const trace = young();
  const { promise, arrive } = later(trace);
  tab.api = () => promise;
  view.retry();
  view.retry();
  await settled();
  assert.equal(tab.count(kPath), 2);
  arrive();
  await settled();
  assert.equal(view.loaded.value.trace.spanId.length, trace.spanId.length);
  await tab.pass(3000);
  assert.equal(tab.count(kPath), 2 + 3, 'and then once a second, while it is young');
  view.close();
});

test('a trace that was young when somebody went to another tab is asked for once more when they are back', async () => {
  const trace = young();
  const view = await opened(trace);
  await tab.show(false);
  await tab.pass(60e3);
  assert.equal(tab.count(kPath), 1);
  tab.api = () => grown(trace);
  await tab.show(true);
  assert.equal(tab.count(kPath), 2);
  assert.equal(view.loaded.value.trace.spanId.length, trace.spanId.length + 1);
  await tab.show(false);
  await tab.show(true);
  await tab.pass(60e3);
  assert.equal(tab.count(kPath), 2, 'then it is whole');
  view.close();
  await tab.show(true);
  assert.equal(tab.count(kPath), 2);
});

test('a short look at another tab leaves one question a second', async () => {
  const view = await opened(young());
  await tab.show(false);
  await tab.show(true);
  assert.equal(tab.count(kPath), 2);
  await tab.pass(3000);
  assert.equal(tab.count(kPath), 2 + 3);
  view.close();
});

test('a trace that was missing then, too', async () => {
  const view = await opened(null);
  assert.equal(view.missing.value, true);
  await tab.show(false);
  await tab.pass(60e3);
  tab.api = young;
  await tab.show(true);
  assert.ok(view.loaded.value);
  view.close();
});

test('coming back to a damaged trace asks for nothing', async () => {
  const view = await opened(kDamaged);
  await tab.show(false);
  await tab.show(true);
  assert.equal(tab.count(kPath), 1);
  view.close();
});

test('coming back does not cut short the pause that a busy server asked for', async () => {
  const view = await opened({ httpStatus: 503, error: { code: 'UNAVAILABLE', message: 'too many queries at once' } });
  await tab.show(false);
  await tab.show(true);
  assert.equal(tab.count(kPath), 1);
  await tab.pass(2000);
  assert.equal(tab.count(kPath), 2);
  view.close();
});

test('another address of the same trace is followed, and what was to be noted before is not noted there', async (t) => {
  const view = await opened(young());
  const { trace } = view.loaded.value;
  const last = trace.spanId.length - 1;
  const notes = t.mock.method(history, 'replaceState');
  view.select(0);
  location.search = `?span=${trace.spanId[last]}&tab=logs&find=db&zoom=1-5`;
  view.follow(location.search);
  assert.deepEqual([view.tab.value, view.cursor.value, view.panel.value, view.find.query.value, view.range.value], ['logs', last, true, 'db', { from: 1, to: 5 }]);
  await tab.pass(500);
  assert.equal(notes.mock.callCount(), 0);
  location.search = '';
  view.follow('');
  assert.deepEqual([view.tab.value, view.cursor.value, view.panel.value, view.find.query.value, view.range.value.from], ['waterfall', -1, false, '', 0]);
  await tab.pass(500);
  assert.equal(notes.mock.callCount(), 0);
  view.close();
});

test('another address of a trace that is not there yet is followed when it is', async () => {
  const trace = young();
  const { promise, arrive } = later(trace);
  tab.api = () => promise;
  const view = new TraceView('cafe', '');
  view.follow(`?span=${trace.spanId[1]}&tab=logs`);
  arrive();
  await settled();
  assert.deepEqual([view.tab.value, view.cursor.value, view.panel.value], ['logs', 1, true]);
  view.close();
});
