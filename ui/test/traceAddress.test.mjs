import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { parseTraceAddress, traceParameters } = await load('lib/traceAddress.ts');
const kNothing = { span: null, logs: false, find: '', zoom: null };

function searchOf(address) {
  return new URLSearchParams(Object.entries(traceParameters(address)).filter(([, value]) => value !== null)).toString();
}

test('everything survives the address', () => {
  const address = { span: 'b7ad6b7169203331', logs: true, find: 'SELECT', zoom: { from: 12.5, to: 4000 } };
  assert.deepEqual(parseTraceAddress(searchOf(address)), address);
  assert.equal(searchOf(kNothing), '');
  assert.deepEqual(parseTraceAddress(''), kNothing);
});

test('the ways in which Jaeger names spans', () => {
  const span = 'B7AD6B7169203331';
  assert.equal(parseTraceAddress(`?span=${span}@0af7651916cd43dd8448eb211c80319c`).span, span.toLowerCase());
  assert.equal(parseTraceAddress(`?span=${span}%20${span}`).span, span.toLowerCase());
  assert.deepEqual(parseTraceAddress(`?uiFind=${span}`), { ...kNothing, span: span.toLowerCase(), find: span });
});

test('what cannot be read is left out', () => {
  for (const zoom of ['5-5', '9-5', '-1-5', 'a-b', '1e3-2e3', 'Infinity-NaN', '5']) {
    assert.deepEqual(parseTraceAddress(`?zoom=${zoom}&tab=other&span=zz`), kNothing, zoom);
  }
});
