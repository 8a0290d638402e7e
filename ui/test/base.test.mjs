import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { baseOf, below } = await load('lib/base.ts');

test('the base is what stands before the folder of the scripts', () => {
  for (const [script, base] of [
    ['http://localhost:16686/assets/boot-1A2B3C4D.js', ''],
    ['https://traces.example/jaeger/assets/main-1A2B3C4D.js', '/jaeger'],
    ['https://traces.example/a/b/assets/main-1A2B3C4D.js?x=/y/', '/a/b'],
    ['https://traces.example/assets/assets/main-1A2B3C4D.js', '/assets'],
  ]) assert.equal(baseOf(script), base, script);
});

test('a base never makes a link to another host', () => {
  assert.equal(baseOf('http://localhost//assets/main.js'), '');
  assert.equal(baseOf('http://localhost//evil.example/assets/main.js'), '/evil.example');
});

test('what is below the base is the page’s', () => {
  assert.equal(below('', '/search'), '/search');
  assert.equal(below('/jaeger', '/jaeger/search'), '/search');
  assert.equal(below('/jaeger', '/jaeger/'), '/');
  assert.equal(below('/jaeger', '/jaeger'), '/');
  assert.equal(below('/jaeger', '/jaegerx/search'), '/jaegerx/search');
});
