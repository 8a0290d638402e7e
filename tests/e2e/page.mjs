// The page against the real programs, in headless Chromium; started by test_page.py.
//
//   node page.mjs UI_URL TODO_URL SHOTS_DIRECTORY
//
// TODO_URL "-": nothing was sent yet, and the empty page is looked at. Else a person's way: add a task in the
// To-Do app, find its trace by a tag, read amount and latency over time, open the trace, read its spans and log
// lines. Fails with what it saw; screenshots of each station go to the directory.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
const [uiUrl, todoUrl, shots] = process.argv.slice(2);
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

await mkdir(shots, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.errors = [];
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()));
  return page;
}

async function checkAxe(page, where) {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const { violations: found } = await window.axe.run(document, { runOnly: tags });
    return found.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.html}`));
  });
  assert.deepEqual(violations, [], `axe on ${where}`);
}

const page = await open();
const shot = (name, of = page) => of.screenshot({ path: join(shots, `${name}.png`) });

await page.goto(`${uiUrl}/`);
if (todoUrl === '-') {
  // Empty: how to send data.
  await page.getByText('opentelemetry-instrument').first().waitFor();
  await checkAxe(page, 'the empty page');
  await shot('empty');
  await page.getByRole('navigation').getByRole('link', { name: 'Logs' }).click();
  await page.getByText('--logs_exporter otlp').first().waitFor();
  await checkAxe(page, 'the empty logs page');
  await shot('logs-empty');
  await browser.close();
  process.exit(0);
}

// Add a task, with what an attacker would type. The trace shows without a reload.
const todo = await open();
await todo.goto(todoUrl);
await todo.getByLabel('New task').fill('<b>buy milk</b><script>alert(1)</script>');
await todo.getByRole('button', { name: 'Add' }).click();
await todo.getByText('<b>buy milk</b>').waitFor();
const added = Date.now();
await page.locator('.result').filter({ hasText: 'POST /add' }).first().waitFor();
const shown = Date.now() - added;
console.log(`shown after ${shown} ms`);
assert(shown < 3000, `the trace took ${shown} ms to show`);

// Delete it, and let a few more requests come.
await todo.getByRole('button', { name: /^Delete/ }).first().click();
await todo.getByText('Nothing to do.').waitFor();
for (let i = 0; i < 10; i++) await todo.reload();
assert.deepEqual(todo.errors.filter((text) => !text.includes('favicon') && !text.includes('404')), []);

// By tag: the host that the browser asked for; amount and latency over time stand above.
const host = new URL(todoUrl).host;
await page.goto(`${uiUrl}/search?service=todo&tag=${encodeURIComponent(`http.host=${host}`)}`);
await page.locator('.result').first().waitFor();
await page.locator('section.chart').first().waitFor();
await checkAxe(page, 'the search page');
await shot('search');
const count = await page.locator('.result').count();
assert(count >= 10, `only ${count} traces match the tag`);

// The operations: which is slow, how often each is called; a row leads to its traces.
await page.getByRole('link', { name: 'Operations' }).click();
const listed = page.locator('.operations tbody tr');
await listed.filter({ hasText: 'POST /add' }).first().waitFor();
await checkAxe(page, 'the operations');
await shot('operations');
await page.getByRole('button', { name: 'Database statements' }).click();
await page.locator('.operations .statement').or(page.getByLabel('Nothing found')).first().waitFor();
await shot('statements');
await page.goBack();
await listed.filter({ hasText: 'POST /add' }).first().getByRole('link', { name: 'POST /add' }).click();
await page.waitForURL(/operation=POST\+%2Fadd/);
await page.locator('.result').filter({ hasText: 'POST /add' }).first().waitFor();
await page.goto(`${uiUrl}/search?service=todo&tag=${encodeURIComponent(`http.host=${host}`)}`);
await page.locator('.result').first().waitFor();

// No match: says so.
const nothing = await open();
await nothing.goto(`${uiUrl}/search?service=todo&tag=${encodeURIComponent('http.host=elsewhere')}`);
await nothing.getByLabel('No traces found').waitFor();
await shot('nothing', nothing);

// The trace: request, manual span, log lines; the task's text is text.
await page.locator('.result').filter({ hasText: 'POST /add' }).first().click();
await page.getByRole('row', { name: /adding_task/ }).or(page.locator('.wf-row').filter({ hasText: 'adding_task' })).first().waitFor();
await page.locator('.wf-row').filter({ hasText: 'POST /add' }).first().click();
await page.getByLabel('Span details').getByText('http.status_code').first().waitFor();
await checkAxe(page, 'the trace page');
await shot('trace');
await page.getByRole('button', { name: /Logs/ }).first().click();
await page.getByText(/Added new task with description: <b>buy milk/).first().waitFor();
await checkAxe(page, 'the logs of the trace');
await shot('logs');

// All lines around it: also what the app said at its start, in no trace; and from a line back to its span.
await page.getByRole('link', { name: 'All lines of todo around this time' }).click();
const lines = page.locator('.lines-box .log');
await lines.filter({ hasText: 'Running on http://' }).first().waitFor();
await page.getByLabel('Text of the line').fill('added NEW task');
await page.keyboard.press('Enter');
await page.waitForFunction(() => {
  const found = [...document.querySelectorAll('.lines-box .log-body')];
  return found.length > 0 && found.every((body) => body.textContent.includes('Added new task'));
});
await checkAxe(page, 'the logs page');
await shot('all-logs');
await lines.first().getByRole('link', { name: 'trace' }).click();
await page.locator('.wf-row[aria-selected=true]').waitFor();
await page.getByRole('navigation').getByRole('link', { name: 'Logs' }).click();
await lines.first().waitFor();
await page.goBack();
await page.locator('.wf-row').first().waitFor();

// Dark and narrow.
const dark = await open({ colorScheme: 'dark' });
await dark.goto(`${uiUrl}/search?service=todo`);
await dark.locator('.result').first().waitFor();
await checkAxe(dark, 'the dark search page');
await shot('search-dark', dark);
const narrow = await open({ viewport: { width: 400, height: 800 } });
await narrow.goto(page.url());
await narrow.locator('.wf-row').or(narrow.getByLabel('Logs of this trace')).first().waitFor();
await shot('trace-narrow', narrow);

for (const [name, one] of Object.entries({ page, dark, narrow, nothing })) {
  assert.deepEqual(one.errors.filter((text) => !text.includes('404')), [], `errors of ${name}`);
}
await browser.close();
console.log('ok');
