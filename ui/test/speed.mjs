// How long a person waits, against the real server: `npm run speed [KOLBEN] [SPANS,SPANS,...]`.
//
// Starts `kolben up` on an empty directory and free ports, sends it one trace of each size over OTLP,
// and prints, as medians of several cold starts (a fresh profile each, so nothing is cached):
//   first paint      of /search, cold and warm
//   rows visible     of /trace/{id}: from the navigation to the first painted frame that has rows
//   frames           while the waterfall scrolls
// docs/performance.md has the figures that it printed.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { random } from './data.mjs';

const kKolben = process.argv[2] ?? fileURLToPath(new URL('../../build/bin/kolben', import.meta.url));
const kSizes = (process.argv[3] ?? '10000,100000,1000000').split(',').map(Number);
const kRounds = 7;
const kChunk = 5000; // spans in a request
const kFrames = 120;
const kFlags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ');

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function startKolben(directory) {
  const ports = join(directory, 'ports.json');
  const names = ['receivers.otlp.protocols.grpc', 'receivers.otlp.protocols.http', 'receivers.zipkin', 'exporters.prometheus', 'extensions.query', 'extensions.health_check'];
  const free = names.flatMap((name) => ['--set', `${name}.endpoint=127.0.0.1:0`]);
  free.push('--set', 'service.telemetry.metrics.address=127.0.0.1:0');
  const kolben = spawn(kKolben, ['up', '--data', join(directory, 'data'), '--ports-file', ports, ...free], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => kolben.on('exit', done));
  for (let tried = 0; tried < 200; tried++) {
    try {
      return { kolben, ended, ports: JSON.parse(await readFile(ports, 'utf8')).ports };
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error('kolben up wrote no ports file');
}

/** A job with chunks, each with a call and its statements: four deep, a failed span now and then. */
function* spansOf(count, traceId) {
  const rnd = random(count);
  const end = Date.now() * 1000 - 60e6; // a minute ago: it counts as whole
  const total = 60e6;
  const nanos = (micros) => `${Math.round(end - total + micros)}000`;
  const id = (n) => n.toString(16).padStart(16, '0');
  const names = ['read', 'transform', 'INSERT', 'SELECT', 'flush'];
  let n = 1;
  yield { traceId, spanId: id(1), name: 'nightly import', kind: 1, startTimeUnixNano: nanos(0), endTimeUnixNano: nanos(total) };
  for (let chunk = 0; n < count; chunk++) {
    const begin = rnd() * total * 0.95;
    const width = total * (0.001 + rnd() * 0.04);
    const call = id(++n);
    yield { traceId, spanId: call, parentSpanId: id(1), name: `chunk ${chunk % 40}`, kind: 3, startTimeUnixNano: nanos(begin), endTimeUnixNano: nanos(begin + width), status: { code: rnd() < 0.01 ? 2 : 0 } };
    for (let i = 0; i < 6 && n < count; i++) {
      const at = begin + (width * i) / 6;
      yield { traceId, spanId: id(++n), parentSpanId: call, name: names[i % names.length], kind: 3, startTimeUnixNano: nanos(at), endTimeUnixNano: nanos(at + (width / 6) * rnd()) };
    }
  }
}

async function sendTrace(url, count) {
  const traceId = count.toString(16).padStart(32, 'a');
  let batch = [];
  const flush = async () => {
    const services = [batch.filter((s) => s.name.startsWith('chunk') || s.name.startsWith('nightly')), batch.filter((s) => !s.name.startsWith('chunk') && !s.name.startsWith('nightly'))];
    const resourceSpans = services.map((spans, i) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: i === 0 ? 'batch' : 'database' } }] },
      scopeSpans: [{ spans }],
    }));
    const answer = await fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans }) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    batch = [];
  };
  for (const span of spansOf(count, traceId)) {
    batch.push(span);
    if (batch.length === kChunk) await flush();
  }
  if (batch.length > 0) await flush();
  return traceId;
}

const firstPaint = () =>
  new Promise((done) => {
    const look = () => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0];
      if (paint) done(paint.startTime);
      else setTimeout(look, 5);
    };
    look();
  });

// Installed before the page's own code: notes the first frame in which rows are on the screen.
function watchRows() {
  const look = () => {
    if (document.querySelectorAll('.wf-row').length < 10) return requestAnimationFrame(look);
    return requestAnimationFrame(() => {
      window.rowsAt = performance.now();
    });
  };
  look();
}

async function fresh(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: url });
  return { context, page: await context.newPage() };
}

async function paints(browser, url) {
  const cold = [];
  const warm = [];
  for (let i = 0; i < kRounds; i++) {
    const { context, page } = await fresh(browser, url);
    for (const list of [cold, warm]) {
      await page.goto('/search', { waitUntil: 'load' });
      list.push(await page.evaluate(firstPaint));
    }
    await context.close();
  }
  console.log(`/search first paint: ${median(cold).toFixed(0)} ms cold, ${median(warm).toFixed(0)} ms warm`);
}

async function traceTimes(browser, url, id, size) {
  const times = [];
  let frames = [];
  const answer = [];
  for (let i = 0; i < kRounds; i++) {
    const { context, page } = await fresh(browser, url);
    await page.addInitScript(watchRows);
    await page.goto(`/trace/${id}`, { waitUntil: 'commit' });
    await page.waitForFunction(() => window.rowsAt, undefined, { polling: 20, timeout: 60_000 });
    times.push(await page.evaluate(() => window.rowsAt));
    answer.push(await page.evaluate(() => performance.getEntriesByType('resource').find((e) => e.name.includes('/api/kolben/trace/')).responseEnd));
    if (i === kRounds - 1) {
      frames = await page.evaluate(async (count) => {
        const element = document.querySelector('.wf');
        const gaps = [];
        let last = await new Promise(requestAnimationFrame);
        for (let n = 0; n < count; n++) {
          element.scrollTop += 300;
          const now = await new Promise(requestAnimationFrame);
          gaps.push(now - last);
          last = now;
        }
        return gaps;
      }, kFrames);
    }
    await context.close();
  }
  const fps = 1000 / (frames.reduce((a, b) => a + b, 0) / frames.length);
  console.log(
    `${size} spans: rows visible ${median(times).toFixed(0)} ms (answer there at ${median(answer).toFixed(0)} ms); ` +
      `scrolling ${fps.toFixed(0)} frames/s, worst ${Math.max(...frames).toFixed(0)} ms`,
  );
}

const directory = await mkdtemp(join(tmpdir(), 'kolben-speed-'));
const { kolben, ended, ports } = await startKolben(directory);
try {
  const portOf = (...words) => Object.entries(ports).find(([name]) => words.every((w) => name.includes(w)))[1];
  const url = `http://127.0.0.1:${portOf('query')}`;
  const traces = [];
  for (const size of kSizes) traces.push([await sendTrace(`http://127.0.0.1:${portOf('otlp', 'http')}`, size), size]);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: kFlags });
  await paints(browser, url);
  for (const [id, size] of traces) await traceTimes(browser, url, id, size);
  await browser.close();
} finally {
  kolben.kill('SIGTERM');
  await ended;
  await rm(directory, { recursive: true, force: true });
}
