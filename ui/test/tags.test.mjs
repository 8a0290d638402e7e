import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const t = await load('lib/tags.ts');
const clause = (key, op, value) => ({ key, op, value });

test('every operator, and a bare key', () => {
  assert.deepEqual(t.parseTags('a=1 b!=2 c>3 d>=4 e<5 f<=6 g=~^x.*$ h'), [
    clause('a', '=', '1'),
    clause('b', '!=', '2'),
    clause('c', '>', '3'),
    clause('d', '>=', '4'),
    clause('e', '<', '5'),
    clause('f', '<=', '6'),
    clause('g', '=~', '^x.*$'),
    clause('h', 'exists', ''),
  ]);
});

test('values keep colons, equals signs and slashes', () => {
  assert.deepEqual(t.parseTags('http.host=localhost:5000 url=/a?b=c>d'), [clause('http.host', '=', 'localhost:5000'), clause('url', '=', '/a?b=c>d')]);
});

test('quotes hold blanks, backslashes hold quotes', () => {
  assert.deepEqual(t.parseTags('q="SELECT * FROM \\"t\\"" x=1'), [clause('q', '=', 'SELECT * FROM "t"'), clause('x', '=', '1')]);
  assert.deepEqual(t.parseTags('open="to the end'), [clause('open', '=', 'to the end')]);
});

test('what is written is read back', () => {
  for (const value of ['plain', 'two words', 'a"b', 'back\\slash', '', ' ', '=~<>!', '<script>']) {
    for (const op of ['=', '!=', '>=', '=~']) {
      const one = clause('some.key', op, value);
      assert.deepEqual(t.parseTags(t.formatClause(one)), [one]);
      assert.deepEqual(t.splitClause(t.joinClause(one)), one);
    }
  }
});

test('completion knows keys from values', () => {
  assert.deepEqual(t.completionOf('a=1 http.'), { kind: 'key', prefix: 'http.' });
  assert.deepEqual(t.completionOf('a=1 http.host=loc'), { kind: 'value', key: 'http.host', op: '=', prefix: 'loc' });
  assert.deepEqual(t.completionOf('q="two wo'), { kind: 'value', key: 'q', op: '=', prefix: 'two wo' });
  assert.deepEqual(t.completionOf(''), { kind: 'key', prefix: '' });
});

test('Jaeger’s forms', () => {
  assert.deepEqual(t.fromJaegerTags('{"http.status_code":"500","error":"true"}'), [clause('http.status_code', '=', '500'), clause('error', '=', 'true')]);
  for (const bad of ['', 'x', '[]', 'null', '1']) assert.deepEqual(t.fromJaegerTags(bad), []);
  assert.deepEqual(t.fromTagParameter('http.host:localhost:5000'), clause('http.host', '=', 'localhost:5000'));
  assert.deepEqual(t.fromTagParameter('http.host=localhost:5000'), clause('http.host', '=', 'localhost:5000'));
  assert.ok(t.isErrorClause(clause('error', '=', 'true')));
});
