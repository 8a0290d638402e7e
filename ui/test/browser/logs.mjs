// The Logs page: all lines, in a trace or not; its filters, bars, links, and what it says when there is nothing.

import assert from 'node:assert/strict';
import { axe, check, kNarrow, nothingSticksOut, rows, shot } from './harness.mjs';

const lines = (page) => page.locator('.lines-box .log');
const kWider = { width: 1600, height: 1000 };

for (const theme of ['light', 'dark']) {
  for (const [name, viewport] of [['1440', { width: 1440, height: 900 }], ['390', kNarrow], ['1600', kWider]]) {
    await check(`logs look right, ${theme}, ${name} px`, 'full', async (page) => {
      await page.goto('/logs');
      await lines(page).first().waitFor();
      await page.locator('.log-bars rect').first().waitFor();
      await nothingSticksOut(page);
      await axe(page);
      await shot(page, `logs-${theme}-${name}`);
    }, { viewport, theme });
    await check(`no logs yet, ${theme}, ${name} px`, 'empty', async (page) => {
      await page.goto('/logs');
      await page.getByRole('heading', { name: 'No log lines yet' }).waitFor();
      await page.getByText('--logs_exporter otlp').first().waitFor();
      await nothingSticksOut(page);
      await axe(page);
      await shot(page, `logs-empty-${theme}-${name}`);
    }, { viewport, theme });
  }
}

await check('lines without a span are there, newest first', 'full', async (page) => {
  await page.goto('/search');
  await page.getByRole('navigation').getByRole('link', { name: 'Logs' }).click();
  await page.waitForURL(/\/logs$/);
  await lines(page).first().waitFor();
  assert.equal(await page.title(), 'Logs · Kolben');
  await lines(page).filter({ hasText: 'giving up: the mail server is away' }).waitFor();
  const titles = await page.locator('.lines-box time').evaluateAll((all) => all.map((time) => time.title));
  assert.deepEqual(titles, [...titles].sort().reverse());
  await page.getByRole('navigation').getByRole('link', { name: 'Traces' }).click();
  await page.waitForURL(/\/search$/);
});

await check('what an exception says stands in its line', 'full', async (page) => {
  await page.goto('/logs?text=order%208812&severity=error');
  const line = lines(page).filter({ hasText: 'could not send order 8812' });
  await line.getByText('smtplib.SMTPServerDisconnected: Connection unexpectedly closed').waitFor();
  await line.getByRole('button', { name: '+3 attributes' }).click();
  await line.getByText('code.function.name').waitFor();
  await page.getByRole('link', { name: 'Search code.function.name with this value' }).click();
  await page.waitForURL(/\/logs\?.*tag=code.function.name%3Dsend/);
  await page.locator('.chip').waitFor();
});

await check('log filters: typing, completion, permalink, back', 'full', async (page) => {
  await page.goto('/logs');
  await lines(page).first().waitFor();
  await page.getByRole('combobox', { name: 'Service' }).fill('ngi');
  await page.getByRole('option', { name: 'nginx' }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/service=nginx/);
  await page.waitForFunction(() => document.querySelectorAll('.lines-box .log').length === 6);
  await page.getByLabel('Level').selectOption('error');
  await page.waitForURL(/severity=error/);
  await page.keyboard.press('Escape');
  await page.locator('body').click({ position: { x: 5, y: 5 } });
  await page.keyboard.press('/');
  await page.keyboard.type('REFUSED');
  await page.keyboard.press('Enter');
  await page.waitForURL(/text=REFUSED/);
  const tags = page.getByRole('combobox', { name: 'Tags' });
  await tags.fill('log.f');
  await page.getByRole('option', { name: /log.file.name/ }).click();
  await page.keyboard.type('error.log');
  await page.keyboard.press('Enter');
  await page.waitForURL(/tag=log.file.name%3Derror.log/);
  await page.waitForFunction(() => document.querySelectorAll('.lines-box .log').length === 6);
  await shot(page, 'logs-filtered');
  const url = page.url();
  // Another page first; a blank one has no origin, which the browser minds where an icon is still to come.
  await page.goto('/operations');
  await page.goto(url);
  await page.waitForFunction(() => document.querySelectorAll('.lines-box .log').length === 6);
  assert.equal(await page.getByLabel('Text of the line').inputValue(), 'REFUSED');
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.waitForURL(/\/logs$/);
  await page.waitForFunction(() => document.querySelectorAll('.lines-box .log').length > 100);
  await page.goBack();
  await page.waitForURL(url);
  await page.waitForFunction(() => document.querySelectorAll('.lines-box .log').length === 6);
});

await check('a line leads to its span, the trace to the lines around it', 'full', async (page) => {
  await page.goto('/logs?text=database%20is%20locked');
  await lines(page).first().waitFor();
  await lines(page).first().getByRole('link', { name: 'trace' }).click();
  await page.waitForURL(/\/trace\/[0-9a-f]{32}\?span=[0-9a-f]{16}/);
  await rows(page).first().waitFor();
  await page.locator('.wf-row[aria-selected=true]').filter({ hasText: 'adding_task' }).waitFor();
  await page.getByRole('button', { name: /Logs/ }).or(page.getByRole('tab', { name: /Logs/ })).first().click();
  await page.waitForURL(/tab=logs/);
  await page.getByRole('link', { name: 'All lines of todo around this time' }).click();
  await page.waitForURL(/\/logs\?service=todo&lookback=custom&start=\d+&end=\d+/);
  await lines(page).filter({ hasText: 'database is locked' }).first().waitFor();
  await page.goBack();
  await page.getByLabel('Filter log lines').waitFor();
});

