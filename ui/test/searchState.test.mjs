import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const s = await load('lib/searchState.ts');

test('an empty address is the default, and back', () => {
  assert.deepEqual(s.parseSearch(''), s.defaultState());
  assert.equal(s.formatSearch(s.defaultState()), '');
});

test('everything survives the address', () => {
  const state = {
    service: 'todo & co',
    operation: 'GET /?a=b',
    clauses: [
      { key: 'http.host', op: '=', value: 'localhost:5000' },
      { key: 'n', op: '>=', value: '3' },
      { key: 'x', op: 'exists', value: '' },
    ],
    minDuration: '1.5s',
    maxDuration: '2m',
    range: { kind: 'fixed', startMicros: 1795424817437682, endMicros: 1795424817537682 },
    limit: 50,
    live: false,
    sort: 'errors',
  };
  assert.deepEqual(s.parseSearch(s.formatSearch(state)), state);
  for (const preset of s.kPresets) {
    const moving = { ...s.defaultState(), range: { kind: 'last', seconds: preset.seconds } };
    assert.deepEqual(s.parseSearch(s.formatSearch(moving)), moving);
  }
});

test('Jaeger’s addresses', () => {
  const state = s.parseSearch('?service=a&operation=all&lookback=2d&start=1&end=2&limit=1000000&minDuration=100ms&tags=%7B%22k%22%3A%22v%22%7D&tag=old:one');
  assert.equal(state.service, 'a');
  assert.equal(state.operation, '');
  assert.deepEqual(state.range, { kind: 'last', seconds: 172800 });
  assert.equal(state.limit, 1500);
  assert.deepEqual(state.clauses, [
    { key: 'k', op: '=', value: 'v' },
    { key: 'old', op: '=', value: 'one' },
  ]);
  const custom = s.parseSearch('?lookback=custom&start=1795424817437682&end=1795424817537682');
  assert.equal(custom.range.kind, 'fixed');
});

test('nonsense falls back to defaults', () => {
  const state = s.parseSearch('?lookback=0h&start=x&end=1&limit=-3&minDuration=soon&sort=best&tags=%7B');
  assert.deepEqual(state, s.defaultState());
  assert.equal(s.parseSearch('?start=5&end=5').range.kind, 'last');
});

test('a moving window steps by whole bars and holds now', () => {
  const range = { kind: 'last', seconds: 3600 };
  const now = 1795424817437682;
  const window = s.windowOf(range, now);
  assert.equal(window.endMicros - window.startMicros, 3600e6);
  assert.equal(window.endMicros % 60e6, 0);
  assert.ok(window.endMicros > now && window.endMicros <= now + 60e6);
  assert.deepEqual(s.windowOf(range, Math.floor(now / 60e6) * 60e6), window);
});

test('the server is asked in nanoseconds, error=true by its own parameter', () => {
  const state = s.parseSearch('?service=a&tag=error%3Dtrue&tag=k%3Dv&tag=n%3E5&minDuration=1ms');
  const query = s.toApi(state, { startMicros: 1795424817437682, endMicros: 1795424817537682 });
  assert.equal(query.get('start'), '1795424817437682000');
  assert.equal(query.get('errors'), 'true');
  assert.deepEqual(query.getAll('tag'), ['k=v', 'n>5']);
  assert.equal(query.get('minDuration'), '1ms');
  assert.equal(query.get('operation'), null);
});

test('relaxations leave out one part each', () => {
  const state = s.parseSearch('?service=a&operation=o&tag=k%3Dv&tag=x&maxDuration=1s');
  const found = s.relaxations(state);
  assert.deepEqual(found.map((r) => r.what), ['operation “o”', 'service “a”', 'k=v', 'x', 'max 1s']);
  assert.deepEqual(found[2].state.clauses, [{ key: 'x', op: 'exists', value: '' }]);
  assert.equal(found[1].state.operation, '');
});

