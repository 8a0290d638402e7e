// When the pages ask: one question at a time, again after the answer, and what they say where there is none.

import assert from 'node:assert/strict';
import { axe, check, nothingSticksOut, openTrace, results, rows, shot } from './harness.mjs';

const kPages = [
  { path: '/search', call: 'search', shown: '.result', looks: 3 },
  { path: '/operations', call: 'performance', shown: '.operations tbody tr', looks: 5 }, // its least pause is two seconds
  { path: '/logs', call: 'logs', shown: '.log', looks: 3 },
];

/** Answers to `call` wait until release(); `asked` counts the questions, `came` waits for the first. */
function holdBack(mock, call) {
  const held = { asked: 0 };
  let arrive;
  held.came = new Promise((done) => (arrive = done));
  const until = new Promise((done) => (held.release = done));
  const { api } = mock;
  mock.api = async (path, query) => {
    if (path === call) {
      held.asked++;
      arrive();
      await until;
    }
    return api.call(mock, path, query);
  };
  return held;
}

/** Refuses `call`, or of it only what `which` says. */
function refuse(mock, call, httpStatus, code, message, which = () => true) {
  const { api } = mock;
  mock.api = (path, query) => (path === call && which(query) ? { httpStatus, error: { code, message } } : api.call(mock, path, query));
  return () => (mock.api = api);
}

const hoursOf = (query) => (Number(query.get('end')) - Number(query.get('start'))) / 3600e9;
const statusAnswer = (page) => page.waitForResponse((answer) => answer.url().endsWith('/status'));

for (const { path, call, shown, looks } of kPages) {
  await check(`live ${path}: a slow answer is waited for, and another filter ends it`, 'full', async (page, mock) => {
    await page.goto(path);
    await page.locator(shown).first().waitFor();
    const held = holdBack(mock, call);
    const given = [];
    page.on('requestfailed', (request) => request.url().includes(`/api/kolben/${call}?`) && given.push(request.failure().errorText));
    mock.add(Date.now() * 1000 - 1e6);
    await held.came;
    for (let i = 0; i < looks; i++) {
      mock.add(Date.now() * 1000 - 1e6);
      await statusAnswer(page);
    }
    assert.equal(held.asked, 1);
    assert.deepEqual(given, []);
    const givenUp = page.waitForEvent('requestfailed', (request) => request.url().includes(`/api/kolben/${call}?`));
    await page.getByRole('combobox', { name: 'Service' }).fill('todo');
    await page.keyboard.press('Enter');
    await page.waitForURL(/service=todo/);
    await givenUp;
    assert.deepEqual(given, ['net::ERR_ABORTED']);
    held.release();
    await page.locator(`[aria-busy=false] ${shown}`).first().waitFor();
  });

  await check(`${path}: too much at once, and a damaged store, are said with what to do`, 'full', async (page, mock) => {
    // Only so much time: the page asks again by itself, and the link has to be there until it is clicked.
    refuse(mock, call, 503, 'DEADLINE_EXCEEDED', 'the query took too long; ask for a shorter time range', (query) => hoursOf(query) > 2);
    await page.goto(`${path}?lookback=6h`);
    const alert = page.getByRole('alert');
    await alert.getByText('That is too much at once').waitFor();
    await alert.getByText(/Trying again at \d\d:\d\d:\d\d\./).waitFor();
    assert.match(await alert.textContent(), /Narrow the time: ask for the last hour; or add a filter \(a service,/);
    await axe(page);
    await nothingSticksOut(page);
    await shot(page, `too-much${path.replace('/', '-')}`);
    await alert.getByRole('link', { name: 'ask for the last hour' }).click();
    await page.locator(shown).first().waitFor();
    assert.equal(await alert.count(), 0);
    const repair = refuse(mock, call, 503, 'DATA_LOSS', 'part 7: checksum mismatch; stop Kolben and run `kolben store check --repair`, which sets the damaged part aside');
    let asked = 0;
    mock.onCall = (one) => (asked += one === call ? 1 : 0);
    await page.goto(`${path}?lookback=15m`);
    await alert.getByText('A part of the store is damaged').waitFor();
    for (let i = 0; i < 5; i++) await statusAnswer(page);
    assert.equal(asked, 1, 'it is not asked again by itself');
    assert.doesNotMatch(await alert.textContent(), /Trying again/);
    await axe(page);
    await shot(page, `damaged${path.replace('/', '-')}`);
    repair();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.locator(shown).first().waitFor();
    assert.equal(await alert.count(), 0);
  });
}

await check('a busy server is asked again when it said so, also for a fixed time', 'full', async (page, mock) => {
  mock.retryAfter = 3; // longer than the page's own pause
  const asked = []; // when
  mock.onCall = (path) => path === 'search' && asked.push(performance.now());
  const allow = refuse(mock, 'search', 503, 'UNAVAILABLE', 'too many queries at once: try again');
  await page.goto('/search?lookback=custom&start=1700000000000000&end=1900000000000000');
  await page.getByRole('alert').getByText('too many queries at once').waitFor();
  allow();
  await results(page).first().waitFor();
  assert.equal(asked.length, 2);
  assert.ok(asked[1] - asked[0] > 2990, `asked again after ${asked[1] - asked[0]} ms`);
});

await check('a trace that needs a damaged part: said, asked for again by hand only', 'full', async (page, mock) => {
  const trace = mock.traces[0];
  let asked = 0;
  mock.onCall = (path) => (asked += path === `trace/${trace.traceId}` ? 1 : 0);
  const repair = refuse(mock, `trace/${trace.traceId}`, 503, 'DATA_LOSS', 'part 7: checksum mismatch');
  await page.goto(`/trace/${trace.traceId}`);
  await page.getByRole('alert').getByText('is damaged: part 7: checksum mismatch').waitFor();
  for (let i = 0; i < 4; i++) await statusAnswer(page);
  assert.equal(asked, 1);
  await axe(page);
  repair();
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows(page).first().waitFor();
});

await check('a trace that failed while it grew: the failure goes with the next answer', 'full', async (page, mock) => {
  const fresh = mock.add(Date.now() * 1000 - 1e6);
  await openTrace(page, mock, (t) => t === fresh);
  const allow = refuse(mock, `trace/${fresh.traceId}`, 503, 'UNAVAILABLE', 'too many queries at once');
  mock.retryAfter = 60; // by itself the page does not ask before the click
  mock.add(Date.now() * 1000);
  await page.getByRole('alert').getByText('The trace was not answered').waitFor();
  allow();
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
});
