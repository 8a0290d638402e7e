// The charts above the list: what they say, and what a pointer does on them.

import assert from 'node:assert/strict';
import { axe, check, results, shot } from './harness.mjs';

await check('brushing narrows the time, reset brings it back', 'full', async (page) => {
  await page.goto('/search');
  await page.locator('.plot .u-over').first().waitFor();
  const box = await page.locator('.plot .u-over').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 50, { steps: 4 });
  await shot(page, 'brush');
  await page.mouse.up();
  await page.waitForURL(/lookback=custom/);
  const query = new URL(page.url()).searchParams;
  const seconds = (query.get('end') - query.get('start')) / 1e6;
  assert.ok(Math.abs(seconds - 360) < 40, `a tenth of an hour, got ${seconds} s`);
  await page.getByRole('button', { name: 'Back to the whole time range' }).first().click();
  await page.waitForURL((url) => !url.search.includes('custom'));
  await page.locator('.charts[aria-busy=false]').waitFor();
  const again = page.locator('.plot .u-over').nth(1);
  const other = await again.boundingBox();
  await page.mouse.move(other.x + other.width * 0.2, other.y + 40);
  await page.mouse.down();
  await page.mouse.move(other.x + other.width * 0.7, other.y + 50, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/lookback=custom/);
  await page.locator('.charts[aria-busy=false]').waitFor();
  await page.locator('.plot .u-over').nth(1).dblclick();
  await page.waitForURL((url) => !url.search.includes('custom'));
});

await check('charts have tables with the same numbers', 'full', async (page) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  await page.getByRole('button', { name: 'View as table' }).first().click();
  await page.getByRole('button', { name: 'View as table' }).first().click();
  await page.locator('.twin td').first().waitFor();
  await shot(page, 'twins');
  await axe(page);
  await page.locator('.twin button').first().click();
  await page.waitForURL(/lookback=custom/);
});

await check('charts say their step; hovering tells all figures and the rate', 'full', async (page) => {
  await page.goto('/search');
  await page.locator('.plot canvas').nth(1).waitFor();
  await page.getByRole('heading', { name: 'Spans per 1 min' }).waitFor();
  const box = await page.locator('.plot .u-over').nth(1).boundingBox();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 60);
  const readout = page.locator('.chart .readout').nth(1);
  await readout.locator('time').waitFor();
  const inside = await readout.evaluate((e) => [...e.children].every((c) => c.getBoundingClientRect().bottom <= e.getBoundingClientRect().bottom + 1));
  assert.ok(inside, 'p99 is not cut off');
  assert.match(await readout.textContent(), /p50 [\d.]+ .s.*p99 [\d.]+ .?s/);
  assert.match(await page.locator('.chart .readout').first().textContent(), /\/s$/);
  await shot(page, 'hover');
});

await check('a click on a bar looks at its time', 'full', async (page) => {
  await page.goto('/search');
  await page.locator('.plot .u-over').first().waitFor();
  const box = await page.locator('.plot .u-over').first().boundingBox();
  await page.mouse.click(box.x + box.width - 60, box.y + box.height - 4);
  await page.waitForURL(/lookback=custom/);
  const query = new URL(page.url()).searchParams;
  assert.equal((query.get('end') - query.get('start')) / 1e6, 60);
});

await check('requests only: one click, and the filter is seen', 'full', async (page) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  const count = async () => page.locator('.readout .amount').first().textContent();
  const all = await count();
  await page.getByRole('button', { name: 'Requests only' }).click();
  await page.locator('.chip').getByText('kind=~server|consumer').waitFor();
  await page.getByRole('heading', { name: 'Requests per 1 min' }).waitFor();
  await page.waitForFunction((before) => document.querySelector('.readout .amount').textContent !== before, all);
  await shot(page, 'requests');
  await axe(page);
  await page.getByRole('button', { name: 'Requests only' }).click();
  await page.locator('.chip').waitFor({ state: 'detached' });
});

await check('data in a small part of the time: one click looks at it', 'full', async (page, mock) => {
  mock.traces = mock.traces.filter((t) => t.startMicros > Date.now() * 1000 - 150e6);
  assert.ok(mock.traces.length > 3);
  await page.goto('/search');
  await page.getByRole('button', { name: 'Zoom to data' }).click();
  await page.waitForURL(/lookback=5m/);
  await page.getByRole('heading', { name: 'Spans per 5 s' }).waitFor();
  await page.getByRole('button', { name: 'Zoom to data' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Back to the whole time range' }).first().click();
  await page.waitForURL((url) => !url.search.includes('lookback'));
});
