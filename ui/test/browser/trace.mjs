// The Trace page: keys, links, growth.

import assert from 'node:assert/strict';
import { axe, check, failedCheckout, kNarrow, openTrace, rows, shot } from './harness.mjs';

await check('trace: every key', 'full', async (page, mock) => {
  const trace = await openTrace(page, mock, failedCheckout);
  const selected = () => page.locator('.wf-row.selected .wf-operation').textContent();
  const all = await rows(page).count();
  await page.keyboard.press('j');
  await page.keyboard.press('ArrowDown');
  assert.equal(await selected(), trace.spans[1].name);
  await page.keyboard.press('k');
  assert.equal(await selected(), trace.spans[0].name);
  await page.keyboard.press('h');
  assert.equal(await rows(page).count(), 1);
  await page.keyboard.press('l');
  assert.equal(await rows(page).count(), all);
  await page.keyboard.press('n');
  await page.waitForURL(/span=/);
  await page.keyboard.press('f');
  await page.locator('.minimap .button').waitFor();
  await page.keyboard.press('0');
  await page.locator('.minimap .button').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('SMTP');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /SMTP/.test(document.querySelector('.wf-row.selected')?.textContent ?? ''));
  await shot(page, 'find');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await shot(page, 'help');
  await axe(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  // The dialog gives the focus back to where keys are heard.
  await page.waitForFunction(() => document.activeElement?.matches('body, #main, [role=treegrid]'));
  await page.keyboard.press('Enter');
  await page.locator('.details').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.details').waitFor({ state: 'detached' });
});

