// The page below a path, as behind a proxy or with the server's base_path: nothing is asked for outside of it.

import assert from 'node:assert/strict';
import { check, openTrace, results, rows } from './harness.mjs';

const kBase = '/team/jaeger';

/** Every address that the page asks for from now on. */
function asked(page) {
  const paths = [];
  page.on('request', (request) => paths.push(new URL(request.url()).pathname));
  return paths;
}

/** Files lie in one folder, whatever the address has become since the page was loaded. */
function allBelow(paths) {
  assert.deepEqual(paths.filter((path) => !path.startsWith(path.includes('/assets/') ? `${kBase}/assets/` : `${kBase}/`)), []);
}
const pathOf = (page) => new URL(page.url()).pathname;

await check('below a base: from the search to a trace and back', 'full', async (page) => {
  const paths = asked(page);
  await page.goto(`${kBase}/?service=frontend`);
  await results(page).first().waitFor();
  assert.equal(pathOf(page), `${kBase}/search`);
  await results(page).first().click();
  await rows(page).first().waitFor();
  assert.match(pathOf(page), new RegExp(`^${kBase}/trace/[0-9a-f]{32}$`));
  await page.getByRole('link', { name: 'Back to the search' }).click();
  await results(page).first().waitFor();
  assert.equal(page.url().slice(page.url().indexOf(kBase)), `${kBase}/search?service=frontend`);
  await page.goBack();
  await rows(page).first().waitFor();
  assert.ok(paths.length > 10);
  assert.equal(paths.filter((path) => path === `${kBase}/`).length, 1, 'no step loaded the page again');
  allBelow(paths);
}, { base: kBase });

await check('below a base: a permanent link opens with one question for the trace', 'full', async (page, mock) => {
  const paths = asked(page);
  const trace = mock.traces.find((t) => t.spans.length > 5);
  await page.goto(`${kBase}/trace/${trace.traceId}?span=${trace.spans[2].spanId}`);
  await page.getByLabel('Span details').getByText('service.name').waitFor();
  const copied = page.getByRole('button', { name: 'Copy a link to this span' });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await copied.click();
  assert.equal(new URL(await page.evaluate(() => navigator.clipboard.readText())).pathname, `${kBase}/trace/${trace.traceId}`);
  const search = page.getByRole('link', { name: 'Search service.name with this value' });
  assert.match(await search.getAttribute('href'), new RegExp(`^${kBase}/search[?]`));
  assert.equal(paths.filter((path) => path.endsWith(`/api/kolben/trace/${trace.traceId}`)).length, 1);
  allBelow(paths);
}, { base: kBase });

await check('below a base: an address that is no page says so and leads back', 'full', async (page) => {
  const paths = asked(page);
  await page.goto(`${kBase}/no/such/page`);
  await page.getByRole('heading', { name: `There is no page ${kBase}/no/such/page` }).waitFor();
  await page.getByRole('link', { name: 'Search traces' }).click();
  await results(page).first().waitFor();
  allBelow(paths);
}, { base: kBase });

await check('a slash at the end of an address changes nothing', 'full', async (page, mock) => {
  await page.goto('/search/');
  await results(page).first().waitFor();
  await page.goto(`/trace/${mock.traces[0].traceId}/`);
  await rows(page).first().waitFor();
});

await check('skipping to the content stays on the page', 'full', async (page, mock) => {
  await openTrace(page, mock, () => true);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.id === 'main');
  await rows(page).first().waitFor();
});
