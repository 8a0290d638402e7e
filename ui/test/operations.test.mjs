import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const o = await load('lib/operations.ts');
const s = await load('lib/searchState.ts');

test('the listing survives the address, beside the filter', () => {
  assert.deepEqual(o.parseListing(''), { view: 'requests', order: 'time' });
  assert.deepEqual(o.parseListing('?view=best&order=x'), { view: 'requests', order: 'time' });
  const listing = { view: 'statements', order: 'p95' };
  const text = o.withListing('?service=todo', listing);
  assert.equal(text, '?service=todo&view=statements&order=p95');
  assert.deepEqual(o.parseListing(text), listing);
  assert.equal(s.parseSearch(text).service, 'todo');
  assert.equal(o.withListing('', o.parseListing('')), '');
});

test('what the server is asked', () => {
  const state = s.parseSearch('?service=a&tag=error%3Dtrue');
  const window = { startMicros: 1, endMicros: 2 };
  const requests = o.toPerformanceApi(state, { view: 'requests', order: 'p95' }, window);
  assert.equal(requests.toString(), 'service=a&errors=true&start=1000&end=2000&kind=requests&sort=p95&limit=100&buckets=30');
  const statements = o.toPerformanceApi(state, { view: 'statements', order: 'time' }, window);
  assert.equal(statements.get('by'), 'statement');
  assert.equal(statements.get('kind'), null);
});

test('a row leads to its traces, its failures, its slowest', () => {
  const state = s.parseSearch('?tag=k%3Dv&lookback=15m');
  const row = { service: 'todo', name: 'GET /' };
  assert.equal(s.formatSearch(o.searchOf(state, 'requests', row)), '?service=todo&operation=GET+%2F&tag=k%3Dv&tag=kind%3D%7Eserver%7Cconsumer&lookback=15m&sort=longest');
  const failed = o.searchOf(state, 'requests', row, { clause: { key: 'error', op: '=', value: 'true' } });
  assert.deepEqual(failed.clauses.map((c) => c.key), ['k', 'kind', 'error']);
  assert.equal(o.searchOf(state, 'client', row, { minMicros: 1234.9 }).minDuration, '1234us');
  assert.equal(o.searchOf(state, 'client', row, { minMicros: 0.5 }).minDuration, '500ns');
  const statement = o.searchOf(state, 'statements', { service: 'todo', statement: 'SELECT 1', key: 'db.statement' });
  assert.deepEqual(statement.clauses[2], { key: 'db.statement', op: '=', value: 'SELECT 1' });
  assert.equal(statement.operation, '');
  assert.equal(state.clauses.length, 1, 'the state at hand stays as it is');
});

test('a row leads to the spans of its own kinds, once', () => {
  const row = { service: 'todo', name: 'GET /' };
  const kinds = (view, search = '') => o.searchOf(s.parseSearch(search), view, row).clauses.map((c) => `${c.key}${c.op}${c.value}`);
  assert.deepEqual(kinds('requests'), ['kind=~server|consumer']);
  assert.deepEqual(kinds('client'), ['kind=~client|producer']);
  assert.deepEqual(kinds('statements'), ['kind=~client|producer']);
  assert.deepEqual(kinds('requests', '?tag=kind%3D~server%7Cconsumer'), ['kind=~server|consumer']);
});

test('and the way back is to the view of these kinds, which could not list others', () => {
  assert.equal(o.listingOf('?service=a&tag=kind%3D~server%7Cconsumer&tag=k'), '?service=a&tag=k');
  assert.equal(o.listingOf('?tag=kind%3D~client%7Cproducer'), '?view=client');
  assert.equal(o.listingOf('?service=a&tag=kind%3Dserver'), '?service=a&tag=kind%3Dserver');
});

const figures = (count, p95, errors = 0) => ({ count, errors, rate: count / 60, p95 });

test('changes are said in words', () => {
  const slower = (now, before) => o.latencyChange(figures(100, now), figures(100, before));
  assert.deepEqual(slower(135, 100), { direction: 'up', text: '35 % slower' });
  assert.deepEqual(slower(310, 100), { direction: 'up', text: '3.1 × slower' });
  assert.deepEqual(slower(1234, 100), { direction: 'up', text: '12 × slower' });
  assert.deepEqual(slower(80, 100), { direction: 'down', text: '20 % faster' });
  assert.deepEqual(slower(104, 100), { direction: 'same', text: 'as before' });
  assert.equal(o.latencyChange(figures(4, 100), figures(100, 10)), null, 'of few calls nothing is said');
  assert.equal(o.latencyChange(figures(100, 100), figures(0, null)), null);
});

test('what was not there before is new, where there is a before', () => {
  assert.deepEqual(o.rateChange(figures(5, 1), figures(0, null), true), { direction: 'up', text: 'new' });
  assert.equal(o.rateChange(figures(5, 1), figures(0, null), false), null);
  assert.deepEqual(o.rateChange(figures(50, 1), figures(100, 1), true), { direction: 'down', text: '50 % fewer' });
});

test('errors are compared by their share', () => {
  const errors = (now, before) => o.errorChange(figures(200, 1, now), figures(100, 1, before));
  assert.deepEqual(errors(10, 5), { direction: 'same', text: 'as before' });
  assert.deepEqual(errors(20, 5), { direction: 'up', text: 'was 5 %' });
  assert.deepEqual(errors(0, 5), { direction: 'down', text: 'was 5 %' });
  assert.deepEqual(errors(1, 0), { direction: 'up', text: 'none before' });
  assert.equal(errors(0, 0), null);
});

test('rates and shares as people say them', () => {
  assert.deepEqual([0, 0.00001, 0.01, 0.25, 12.345, 1234.5].map(o.formatRate), ['0/s', '0.036/h', '0.6/min', '0.25/s', '12.3/s', '1,235/s']);
  assert.deepEqual([0, 0.00001, 0.0012, 0.0123, 0.123, 1].map(o.formatShare), ['0 %', '< 0.01 %', '0.12 %', '1.2 %', '12 %', '100 %']);
});
