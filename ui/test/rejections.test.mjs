// Why data was refused, as sentences: each reason that the server counts has one, and no other.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';

const { explain, kReasons } = await load('lib/rejections.ts');

const kServer = fileURLToPath(new URL('../../src/', import.meta.url));

// How the server's code says a reason: reject("x", ...), refuse(404, "x", ...), on_refused_("x", ...),
// a constant {408, "x", "..."}, a page StrangePage{"x", ...}, or a choice between two in a function that ends in reason_of.
const kSaid = [
  /\breject\(\s*"([a-z0-9_]+)"/g,
  /\brefuse\([^"{;]*,\s*"([a-z0-9_]+)"/g,
  /\bon_refused_\(\s*"([a-z0-9_]+)"/g,
  /\{\s*\d{3},\s*"([a-z0-9_]+)",/g,
  /\bStrangePage\{\s*"([a-z0-9_]+)"/g,
];

async function reasonsOf(folder) {
  const found = new Set();
  for (const entry of await readdir(join(kServer, folder), { withFileTypes: true, recursive: true })) {
    if (!/\.(cc|h)$/.test(entry.name) || entry.name.endsWith('_test.cc')) continue;
    const text = await readFile(join(entry.parentPath ?? entry.path, entry.name), 'utf8');
    for (const pattern of kSaid) for (const [, reason] of text.matchAll(pattern)) found.add(reason);
    const choice = /string_view reason_of\(Verdict[^}]*\}/s.exec(text)?.[0] ?? '';
    for (const [, reason] of choice.matchAll(/"([a-z0-9_]+)"/g)) found.add(reason);
  }
  return found;
}

test('every reason that the server counts is explained, and nothing else', async () => {
  const counted = new Set([...(await reasonsOf('net')), ...(await reasonsOf('receivers'))]);
  assert.ok(counted.size > 10, 'the search through the sources finds them');
  assert.deepEqual([...kReasons].sort(), [...counted].sort());
});

test('an explanation is a sentence with a remedy', () => {
  for (const reason of kReasons) {
    const { what, fix } = explain(reason);
    assert.match(what, /^[A-Z][^_]+[^.]$/, reason);
    assert.match(fix, /^[A-Z].+\.$/, reason);
  }
});

test('an unknown reason stays readable', () => {
  assert.deepEqual(explain('some_new_reason'), { what: 'Some new reason', fix: '' });
  assert.deepEqual(explain('constructor'), { what: 'Constructor', fix: '' });
  assert.deepEqual(explain(''), { what: 'Unknown reason', fix: '' });
});
