// The Search page: filters, addresses, what it says when there is nothing or something went wrong.

import assert from 'node:assert/strict';
import { axe, check, nothingSticksOut, results, rows, shot } from './harness.mjs';

await check('new traces appear within a second or so, by themselves', 'full', async (page, mock) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  const trace = mock.add(Date.now() * 1000 - 300e3);
  const began = Date.now();
  await page.locator(`a[href="/trace/${trace.traceId}"]`).waitFor({ timeout: 3000 });
  console.log(`      seen after ${Date.now() - began} ms`);
});

await check('live off: nothing moves', 'full', async (page, mock) => {
  await page.goto('/search?live=0');
  await results(page).first().waitFor();
  const trace = mock.add(Date.now() * 1000);
  for (let i = 0; i < 4; i++) await page.waitForResponse((answer) => answer.url().endsWith('/status'));
  assert.equal(await page.locator(`a[href="/trace/${trace.traceId}"]`).count(), 0);
});

await check('filters: typing, chips, completion, permalink, back', 'full', async (page) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  await page.getByRole('combobox', { name: 'Service' }).fill('tod');
  await page.getByRole('option', { name: 'todo' }).waitFor();
  await page.keyboard.press('Enter'); // the only one: nobody has to choose it
  await page.waitForURL(/service=todo(&|$)/);
  await page.getByRole('combobox', { name: 'Operation' }).click();
  await page.getByRole('option', { name: 'POST /add' }).click();
  await page.waitForURL(/operation=POST/);
  const tags = page.getByRole('combobox', { name: 'Tags' });
  await tags.fill('http.st');
  await page.getByRole('option', { name: /http.status_code/ }).waitFor();
  await shot(page, 'completion');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: '500' }).click();
  await page.waitForURL(/tag=http.status_code%3D500/);
  await page.locator('.chip').waitFor();
  await tags.fill('http.host=localhost:5000 error=true');
  await page.keyboard.press('Enter');
  await page.locator('.chip').nth(2).waitFor();
  await page.getByLabel('Min duration').fill('1 ms');
  await page.keyboard.press('Enter');
  await page.waitForURL(/minDuration=1ms/);
  await page.locator('.results[aria-busy=false]').waitFor(); // not the rows of the filter before
  await shot(page, 'filtered');
  const url = page.url();
  const count = await results(page).count();
  // Another page first; a blank one has no origin, which the browser minds where an icon is still to come.
  await page.goto('/operations');
  await page.goto(url);
  await results(page).first().waitFor();
  assert.equal(await results(page).count(), count);
  assert.equal(await page.locator('.chip').count(), 3);
  await results(page).first().click();
  await rows(page).first().waitFor();
  await page.getByRole('link', { name: 'Back to the search' }).click();
  await results(page).first().waitFor();
  assert.equal(page.url(), url);
});

await check('Jaeger links work', 'full', async (page) => {
  await page.goto(`/search?service=todo&operation=all&lookback=1h&limit=5&tags=${encodeURIComponent('{"http.method":"POST"}')}&start=1&end=2`);
  await results(page).first().waitFor();
  assert.equal(await results(page).count(), 5);
  assert.match(await page.locator('.chip').first().textContent(), /http\.method=POST/);
});

await check('nothing found: the reason is named', 'full', async (page) => {
  await page.goto('/search?service=todo&tag=http.host%3Delsewhere&minDuration=1ms');
  await page.getByRole('heading', { name: 'No trace matches' }).waitFor();
  await page.getByRole('link', { name: /Without http.host=elsewhere/ }).waitFor();
  await page.waitForTimeout(100);
  await shot(page, 'nothing');
  await axe(page);
  await page.getByRole('link', { name: /Without http.host=elsewhere/ }).click();
  await results(page).first().waitFor();
});

await check('a pattern that matches nothing: the wider one is offered', 'full', async (page) => {
  await page.goto('/search?tag=http.target%3D~check');
  await page.getByText('has to match the whole value').waitFor();
  assert.equal(await results(page).count(), 0);
  await page.goto('/search?tag=http.target%3D~ad');
  await page.getByRole('link', { name: /With http.target=~\.\*ad\.\*/ }).waitFor();
  await shot(page, 'wider');
  await axe(page);
  await page.getByRole('link', { name: /With http.target/ }).click();
  await results(page).first().waitFor();
});