await check('trace: permalink to a span, minimap zoom, span logs', 'full', async (page, mock) => {
  const trace = mock.traces.find(failedCheckout);
  const bank = trace.spans.find((s) => s.name.includes('bank') && s.status === 2);
  await page.goto(`/trace/${trace.traceId}?span=${bank.spanId}`);
  await page.getByText('HTTP 503 from the bank').waitFor();
  await page.locator('.details .log').first().waitFor();
  const box = await page.locator('.minimap canvas').boundingBox();
  await page.mouse.move(box.x + 200, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 600, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.locator('.minimap .button').waitFor();
  await shot(page, 'zoomed');
});

await check('trace: links lead to other traces, a missing parent is marked', 'full', async (page, mock) => {
  await openTrace(page, mock, (t) => t.spans[0].parent === -2);
  await page.getByText('parent missing').waitFor();
  const retry = mock.traces.find((t) => t.spans.some((s) => s.links));
  const span = retry.spans.find((s) => s.links);
  span.links = [{ traceId: mock.traces[0].traceId, spanId: mock.traces[0].spans[1].spanId, attributes: [] }];
  await page.goto(`/trace/${retry.traceId}?span=${span.spanId}`);
  await page.locator('.links a').click();
  await page.waitForURL(new RegExp(mock.traces[0].traceId));
  await page.locator('.wf-row.selected').waitFor();
});

await check('trace: grows while it is young', 'full', async (page, mock) => {
  const trace = mock.add(Date.now() * 1000 - 5e6);
  await page.goto(`/trace/${trace.traceId}`);
  await rows(page).first().waitFor();
  const before = await rows(page).count();
  trace.spans.push({ ...trace.spans[0], spanId: 'abcdefabcdef0000', parent: 0, depth: 1, name: 'late arrival', kind: 1 });
  trace.columns = undefined;
  await page.getByText('late arrival').waitFor({ timeout: 5000 });
  assert.equal(await rows(page).count(), before + 1);
});

await check('trace: not there yet, then there', 'full', async (page, mock) => {
  const trace = mock.add(Date.now() * 1000 - 1e6);
  mock.traces.shift();
  await page.goto(`/trace/${trace.traceId}`);
  await page.getByText('It may still be on its way').waitFor();
  await shot(page, 'missing');
  await axe(page);
  mock.traces.unshift(trace);
  await rows(page).first().waitFor({ timeout: 5000 });
});

await check('trace: tab, search and zoom survive a reload', 'full', async (page, mock) => {
  await openTrace(page, mock, failedCheckout);
  await page.locator('#find').fill('SELECT');
  await page.waitForURL(/find=SELECT/);
  await page.locator('.minimap canvas').scrollIntoViewIfNeeded();
  const box = await page.locator('.minimap canvas').boundingBox();
  await page.mouse.move(box.x + 100, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 500, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/zoom=/);
  const zoomed = await page.locator('.minimap .button').textContent();
  await page.reload();
  await page.locator('.wf-row.matched').first().waitFor();
  assert.equal(await page.locator('#find').inputValue(), 'SELECT');
  assert.equal(await page.locator('.minimap .button').textContent(), zoomed);
  await page.getByRole('button', { name: /^Logs/ }).click();
  await page.waitForURL(/tab=logs/);
  await page.reload();
  await page.locator('.log').first().waitFor();
});

await check('trace: a span and the Logs tab: it stays, however early the answer comes, and when its content is skipped to', 'full', async (page, mock) => {
  const trace = mock.traces.find(failedCheckout);
  const lines = page.getByLabel('Filter log lines');
  // The page's code comes after the answer that was asked for ahead of it, as it does from a browser's cache.
  const answered = page.waitForEvent('requestfinished', (request) => request.url().endsWith(`/api/kolben/trace/${trace.traceId}`));
  await page.route(/\/assets\/main-.*\.js$/, async (route) => {
    await answered;
    await route.continue();
  });
  await page.goto(`/trace/${trace.traceId}?span=${trace.spans[1].spanId}&tab=logs`);
  await lines.waitFor();
  await page.getByRole('link', { name: 'Skip to content' }).press('Enter');
  await page.waitForURL(/#main$/);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.ok(await lines.isVisible());
  await page.getByRole('button', { name: 'Waterfall' }).click();
  await page.locator('.wf-row.selected').waitFor();
});

await check('trace: marks of time are round and stand above the bars', 'full', async (page, mock) => {
  const trace = await openTrace(page, mock, failedCheckout);
  const texts = await page.locator('.wf-head .wf-time span').allTextContents();
  assert.ok(texts.length >= 3, texts.join(', '));
  assert.equal(texts[0], '0');
  for (const text of texts.slice(1)) assert.match(text, /^[125]?\d?0*(\.\d)? (µs|ms|s)$/, text);
  assert.ok(trace.durationMicros > 0);
});

await check('trace: spans that share an id each show their own details', 'full', async (page, mock) => {
  const trace = mock.traces.find(failedCheckout);
  trace.spans[1].spanId = trace.spans[0].spanId;
  trace.columns = undefined;
  trace.spans[0].attributes = [{ key: 'side', type: 'string', value: 'the server’s' }];
  trace.spans[1].attributes = [{ key: 'side', type: 'string', value: 'the client’s' }];
  await page.goto(`/trace/${trace.traceId}`);
  await rows(page).nth(1).click();
  await page.getByText('the client’s').waitFor();
  await rows(page).nth(0).click();
  await page.getByText('the server’s').waitFor();
});

await check('trace: long names and values keep to their place', 'hostile', async (page, mock) => {
  await openTrace(page, mock, (t) => t.spans.length > 55 && t.spans[0].attributes.length > 300);
  await rows(page).first().click();
  await page.locator('.details .attributes').first().waitFor();
  const title = await page.locator('.details-title h2').boundingBox();
  assert.ok(title.height < 90, `three lines at most, ${title.height} px`);
  assert.ok(await page.locator('.details-title h2').getAttribute('title'));
});

await check('trace: rows show statements in grey, where there is room', 'full', async (page, mock) => {
  const trace = await openTrace(page, mock, (t) => t.spans.some((s) => s.name === 'SELECT tasks'));
  const row = rows(page).filter({ hasText: 'SELECT tasks' });
  assert.match(await row.locator('.wf-detail').textContent(), /^SELECT id, text FROM/);
  await shot(page, 'statements');
  assert.ok(trace.spans.length > 0);
  await page.setViewportSize(kNarrow);
  await row.locator('.wf-detail').waitFor({ state: 'hidden' });
});

await check('trace: find looks into values and log lines too', 'full', async (page, mock) => {
  const trace = await openTrace(page, mock, failedCheckout);
  const matched = () => page.locator('.wf-row.matched .wf-operation').allTextContents();
  const found = (text) => page.waitForFunction((wanted) => document.querySelector('.found')?.textContent === wanted, text);
  await page.locator('#find').fill('try 3 of 3');
  await found('1');
  await page.keyboard.press('Enter');
  await page.locator('.wf-row.matched').first().waitFor();
  assert.deepEqual(await matched(), ['POST bank.example'], 'the span of that log line');
  await page.locator('#find').fill('V2/CHARGES');
  await found('1');
  assert.deepEqual(await matched(), ['POST bank.example']);
  await page.locator('#find').fill('is nowhere');
  await found('none');
  trace.spans.push({ ...trace.spans[0], spanId: 'abcdefabcdef0000', parent: 0, depth: 1, name: 'late', attributes: [{ key: 'k', type: 'string', value: 'is nowhere else' }] });
  trace.columns = undefined;
  await page.reload();
  await found('1');
});

await check('trace: times that surprise are explained', 'full', async (page, mock) => {
  const trace = await openTrace(page, mock, (t) => t.spans.some((s) => s.service === 'mail-worker'));
  assert.ok(trace.durationMicros > trace.spans[0].durationMicros);
  await page.locator('.trace-header').getByText(/root \d/).waitFor();
  await page.keyboard.press('End');
  const row = rows(page).filter({ hasText: 'orders process' });
  assert.match(await row.locator('.wf-duration').getAttribute('title'), /^It ends .* after its parent/);
  await row.click();
  await page.locator('.details').getByText(/the parent did not wait for it/).waitFor();
  await shot(page, 'overhang');
  await axe(page);
});

await check('trace: a narrow waterfall names the services where they change', 'full', async (page, mock) => {
  await openTrace(page, mock, failedCheckout);
  const seen = await page.locator('.wf-service:visible').allTextContents();
  assert.ok(seen.includes('frontend') && seen.includes('checkout') && seen.includes('auth'), seen.join(', '));
  await shot(page, 'narrow-services');
}, { viewport: kNarrow });