await check('new lines appear by themselves, but not under a pointer', 'full', async (page, mock) => {
  const add = (body) => mock.lines.push({ time: `${Date.now()}000000`, traceId: '', spanId: '', service: 'todo', severity: 9, severityText: 'INFO', body, attributes: [] });
  await page.goto('/logs');
  await lines(page).first().waitFor();
  add('first news');
  await lines(page).filter({ hasText: 'first news' }).waitFor({ timeout: 3000 });
  await lines(page).nth(3).hover();
  add('second news');
  await page.getByText(/\d records? came meanwhile/).waitFor(); // with the first, where the status told of it late
  assert.equal(await lines(page).filter({ hasText: 'second news' }).count(), 0);
  await page.mouse.move(5, 5);
  await lines(page).filter({ hasText: 'second news' }).waitFor({ timeout: 3000 });
});

await check('live off: lines stay, Refresh brings the new ones', 'full', async (page, mock) => {
  await page.goto('/logs?live=0');
  await lines(page).first().waitFor();
  mock.lines.push({ time: `${Date.now()}000000`, traceId: '', spanId: '', service: 'todo', severity: 9, severityText: 'INFO', body: 'the news', attributes: [] });
  for (let i = 0; i < 3; i++) await page.waitForResponse((answer) => answer.url().endsWith('/status'));
  assert.equal(await lines(page).filter({ hasText: 'the news' }).count(), 0);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await lines(page).filter({ hasText: 'the news' }).waitFor();
});

await check('older lines are loaded below', 'full', async (page) => {
  await page.goto('/logs?live=0');
  await lines(page).first().waitFor();
  assert.equal(await lines(page).count(), 200);
  await page.getByRole('button', { name: 'Load older lines' }).click();
  await lines(page).nth(200).waitFor();
  const titles = await page.locator('.lines-box time').evaluateAll((all) => all.map((time) => time.title));
  assert.deepEqual(titles, [...titles].sort().reverse());
});

await check('bars of lines: a click and a drag look closer, the way back, the table', 'full', async (page) => {
  await page.goto('/logs?live=0');
  await page.locator('.log-bars rect').first().waitFor();
  const box = await page.locator('.log-bars .drawing').boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 50, { steps: 4 });
  await shot(page, 'logs-brush');
  await page.mouse.up();
  await page.waitForURL(/lookback=custom/);
  const query = new URL(page.url()).searchParams;
  const seconds = (query.get('end') - query.get('start')) / 1e6;
  assert.ok(Math.abs(seconds - 780) < 61, `13 of 60 bars of an hour, got ${seconds} s`);
  await page.getByRole('button', { name: 'Back to the whole time range' }).click();
  await page.waitForURL((url) => !url.search.includes('custom'));
  await page.getByRole('button', { name: 'View as table' }).click();
  await page.locator('.twin td').first().waitFor();
  await axe(page);
  await page.locator('.twin button').first().click();
  await page.waitForURL(/lookback=custom/);
});

await check('no line matches: what to leave out, and when there was one', 'full', async (page) => {
  await page.goto('/logs?service=nginx&text=Serving');
  await page.getByRole('heading', { name: 'No line matches' }).waitFor();
  await page.getByRole('link', { name: /Without the text “Serving”: 6 lines/ }).waitFor();
  await axe(page);
  await shot(page, 'logs-nothing');
  await page.goto('/logs?text=Serving&lookback=5m');
  await page.getByRole('link', { name: /The last such line is of/ }).click();
  await lines(page).filter({ hasText: 'Serving Flask app' }).waitFor();
});

await check('a log filter that the server cannot use: said, and no old lines under it', 'full', async (page) => {
  await page.goto('/logs?tag=http.status_code%3E5x');
  const alert = page.getByRole('alert');
  await alert.getByText('want a number').waitFor();
  assert.equal(await lines(page).count(), 0);
  await axe(page);
  await alert.getByRole('link', { name: 'look without it' }).click();
  await lines(page).first().waitFor();
});

await check('the server is away from the logs: said, and over when it is back', 'full', async (page, mock) => {
  const api = mock.api;
  mock.api = (path, query) => (path === 'logs' ? { httpStatus: 503, error: { code: 'UNAVAILABLE', message: 'too many queries wait' } } : api.call(mock, path, query));
  await page.goto('/logs');
  await page.getByRole('alert').getByText('too many queries wait').waitFor();
  mock.api = api;
  await lines(page).first().waitFor();
});

await check('lines show their text, whatever is in it', 'hostile', async (page) => {
  await page.goto('/logs');
  await lines(page).first().waitFor();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await nothingSticksOut(page);
}, { viewport: kNarrow });
