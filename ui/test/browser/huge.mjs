// A trace of a hundred thousand spans. test/speed.mjs measures; this makes sure that it works at all.

import assert from 'node:assert/strict';
import { kHugeId } from '../data.mjs';
import { check, rows, shot } from './harness.mjs';

// Generous: machines under test are busy. The figures themselves are printed.
const kRowsLimitMillis = 3000;

await check('a hundred thousand spans', 'full', async (page, mock) => {
  const answer = mock.api(`trace/${kHugeId}`, new URLSearchParams());
  const text = JSON.stringify(answer);
  mock.api = ((plain) => (path, query) => (path === `trace/${kHugeId}` ? { text } : plain.call(mock, path, query)))(mock.api);
  const times = [];
  for (let i = 0; i < 3; i++) {
    await page.goto('about:blank');
    await page.goto(`/trace/${kHugeId}`, { waitUntil: 'commit' });
    await rows(page).nth(20).waitFor();
    times.push(await page.evaluate(() => Math.round(performance.now())));
  }
  const inside = await page.evaluate(() => performance.getEntriesByType('mark').map((m) => [m.name, Math.round(m.startTime)]));
  console.log(`      rows visible ${times.join(', ')} ms after navigation; marks ${JSON.stringify(inside)}`);
  assert.ok(Math.min(...times) < kRowsLimitMillis);
  await page.waitForTimeout(300);
  await shot(page, 'huge');
  const frames = await page.evaluate(async () => {
    const element = document.querySelector('.wf');
    const gaps = [];
    let last = performance.now();
    for (let i = 0; i < 120; i++) {
      element.scrollTop += 997;
      await new Promise(requestAnimationFrame);
      gaps.push(performance.now() - last);
      last = performance.now();
    }
    gaps.sort((a, b) => a - b);
    return { median: gaps[60], worst: gaps[119] };
  });
  console.log(`      scrolling: ${frames.median.toFixed(1)} ms a frame, worst ${frames.worst.toFixed(1)} ms`);
  await page.locator('.wf').focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelector('.wf-row.selected')?.getAttribute('aria-rowindex') === '100001');
  const began = Date.now();
  await page.locator('#find').fill('step 17');
  await page.locator('.found:not(:empty)').waitFor();
  console.log(`      find: ${Date.now() - began} ms`);
});