await check('a link from elsewhere: honoured, or said', 'full', async (page) => {
  await page.goto('/search?errors=true&colour=blue&minDuration=soon');
  await results(page).first().waitFor();
  await page.locator('.chip').getByText('error=true').waitFor();
  const note = page.locator('.banner.note');
  assert.match(await note.textContent(), /colour, minDuration, which this page cannot read/);
  await shot(page, 'unread');
  await axe(page);
  await page.goto('/trace/xyz');
  await page.getByRole('heading', { name: '“xyz” is no trace id' }).waitFor();
  await page.getByText('32 hexadecimal digits').waitFor();
  await shot(page, 'no-id');
  await axe(page);
  await page.goto('/elsewhere');
  await page.getByRole('heading', { name: 'There is no page /elsewhere' }).waitFor();
});

await check('dates are typed with a clock of 24 hours; what is none stays as typed, and is said', 'full', async (page) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  await page.getByLabel(/^Time/).selectOption('custom');
  const from = page.getByLabel('From');
  const shown = await from.inputValue();
  assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  const url = page.url();
  await from.fill('yesterday');
  await page.keyboard.press('Tab');
  await page.getByText('Not a date: like 2026-11-26 14:03:22').waitFor();
  await page.waitForResponse((answer) => answer.url().endsWith('/status'));
  assert.equal(await from.inputValue(), 'yesterday');
  await axe(page);
  await shot(page, 'no-date');
  await from.fill('2023-11-31');
  await page.keyboard.press('Enter');
  await page.getByText('November 2023 has days 1 to 30').waitFor();
  assert.equal(page.url(), url);
  await page.keyboard.press('Escape');
  assert.equal(await from.inputValue(), shown);
  await from.fill('2023-11-14 22:13');
  await page.keyboard.press('Enter');
  await page.waitForURL(/start=1699999980000000/);
  await results(page).first().waitFor();
  const min = page.getByLabel('Min duration');
  await min.fill('soon');
  await page.keyboard.press('Enter');
  await page.getByText('Not a duration: like 100ms or 1.5s').waitFor();
  assert.equal(await min.inputValue(), 'soon');
});

await check('a range moved as a whole: the first date waits for the second', 'full', async (page) => {
  await page.goto('/search?lookback=custom&start=1700000000000000&end=1700003600000000');
  await page.getByLabel('From').fill('2024-01-01 10:00');
  await page.keyboard.press('Tab');
  await page.getByText('Has to be before the end').waitFor();
  await page.getByLabel('To', { exact: true }).fill('2024-01-01 11:00');
  await page.keyboard.press('Enter');
  await page.waitForURL(/start=1704103200000000&end=1704106800000000/);
  await page.getByText('Has to be before the end').waitFor({ state: 'detached' });
});

await check('a date thrown away with Escape does not come back with the next change', 'full', async (page) => {
  await page.goto('/search?lookback=custom&start=1700000000000000&end=1700003600000000');
  const from = page.getByLabel('From');
  const shown = await from.inputValue();
  await from.fill('2024-01-01 10:00');
  await page.keyboard.press('Enter');
  await page.getByText('Has to be before the end').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await from.inputValue(), shown);
  await page.getByLabel('To', { exact: true }).fill('2024-01-01 11:00');
  await page.keyboard.press('Enter');
  await page.waitForURL(/start=1700000000000000&end=1704106800000000/);
});

await check('the server goes away: said, and over when it is back', 'full', async (page, mock) => {
  await page.goto('/search');
  await results(page).first().waitFor();
  const api = mock.api;
  mock.api = () => {
    throw new Error('away');
  };
  await page.getByRole('alert').first().waitFor();
  await page.getByText('as it was when the search was last answered').waitFor();
  await shot(page, 'away');
  await axe(page);
  mock.api = api;
  await page.getByRole('alert').first().waitFor({ state: 'detached', timeout: 20000 }); // it asks every ten seconds at least
  await page.getByText(/spans match/).first().waitFor();
});

for (const [width, height] of [[390, 844], [768, 1024], [1280, 800], [1920, 1080]]) {
  await check(`the filter bar fills its rows at ${width} px`, 'full', async (page) => {
    for (const path of ['/search', '/search?lookback=custom&start=1700000000000000&end=1800000000000000&service=todo']) {
      await page.goto(path);
      await results(page).first().waitFor();
      await nothingSticksOut(page);
      const boxes = await page.locator('.filters .box:visible, .filters .toggles').evaluateAll((all) =>
        all.map((e) => e.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({ left, right, middle: (top + bottom) / 2 })),
      );
      const bar = await page.locator('.filters').boundingBox();
      const rowsOf = [];
      for (const box of boxes) {
        const row = rowsOf.find((r) => Math.abs(r[0].middle - box.middle) < 12);
        if (row) row.push(box);
        else rowsOf.push([box]);
      }
      for (const row of rowsOf) {
        assert.ok(Math.min(...row.map((b) => b.left)) < bar.x + bar.width / 2, `a row begins at the left of the bar: ${path}`);
        if (width > 700) assert.ok(Math.max(...row.map((b) => b.right)) > bar.x + bar.width - 40, `and ends at its right: ${path}`);
      }
      assert.ok(rowsOf.length > 0 && rowsOf.length <= (width < 700 ? 7 : width < 1000 ? 3 : 2), `${rowsOf.length} rows`);
    }
    await shot(page, `custom-${width}`);
  }, { viewport: { width, height } });
}

