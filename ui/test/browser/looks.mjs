// Every page in both themes, wide and narrow: drawn, within the window, without a fault that axe finds.

import assert from 'node:assert/strict';
import { axe, check, everythingIsRead, failedCheckout, kNarrow, kWide, kWidest, nothingSticksOut, openTrace, results, rows, shot } from './harness.mjs';

for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries({ wide: kWide, narrow: kNarrow })) {
    const how = { viewport, theme };
    const at = `${size}, ${theme}`;
    await check(`search: charts and list (${at})`, 'full', async (page) => {
      await page.goto('/');
      await results(page).first().waitFor();
      await page.locator('.plot canvas').first().waitFor();
      assert.equal(new URL(page.url()).pathname, '/search');
      assert.equal(await results(page).count(), 20);
      await page.waitForTimeout(100); // a frame or two, so that canvases are drawn
      await shot(page, `search-${size}-${theme}`);
      await axe(page);
      await nothingSticksOut(page);
    }, how);
    await check(`empty store: how to send (${at})`, 'empty', async (page, mock) => {
      mock.rejected = [
        { listener: 'otlp/http', reason: 'wrong_content_type', count: 3 },
        { listener: 'otlp/grpc', reason: 'http1_on_grpc_port', count: 1 },
      ];
      await page.goto('/search');
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('An HTTP/1.1 request came to the gRPC port').waitFor();
      await page.getByText('OTEL_EXPORTER_OTLP_PROTOCOL=grpc.').waitFor();
      await shot(page, `empty-${size}-${theme}`);
      await axe(page);
      await nothingSticksOut(page);
      mock.add(Date.now() * 1000 - 1e6);
      await results(page).first().waitFor({ timeout: 3000 });
    }, how);
    await check(`trace: waterfall, details, logs (${at})`, 'full', async (page, mock) => {
      const trace = await openTrace(page, mock, failedCheckout);
      await page.waitForTimeout(100);
      await shot(page, `trace-${size}-${theme}`);
      await axe(page);
      await page.keyboard.press('n');
      await page.keyboard.press('n');
      await page.keyboard.press('Enter');
      await page.locator('.details .attributes').first().waitFor();
      await page.waitForTimeout(100);
      await shot(page, `details-${size}-${theme}`);
      await axe(page);
      await page.waitForURL((url) => url.search.includes(`span=${trace.spans.filter((s) => s.status === 2)[1].spanId}`));
      await page.getByRole('button', { name: /^Logs/ }).click();
      await page.locator('.log').first().waitFor();
      await shot(page, `logs-${size}-${theme}`);
      await axe(page);
      assert.equal(await page.locator('.log').count(), trace.logs.length);
    }, how);
    await check(`hostile texts stay texts (${at})`, 'hostile', async (page, mock) => {
      await page.goto('/search');
      await results(page).first().waitFor();
      await page.waitForTimeout(100);
      await shot(page, `hostile-search-${size}-${theme}`);
      await axe(page);
      await openTrace(page, mock, (t) => t.spans.length > 55 && t.spans[0].attributes.length > 300);
      await rows(page).first().click();
      await page.locator('.details .attributes').first().waitFor();
      await page.waitForTimeout(200);
      await shot(page, `hostile-trace-${size}-${theme}`);
      await axe(page);
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator('main img, main script, main [onload]').count(), 0);
      await nothingSticksOut(page);
    }, how);
  }
}

for (const [size, viewport] of Object.entries({ widest: kWidest, wide: kWide, narrow: kNarrow })) {
  await check(`what stands in fields, heads and on the time axis can be read (${size})`, 'full', async (page, mock) => {
    for (const path of ['/search?lookback=custom&start=1700000000123000&end=1800000000456000', '/logs']) {
      await page.goto(path);
      await page.locator('.result, .log').first().waitFor();
      await everythingIsRead(page);
      await nothingSticksOut(page);
      await shot(page, `read${path.slice(0, 5).replace('/', '-')}-${size}`);
    }
    await openTrace(page, mock, failedCheckout);
    await everythingIsRead(page);
    await nothingSticksOut(page);
    await shot(page, `read-trace-${size}`);
  }, { viewport });
}
