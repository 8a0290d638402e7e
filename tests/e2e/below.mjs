// The page below a base path, in headless Chromium; started by test_page.py.
//
//   node below.mjs URL_WITHOUT_SLASH_AT_ITS_END
//
// Everything the browser asks for must lie below that address; links, history, reload, a permanent
// link and an address that is no page work there, under the server's own security policy.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const root = process.argv[2];
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(15_000);
const asked = [];
const errors = [];
page.on('request', (request) => asked.push(request.url()));
page.on('response', (response) => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`));
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));

// Without the slash at the end: led to the folder, and on to Search.
await page.goto(root);
await page.waitForURL(`${root}/search`);
await page.locator('.result').first().waitFor();

// A trace by its link, and back by the history, without the page being loaded again.
await page.evaluate(() => (window.stillHere = true));
await page.locator('.result').first().click();
await page.locator('.wf-row').filter({ hasText: 'GET /below' }).first().waitFor();
const link = page.url();
assert(link.startsWith(`${root}/trace/`), link);
await page.goBack();
await page.locator('.result').first().waitFor();
assert.equal(page.url(), `${root}/search`);
assert.equal(await page.evaluate(() => window.stillHere), true);

// The permanent link, loaded anew: one early question for the trace, which the page takes.
const before = asked.length;
await page.goto(link);
await page.locator('.wf-row').filter({ hasText: 'GET /below' }).first().click();
await page.getByLabel('Span details').getByText('http.method').first().waitFor();
await page.reload();
await page.locator('.wf-row').first().waitFor();
const trace = new URL(link).pathname.split('/').pop();
const questions = asked.slice(before).filter((url) => url.endsWith(`/api/kolben/trace/${trace}`));
assert.equal(questions.length, 2, 'one for the visit, one for the reload');

// No page: says which address, and leads back.
await page.goto(`${root}/no/such/page`);
await page.getByText(`There is no page ${new URL(root).pathname}/no/such/page`).waitFor();
await page.getByRole('link', { name: 'Search traces' }).click();
await page.locator('.result').first().waitFor();

assert.deepEqual(errors, []);
assert.deepEqual(asked.filter((url) => url !== root && !url.startsWith(`${root}/`)), []);
assert.deepEqual(asked.filter((url) => url.includes('/assets/') && !url.startsWith(`${root}/assets/`)), []);
await browser.close();
console.log('ok');
