// The Operations page: what it lists, how it is sorted, where its rows lead, what it says when there
// is nothing.

import assert from 'node:assert/strict';
import { axe, check, kNarrow, kWide, nothingSticksOut, results, shot } from './harness.mjs';

const rowsOf = (page) => page.locator('.operations tbody tr');
const names = (page) => page.locator('.operations tbody .what a').allTextContents();

async function open(page, query = '') {
  await page.goto(`/operations${query}`);
  await rowsOf(page).first().waitFor();
}

/** "1.23 ms" to microseconds. */
function micros(text) {
  const [, number, unit] = /([\d.]+) (ns|µs|ms|s)/.exec(text);
  return Number(number) * { ns: 1e-3, µs: 1, ms: 1e3, s: 1e6 }[unit];
}

for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries({ wide: kWide, narrow: kNarrow })) {
    await check(`operations: a table of what is slow (${size}, ${theme})`, 'full', async (page) => {
      for (const view of ['requests', 'client', 'statements']) {
        await open(page, `?lookback=15m&view=${view}`);
        await page.waitForTimeout(100); // a frame or two, so that canvases are drawn
        await shot(page, `operations-${view}-${size}-${theme}`);
        await axe(page);
        await nothingSticksOut(page);
      }
    }, { viewport, theme });
  }
}

await check('operations: found in the head, with the filter of the search', 'full', async (page) => {
  await page.goto('/search?service=todo&lookback=15m');
  await results(page).first().waitFor();
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.waitForURL('**/operations?service=todo&lookback=15m');
  await rowsOf(page).first().waitFor();
  assert.deepEqual((await names(page)).sort(), ['GET /', 'POST /add']);
  assert.equal(await page.getByRole('link', { name: 'Operations' }).getAttribute('aria-current'), 'page');
  await page.getByRole('combobox', { name: 'Operation' }).fill('GET /');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/operations?service=todo&operation=GET+%2F&lookback=15m');
  await page.waitForFunction(() => document.querySelectorAll('.operations tbody tr').length === 1);
  await page.getByRole('link', { name: 'Traces' }).click();
  await page.waitForURL('**/search?service=todo&lookback=15m');
});

await check('operations: columns sort, and the address keeps it', 'full', async (page) => {
  await open(page);
  await page.getByRole('columnheader', { name: 'p95' }).getByRole('button').click();
  await page.waitForURL(/order=p95/);
  await page.locator('[aria-sort=descending]', { hasText: 'p95' }).waitFor();
  await page.locator('.results[aria-busy=false]').waitFor();
  const slowest = (await page.locator('.operations a[aria-label^="p95"]').allTextContents()).map(micros);
  assert.deepEqual(slowest, [...slowest].sort((a, b) => b - a));
  await page.getByLabel('Order').selectOption('errors');
  await page.waitForURL(/order=errors/);
  await page.locator('[aria-sort=descending]', { hasText: 'Errors' }).waitFor();
  await page.goBack();
  await page.waitForURL(/order=p95/);
  await page.getByRole('columnheader', { name: 'Operation' }).getByRole('button').press('Enter');
  await page.locator('[aria-sort=ascending]').waitFor();
});

await check('operations: a row leads to its traces, its errors, its slowest', 'full', async (page) => {
  await open(page, '?service=todo');
  const row = rowsOf(page).filter({ hasText: 'POST /add' });
  await row.getByRole('link', { name: 'POST /add' }).click();
  await page.waitForURL('**/search?service=todo&operation=POST+%2Fadd&tag=kind%3D%7Eserver%7Cconsumer&sort=longest');
  await results(page).first().waitFor();
  await page.goBack();
  await row.getByRole('link', { name: /show only these/ }).click();
  await page.waitForURL('**/search?service=todo&operation=POST+%2Fadd&tag=kind%3D%7Eserver%7Cconsumer&tag=error%3Dtrue&sort=longest');
  await results(page).first().waitFor();
  await page.goBack();
  const p95 = row.getByRole('link', { name: /^p95/ });
  const least = micros(await p95.textContent());
  await p95.click();
  await page.waitForURL(/minDuration=\d+us/);
  const asked = Number(/minDuration=(\d+)us/.exec(page.url())[1]);
  assert.ok(Math.abs(asked - least) <= least * 0.01, `${asked} µs for ${least} µs`);
  await results(page).first().waitFor();
  await page.goBack();
  await row.locator('td').nth(2).click(); // anywhere else
  await page.waitForURL('**/search?service=todo&operation=POST+%2Fadd&tag=kind%3D%7Eserver%7Cconsumer&sort=longest');
});

