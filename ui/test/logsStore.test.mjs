// The lines of the Logs page stand still under a reader, and how many came meanwhile is counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';
import { later, settled, Tab } from './tab.mjs';

const tab = new Tab('/logs');
const { held, loadMore, logs, startLogs, status, waiting } = await load('logs/store.ts', 'app/status.ts');

const lines = (count, name) => Array.from({ length: count }, (_, i) => ({ time: String(1e6 - i), body: name }));
const found = (count, name) => ({ logs: lines(count, name), truncated: true, nextCursor: '', tookMicros: 0 });
const shown = () => logs.value[0].body;

/** The server has that many records, and answers so. */
function serve(logRecords, answer) {
  tab.api = (path) => (path === 'logs' ? answer : { total: 0, tookMicros: 0 });
  status.value = { store: { logRecords } };
}

/** Runs `body` while the page is open and shows the first 200 of 100 000 records. */
async function open(body) {
  serve(100e3, found(200, 'first'));
  const stop = startLogs();
  await settled();
  assert.deepEqual([shown(), waiting.value], ['first', 0]);
  await body();
  stop();
}

test('an answer that was under way when somebody came to the lines changes nothing, and is counted', () =>
  open(async () => {
    const { promise, arrive } = later(found(200, 'second'));
    serve(100e3 + 3, promise);
    held.value = true;
    arrive();
    await settled();
    assert.equal(shown(), 'first');
    status.value = { store: { logRecords: 100e3 + 3 } };
    assert.equal(waiting.value, 3);
    status.value = { store: { logRecords: 100e3 + 5 } };
    assert.equal(waiting.value, 5);
    serve(100e3 + 5, found(200, 'third'));
    held.value = false;
    await settled();
    assert.deepEqual([shown(), waiting.value], ['third', 0]);
  }));

test('records of an answer given up for older lines are counted', () =>
  open(async () => {
    serve(100e3 + 3, later(found(200, 'second')).promise);
    tab.api = () => found(100, 'older');
    await loadMore();
    assert.deepEqual([shown(), logs.value.length], ['first', 299]);
    status.value = { store: { logRecords: 100e3 + 4 } };
    assert.equal(waiting.value, 4);
  }));
