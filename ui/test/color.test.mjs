import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { load } from './load.mjs';

const c = await load('lib/color.ts');
const css = await readFile(new URL('../src/style/tokens.css', import.meta.url), 'utf8');

/** The tokens of a theme, as written in the style sheet. */
function tokens(theme) {
  const [light, dark] = css.split("[data-theme='dark']");
  return Object.fromEntries([...(theme === 'light' ? light : dark).matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]));
}

for (const theme of ['light', 'dark']) {
  const t = tokens(theme);
  const surfaces = [t.bg, t.surface, t.raised, t.sunken, t.hover];

  test(`service colours have 3:1 on every surface (${theme})`, () => {
    for (let i = 0; i < c.kColors; i++) {
      for (const surface of surfaces) assert.ok(c.contrast(c.paletteColor(i, theme), surface) >= 3, `${i} on ${surface}`);
    }
  });

  test(`texts have 4.5:1, marks and edges 3:1 (${theme})`, () => {
    for (const surface of surfaces) {
      for (const name of ['text', 'muted', 'accent', 'bad', 'good', 'warn']) {
        assert.ok(c.contrast(t[name], surface) >= 4.5, `${name} on ${surface}: ${c.contrast(t[name], surface).toFixed(2)}`);
      }
    }
    for (const name of ['edge', 'chart', 'bad-fill', 'p50', 'p95', 'p99']) {
      assert.ok(c.contrast(t[name], t.surface) >= 2.99, `${name}: ${c.contrast(t[name], t.surface).toFixed(2)}`);
    }
    for (const [text, soft] of [['accent', 'accent-soft'], ['bad', 'bad-soft'], ['warn', 'warn-soft'], ['on-accent', 'accent']]) {
      assert.ok(c.contrast(t[text], t[soft]) >= 4.5, `${text} on ${soft}`);
    }
  });
}

test('a service keeps its colour; services of one trace differ', () => {
  const names = Array.from({ length: c.kColors }, (_, i) => `service-${i}`);
  const all = c.assignColors(names);
  assert.equal(new Set(all.values()).size, c.kColors);
  assert.equal(c.assignColors(['todo']).get('todo'), c.colorOf('todo'));
  assert.deepEqual([...c.assignColors(['b', 'a'])], [...c.assignColors(['a', 'b'])]);
  assert.equal(c.assignColors(Array.from({ length: 50 }, (_, i) => `s${i}`)).size, 50);
});

test('while there is room, two services of a trace do not look alike', () => {
  const hue = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * (180 / Math.PI);
  };
  for (const names of [['batch', 'importer', 'postgres', 'redis', 'search-index'], ['a', 'b', 'c', 'd', 'e'], ['todo', 'nginx', 'node']]) {
    const hues = [...c.assignColors(names).values()].map((index) => hue(c.paletteColor(index, 'light')));
    for (let i = 0; i < hues.length; i++) {
      for (let j = 0; j < i; j++) {
        const turn = Math.abs(hues[i] - hues[j]) % 360;
        assert.ok(Math.min(turn, 360 - turn) > 15, `${names[j]}, ${names[i]}: ${Math.round(turn)}`);
      }
    }
  }
});