test('a range that shows a time: the shortest preset, else the hour around it', () => {
  const now = 1_800_000_000e6;
  assert.deepEqual(s.rangeAround(now - 200e6, now), { kind: 'last', seconds: 300 });
  assert.deepEqual(s.rangeAround(now - 5 * 3600e6, now), { kind: 'last', seconds: 6 * 3600 });
  const old = now - 30 * 86400e6;
  assert.deepEqual(s.rangeAround(old, now), { kind: 'fixed', startMicros: old - 1800e6, endMicros: old + 1800e6 });
  assert.deepEqual(s.rangeAround(now + 90e6, now), { kind: 'fixed', startMicros: now - 1710e6, endMicros: now + 1890e6 }, 'a clock that is ahead');
  assert.equal(s.rangeAround(5, now).startMicros, 1);
});

test('errors=true, as the calls have it, is the condition that the page knows', () => {
  assert.deepEqual(s.parseSearch('?errors=true').clauses, [{ key: 'error', op: '=', value: 'true' }]);
  assert.equal(s.parseSearch('?errors=1&tag=error%3Dtrue').clauses.length, 1);
  assert.deepEqual(s.parseSearch('?errors=false').clauses, []);
});

test('what a link says and the page cannot read is named, once', () => {
  assert.deepEqual(s.unreadParameters('?service=a&tag=k&tags=%7B%7D&lookback=custom&start=1&end=2&limit=5&errors=true&live=0&sort=longest&minDuration='), []);
  assert.deepEqual(s.unreadParameters('?foo=1&foo=2&minDuration=soon&limit=-3&sort=best&tags=%7B&start=x&errors=maybe'), ['foo', 'minDuration', 'limit', 'sort', 'tags', 'start', 'errors']);
  assert.deepEqual(s.unreadParameters('?uiEmbed=v0&toString=1'), ['toString'], 'Jaeger’s, about the looks of its own page, do no harm');
});

test('patterns that must match the whole are widened to match a part', () => {
  const wide = (value) => s.widened({ ...s.defaultState(), clauses: [{ key: 'k', op: '=~', value }] }).map((w) => w.clause.value);
  assert.deepEqual(wide('orders'), ['.*orders.*']);
  assert.deepEqual(wide('/orders/.*'), ['.*/orders/.*']);
  assert.deepEqual(wide('^/orders$'), ['.*/orders.*']);
  assert.deepEqual(wide('a|b'), ['.*(a|b).*']);
  assert.deepEqual(wide('.*a.*'), []);
  assert.deepEqual(s.widened({ ...s.defaultState(), clauses: [{ key: 'k', op: '=', value: 'a' }] }), []);
  const two = s.widened(s.parseSearch('?tag=x%3D1&tag=k%3D~a'));
  assert.deepEqual(two[0].state.clauses[0], { key: 'x', op: '=', value: '1' }, 'the others stay');
});

test('where the data fill a small part of the time, that part is offered', () => {
  const minute = 60e6;
  const now = 1_800_000_000e6;
  const window = s.windowOf({ kind: 'last', seconds: 3600 }, now);
  const bars = (filled) => ({
    bucketNanos: minute * 1000,
    start: Array.from({ length: 60 }, (_, i) => `${window.startMicros + i * minute}000`),
    count: Array.from({ length: 60 }, (_, i) => (filled.includes(i) ? 5 : 0)),
  });
  const last = { kind: 'last', seconds: 3600 };
  assert.deepEqual(s.rangeOfData(last, window, bars([57, 59]), now), { kind: 'last', seconds: 300 });
  assert.deepEqual(s.rangeOfData(last, window, bars([50, 59]), now), { kind: 'last', seconds: 900 });
  const early = { kind: 'fixed', startMicros: window.startMicros + 3 * minute, endMicros: window.startMicros + 6 * minute };
  assert.deepEqual(s.rangeOfData(last, window, bars([3, 5]), now), early);
  assert.deepEqual(s.rangeOfData({ kind: 'fixed', ...window }, window, bars([3, 5]), now), early);
  assert.equal(s.rangeOfData(last, window, bars([3, 59]), now), null);
  assert.equal(s.rangeOfData(last, window, bars([]), now), null);
});