await check('a filter that the server cannot use: said once, with the way out', 'full', async (page, mock) => {
  let asked = 0;
  mock.onCall = (path) => (asked += path === 'search' ? 1 : 0);
  await page.goto('/search?tag=http.status_code%3E5x');
  const alert = page.getByRole('alert');
  await alert.getByText('want a number').waitFor();
  await alert.getByText('key=~regular expression').waitFor();
  assert.equal(await page.locator('.chart, .result').count(), 0, 'no figures that answer something else');
  await axe(page);
  await shot(page, 'mistake');
  const before = asked;
  for (let i = 0; i < 3; i++) await page.waitForResponse((answer) => answer.url().endsWith('/status'));
  assert.equal(asked, before, 'the same question is not asked again');
  await alert.getByRole('link', { name: 'search without it' }).click();
  await results(page).first().waitFor();
});

await check('waiting is said', 'full', async (page, mock) => {
  await page.route('**/api/kolben/search?**', async (route) => {
    await released;
    await route.continue();
  });
  let release;
  const released = new Promise((done) => (release = done));
  await page.goto('/search');
  await page.getByText('Searching …').waitFor();
  // It fades in: contrast is judged when it is there.
  await page.waitForFunction(() => getComputedStyle(document.querySelector('.waits')).opacity === '1');
  await axe(page);
  release();
  await results(page).first().waitFor();
  assert.equal(await page.getByText('Searching …').count(), 0);
  assert.ok(mock.traces.length > 0);
});

await check('nothing in this time: the page says when there was something', 'full', async (page, mock) => {
  for (const trace of mock.traces) trace.startMicros -= 40 * 86400e6;
  await page.goto('/search?service=todo');
  await page.getByRole('heading', { name: 'No trace matches' }).waitFor();
  await page.getByRole('link', { name: /^Around 20/ }).click();
  await results(page).first().waitFor();
  await page.waitForURL(/lookback=custom/);
});

await check('times are the browser’s, and the page says so', 'full', async (page) => {
  await page.goto('/search');
  await page.getByText('(UTC+5:45)').waitFor();
}, { zone: 'Asia/Kathmandu' });

await check('the keyboard reaches every control, and shows where it is', 'full', async (page) => {
  await page.goto('/search?live=0');
  await results(page).first().waitFor();
  await page.locator('.plot canvas').first().waitFor();
  const seen = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const ring = [element, element.closest('.box, .lookup')].some((e) => {
        const style = e && getComputedStyle(e);
        return style && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none');
      });
      return { name: element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent, result: element.matches('.result'), ring };
    });
    assert.ok(at.ring, `the focus on "${at.name}" is seen`);
    if (at.result) break;
    seen.push(at.name.trim());
  }
  for (const wanted of [/^Skip to results/, /^Traces$/, /^Operations$/, /^Logs$/, /^Trace id/, /spans/, /^Theme/, /help/, /^Service/, /^Operation/, /^Tags/, /^Min/, /^Max/, /^Time/, /^Errors/, /^Live/, /table/, /^log/, /^Sort/]) {
    assert.ok(seen.some((name) => wanted.test(name)), `${wanted} is reached; seen: ${seen.join(', ')}`);
  }
});

for (const theme of ['light', 'dark']) {
  await check(`what Kolben has, and what it refused (${theme})`, 'full', async (page, mock) => {
    mock.rejected = [{ listener: 'otlp/http', reason: 'tls_on_plain_port', count: 12 }, { listener: 'otlp/grpc', reason: 'of_a_newer_server', count: 1 }];
    await page.goto('/search');
    await page.getByRole('button', { name: /13\s*refused/ }).click();
    const dialog = page.getByRole('dialog', { name: 'What Kolben has' });
    await dialog.getByText('A TLS handshake came to a port without TLS').waitFor();
    await dialog.getByText('Of a newer server').waitFor();
    await axe(page);
    await shot(page, `status-${theme}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
  }, { theme });
}
