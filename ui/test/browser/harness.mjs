// What the browser tests share: Chromium, a made-up server for each check, axe, screenshots.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMock } from '../mock.mjs';

const kShots = process.argv[2] || undefined;
const kOnly = process.argv[3] ?? '';
const kAxe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kFlags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ');

export const kWide = { width: 1440, height: 900 };
export const kNarrow = { width: 390, height: 844 };
export const kWidest = { width: 1920, height: 1080 };

if (kShots) await mkdir(kShots, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: kFlags });
let passed = 0;
let failed = 0;

/** Runs `body` on a fresh page against a fresh server; the page must log no error. */
export async function check(name, scene, body, { viewport = kWide, theme = 'light', zone = 'UTC', base = '' } = {}) {
  if (!name.includes(kOnly)) return;
  const served = await startMock({ scene, base });
  const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce', baseURL: served.url, timezoneId: zone });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    const expected = /404 \(Not Found\)|400 \(Bad Request|50[03] \((Internal|Service)/.test(message.text()); // the network's, where a test asks for it
    if (message.type() === 'error' && !expected) errors.push(message.text());
  });
  try {
    await body(page, served.mock, served);
    assert.deepEqual(errors, []);
    passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n      ${String(error.message ?? error).replace(/\n/g, '\n      ')} ${errors.join('; ')}`);
    if (kShots) await page.screenshot({ path: join(kShots, `failed-${failed}.png`) }).catch(() => {});
  }
  await context.close();
  served.server.closeAllConnections();
  await served.close();
}

export async function shot(page, name) {
  if (kShots) await page.screenshot({ path: join(kShots, `${name}.png`) });
}

export async function axe(page) {
  await page.evaluate(kAxe); // evaluated by the debugger: the policy for scripts does not concern it
  const violations = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: found } = await window.axe.run(document, { runOnly: tags });
    return found.flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.any[0]?.message ?? ''}`));
  });
  assert.deepEqual(violations, []);
}

export const rows = (page) => page.locator('.wf-row');
export const results = (page) => page.locator('.result');

export async function openTrace(page, mock, pick) {
  const trace = mock.traces.find(pick);
  await page.goto(`/trace/${trace.traceId}`);
  await rows(page).first().waitFor();
  return trace;
}

export const failedCheckout = (t) => t.spans[0].service === 'frontend' && t.spans[0].status === 2;

/** No text is cut off in a field, no mark of the time axis runs into the next. */
export async function everythingIsRead(page) {
  const cut = await page.locator('input:visible').evaluateAll((all) => all.filter((e) => e.value && e.scrollWidth > e.clientWidth + 1).map((e) => e.value));
  assert.deepEqual(cut, [], 'fields show what they hold');
  const marks = await page.locator('.wf-head .wf-time > span').evaluateAll((all) => all.map((e) => e.getBoundingClientRect()).map(({ left, right }) => [left, right]));
  marks.slice(1).forEach(([left], i) => assert.ok(left > marks[i][1] + 4, `mark ${i + 1} stands beside mark ${i}`));
  const heads = await page.locator('.chart h2').evaluateAll((all) => all.map((e) => e.getBoundingClientRect().width));
  assert.ok(heads.every((width) => width >= 60), `headings have room: ${heads}`);
}

export async function nothingSticksOut(page) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
}

/** Closes the browser and says how it went; true where nothing failed. */
export async function finish() {
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}
