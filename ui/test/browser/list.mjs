// The list of traces: its order, its rows, why they were found, and that they stand still.

import assert from 'node:assert/strict';
import { missingParentTrace } from '../data.mjs';
import { axe, check, kNarrow, nothingSticksOut, results, rows, shot } from './harness.mjs';

await check('sort, load more', 'full', async (page) => {
  await page.goto('/search?sort=longest');
  await results(page).first().waitFor();
  await page.getByRole('button', { name: 'Load more' }).click();
  await results(page).nth(30).waitFor();
  const texts = await page.locator('.result-duration > span:first-child').allTextContents();
  const micros = texts.map((t) => parseFloat(t) * ({ µs: 1, ms: 1e3, s: 1e6 })[t.split(' ')[1]]);
  assert.deepEqual(micros, [...micros].sort((a, b) => b - a));
});

await check('longest first is of all that match; other orders say that they are of those listed', 'full', async (page, mock) => {
  const slowest = mock.traces.reduce((a, b) => (b.durationMicros > a.durationMicros ? b : a));
  await page.goto('/search');
  await results(page).first().waitFor();
  await page.getByLabel('Sort the traces').selectOption('longest');
  await page.waitForURL(/sort=longest/);
  await page.locator(`li:first-child a[href="/trace/${slowest.traceId}"]`).waitFor();
  await page.getByText('shown, the longest of all').waitFor();
  assert.deepEqual(await page.getByLabel('Sort the traces').locator('option').allTextContents(), ['Newest first', 'Longest first', 'Most spans of these 20', 'Most errors of these 20']);
});

await check('a trace whose root is on its way has a name', 'full', async (page, mock) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  const trace = mock.add(Date.now() * 1000 - 200e3, missingParentTrace);
  const row = page.locator(`a[href="/trace/${trace.traceId}"]`);
  await row.getByText('arriving …').waitFor();
  assert.match(await row.textContent(), /inventory.*inventory\.v1\/Reserve/);
  await shot(page, 'arriving');
  await axe(page);
  trace.startMicros -= 60e6;
  await row.getByText('root span missing').waitFor();
});

await check('rows stand still under the pointer and in focus, and say what waits', 'full', async (page, mock) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  const order = () => results(page).evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  const add = () => mock.add(Date.now() * 1000 - 100e3);
  const link = (trace) => page.locator(`a[href="/trace/${trace.traceId}"]`);
  await results(page).nth(1).hover();
  const before = await order();
  const one = add();
  await page.getByRole('button', { name: '1 new' }).waitFor();
  assert.deepEqual(await order(), before);
  await shot(page, 'held');
  await axe(page);
  await page.mouse.move(5, 5);
  await link(one).waitFor();
  assert.equal(await page.getByRole('button', { name: '1 new' }).count(), 0);
  await page.keyboard.press('j');
  const focused = await order();
  const two = add();
  await page.getByRole('button', { name: '1 new' }).click();
  await link(two).waitFor();
  assert.notDeepEqual(await order(), focused);
});

await check('j and k go through the list, Enter opens', 'full', async (page) => {
  await page.goto('/search?live=0');
  await results(page).first().waitFor();
  const at = () => page.evaluate(() => [...document.querySelectorAll('.result')].indexOf(document.activeElement));
  for (const [key, row] of [['j', 0], ['j', 1], ['ArrowDown', 2], ['k', 1]]) {
    await page.keyboard.press(key);
    assert.equal(await at(), row, key);
  }
  await page.keyboard.press('Enter');
  await rows(page).first().waitFor();
});

await check('each row shows the span that matches, and opens there', 'full', async (page, mock) => {
  await page.goto('/search?tag=db.statement&limit=5');
  const row = results(page).first();
  await row.locator('.result-match').waitFor();
  const text = await row.locator('.result-match').textContent();
  assert.match(text, /(SELECT|INSERT) tasks .*(ms|µs).*(SELECT id, text FROM|INSERT INTO)/);
  await shot(page, 'matches');
  await axe(page);
  const id = /\/trace\/(\w+)/.exec(await row.getAttribute('href'))[1];
  const trace = mock.traces.find((t) => t.traceId === id);
  await row.click();
  await page.locator('.wf-row.selected').waitFor();
  const name = await page.locator('.wf-row.selected .wf-operation').textContent();
  assert.ok(trace.spans.find((s) => s.name === name).attributes.some((a) => a.key === 'db.statement'));
  await page.goto('/search?operation=GET+/');
  await results(page).first().waitFor();
  assert.equal(await page.locator('.result-match').count(), 0, 'the root itself is told already');
});

await check('matches on a narrow screen', 'full', async (page) => {
  await page.goto('/search?tag=db.statement');
  await page.locator('.result-match').first().waitFor();
  await shot(page, 'matches-narrow');
  await axe(page);
  await nothingSticksOut(page);
}, { viewport: kNarrow, theme: 'dark' });