await check('operations: statements lead to the spans that sent them', 'full', async (page) => {
  await open(page);
  await page.getByRole('button', { name: 'Database statements' }).click();
  await page.waitForURL('**/operations?view=statements');
  await page.getByRole('link', { name: /^INSERT INTO tasks/ }).click();
  await page.waitForURL((url) => url.searchParams.getAll('tag').join() === 'kind=~client|producer,db.statement=INSERT INTO tasks(text) VALUES (?)');
  await results(page).first().waitFor();
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.waitForURL((url) => url.pathname === '/operations' && url.searchParams.get('view') === 'client' && !url.search.includes('kind'));
  await rowsOf(page).first().waitFor();
});

await check('operations: what changed is said in words', 'full', async (page, mock) => {
  const now = Date.now() * 1000;
  for (const trace of mock.traces) {
    const slow = trace.startMicros > now - 300e6 ? 4 : 1;
    for (const span of trace.spans) span.durationMicros = 1000 * slow;
  }
  for (let i = 0; i < 40; i++) mock.add(now - 10e6 * i).spans.forEach((span) => (span.durationMicros = now - 10e6 * i > now - 300e6 ? 4000 : 1000));
  await open(page, '?lookback=5m&live=0&service=todo');
  await page.getByText('4.0 × slower').first().waitFor();
  await page.getByText(/compared with the 5m before/).waitFor();
  await shot(page, 'operations-slower');
});

await check('operations: live, and rows stay under the pointer', 'full', async (page, mock) => {
  await open(page, '?order=count');
  const before = await names(page);
  await rowsOf(page).last().hover();
  const last = before[before.length - 1];
  const old = await page.locator('.operations tbody td:nth-child(4)').first().textContent();
  for (let i = 0; i < 400; i++) mock.add(Date.now() * 1000 - 1e6 * i);
  await page.waitForFunction((was) => document.querySelector('.operations tbody td:nth-child(4)').textContent !== was, old);
  assert.equal((await names(page))[before.length - 1], last);
});

await check('operations: nothing found says what is counted, and leads on', 'full', async (page) => {
  await page.goto('/operations?service=nobody&view=statements');
  await page.getByRole('heading', { name: 'No call matches' }).waitFor();
  await page.getByText('db.query.text').waitFor();
  await shot(page, 'operations-nothing');
  await axe(page);
  await page.getByRole('link', { name: 'Without the filter' }).click();
  await rowsOf(page).first().waitFor();
});

await check('operations: before the first span, how to send one', 'empty', async (page) => {
  await page.goto('/operations');
  await page.getByRole('heading', { name: 'No span has arrived yet' }).waitFor();
  await axe(page);
  await page.getByRole('link', { name: 'How to send some' }).click();
  await page.getByRole('heading', { name: /Nothing here yet/ }).waitFor();
});

await check('operations: a mistake and a failure are said, and got over', 'full', async (page, mock) => {
  await page.goto('/operations?tag=http.status_code%3E5x');
  await page.getByRole('alert').getByText('want a number').waitFor();
  assert.equal(await rowsOf(page).count(), 0, 'no figures of another filter');
  await axe(page);
  await page.getByRole('link', { name: 'go on without it' }).click();
  await rowsOf(page).first().waitFor();
  const api = mock.api;
  mock.api = (path, query) => (path === 'performance' ? { httpStatus: 503, error: { code: 'UNAVAILABLE', message: 'too many queries wait' } } : api.call(mock, path, query));
  await page.getByRole('alert').getByText('too many queries wait').waitFor();
  mock.api = api;
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

await check('operations: hostile names stay texts', 'hostile', async (page) => {
  await open(page);
  await page.waitForTimeout(100);
  await shot(page, 'operations-hostile');
  await axe(page);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await nothingSticksOut(page);
});

await check('operations: below a path', 'full', async (page) => {
  await page.goto('/jaeger/operations');
  await rowsOf(page).first().waitFor();
  await rowsOf(page).first().getByRole('link').first().click();
  await page.waitForURL(/\/jaeger\/search\?/);
}, { base: '/jaeger' });
