import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const s = await load('lib/logsState.ts');

test('an empty address is the default, and back', () => {
  assert.deepEqual(s.parseLogs(''), s.defaultLogs());
  assert.equal(s.formatLogs(s.defaultLogs()), '');
});

test('everything survives the address', () => {
  const state = {
    service: 'nginx & co',
    severity: 'warn',
    text: 'timed out (110: "x"=y&z)',
    clauses: [
      { key: 'log.file.name', op: '=', value: 'error.log' },
      { key: 'severity', op: '>=', value: '17' },
    ],
    range: { kind: 'fixed', startMicros: 1795424817437682, endMicros: 1795424817537682 },
    live: false,
  };
  assert.deepEqual(s.parseLogs(s.formatLogs(state)), state);
  const moving = { ...s.defaultLogs(), range: { kind: 'last', seconds: 900 } };
  assert.deepEqual(s.parseLogs(s.formatLogs(moving)), moving);
});

test('what cannot be read is left at its default', () => {
  assert.equal(s.parseLogs('?severity=loud').severity, '');
  assert.equal(s.parseLogs('?severity=ERROR').severity, 'error');
  assert.deepEqual(s.parseLogs('?lookback=custom&start=9&end=1').range, s.defaultLogs().range);
});

test('the server is asked with its own parameters', () => {
  const state = { ...s.defaultLogs(), service: 'a', severity: 'error', text: 'B c', clauses: [{ key: 'k', op: 'exists', value: '' }] };
  const query = s.toLogsApi(state, { startMicros: 5, endMicros: 9 });
  assert.equal(String(query), 'service=a&severity=error&text=B+c&tag=k&start=5000&end=9000');
});

test('around a trace: half a minute before and after, of one service', () => {
  const around = s.logsAround('todo', 1700000000000000.5, 1700000001000000);
  assert.deepEqual(around.range, { kind: 'fixed', startMicros: 1699999970000000, endMicros: 1700000031000000 });
  assert.equal(around.service, 'todo');
  assert.deepEqual(s.parseLogs(s.formatLogs(around)), around);
});

test('every part of the filter can be left out', () => {
  const state = { ...s.defaultLogs(), service: 'a', severity: 'error', text: 't', clauses: [{ key: 'k', op: '=', value: 'v' }] };
  assert.deepEqual(
    s.logRelaxations(state).map((less) => less.what),
    ['the text “t”', 'the least level error', 'service “a”', 'k=v'],
  );
  for (const less of s.logRelaxations(state)) assert.notDeepEqual(less.state, state);
});
