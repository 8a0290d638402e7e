// Lists of several pages while data arrive: nothing is left out, nothing is there twice.

import assert from 'node:assert/strict';
import { check, results } from './harness.mjs';

const listed = (page) => results(page).evaluateAll((all) => all.map((a) => /trace\/(\w+)/.exec(a.href)[1]));

/** Those of the store from the first one listed on, in the server's order. */
function stored(mock, first, by) {
  const all = [...mock.traces].sort((a, b) => by(b) - by(a) || (a.traceId < b.traceId ? -1 : 1)).map((t) => t.traceId);
  return all.slice(all.indexOf(first));
}

async function more(page, count) {
  await page.getByRole('button', { name: 'Load more' }).click();
  await results(page).nth(count - 1).waitFor();
}

await check('load more while many traces arrive', 'full', async (page, mock) => {
  const isWhole = async () => {
    const ids = await listed(page);
    assert.deepEqual(ids, stored(mock, ids[0], (t) => t.startMicros).slice(0, ids.length));
    return ids;
  };
  const now = Date.now() * 1000;
  for (let i = 0; i < 50; i++) mock.add(now - 500e3); // more than a page at the same time
  await page.goto('/search');
  await results(page).first().waitFor();
  await more(page, 40);
  const before = await isWhole();
  for (let i = 0; i < 30; i++) mock.add(Date.now() * 1000 - 1e3 * i);
  await page.getByRole('button', { name: '20+ new' }).waitFor();
  assert.deepEqual(await listed(page), before, 'pages that belong together stay');
  await more(page, 60);
  assert.equal((await isWhole()).length, 60);
  await page.getByRole('button', { name: '20+ new' }).click();
  await page.waitForFunction((old) => !document.querySelector('.result').href.includes(old), before[0]);
  assert.equal((await isWhole()).length, 20);
  await more(page, 40);
  await isWhole();
});

await check('rows that were held, then let go: the next page joins on', 'full', async (page, mock) => {
  await page.goto('/search');
  await results(page).first().hover();
  for (let i = 0; i < 30; i++) mock.add(Date.now() * 1000 - 1e3 * i);
  await page.getByRole('button', { name: '20+ new' }).waitFor();
  await page.mouse.move(5, 5);
  await page.getByRole('button', { name: '20+ new' }).waitFor({ state: 'detached' });
  await more(page, 40);
  const ids = await listed(page);
  assert.deepEqual(ids, stored(mock, ids[0], (t) => t.startMicros).slice(0, 40));
});

await check('the longest, of which one grows between two pages', 'full', async (page, mock) => {
  await page.goto('/search?sort=longest&live=0');
  await results(page).first().waitFor();
  const ids = await listed(page);
  const shortest = stored(mock, ids[0], (t) => t.durationMicros).at(-1);
  mock.find(shortest).durationMicros = mock.find(ids[0]).durationMicros + 1e6;
  await more(page, 40);
  const all = await listed(page);
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(all, stored(mock, shortest, (t) => t.durationMicros).slice(0, all.length));
});

await check('a page that cannot be loaded is said where it is missing, and the others stay', 'full', async (page, mock) => {
  await page.goto('/search?live=0');
  await results(page).first().waitFor();
  const { api } = mock;
  mock.api = (path, query) => (path === 'search' ? { httpStatus: 503, error: { code: 'UNAVAILABLE', message: 'too many queries at once' } } : api.call(mock, path, query));
  await page.getByRole('button', { name: 'Load more' }).click();
  await page.getByRole('alert').getByText('More were not loaded: too many queries at once').waitFor();
  assert.equal(await results(page).count(), 20);
  mock.api = api;
  await more(page, 40);
  assert.equal(await page.getByRole('alert').count(), 0);
});

await check('older lines while more arrive in the very nanosecond in which a page ends', 'full', async (page, mock) => {
  const time = `${Date.now() * 1000 - 60e6}000`;
  const line = (n) => ({ ...mock.lines[0], time, body: `tie ${n}` });
  for (const trace of mock.traces) trace.logs = [];
  mock.lines = Array.from({ length: 250 }, (_, n) => line(n));
  await page.goto('/logs?live=0');
  await page.locator('.log').nth(199).waitFor();
  mock.lines.unshift(line('late'));
  await page.getByRole('button', { name: 'Load older lines' }).click();
  await page.waitForFunction(() => document.querySelectorAll('.log').length === 251);
  const bodies = await page.locator('.log .log-body').allTextContents();
  assert.equal(new Set(bodies).size, 251);
});
