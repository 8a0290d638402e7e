// A server with made-up data that speaks docs/page-api.md, for tests and for work on the page:
// `node test/mock.mjs [--port 16680] [--scene full|empty|hostile] [--live]`.
// It serves ui/dist under the same strict Content-Security-Policy as the real server.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Mock } from './mockStore.mjs';

const kDist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const kPolicy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

async function file(path) {
  const known = path.startsWith('/assets/') ? normalize(path).slice(1) : 'index.html';
  const body = await readFile(join(kDist, known));
  // As the real server does: the page's links climb up from where it is asked for.
  const depth = path.split('/').length - 2;
  const placed = known === 'index.html' ? Buffer.from(body.toString().replaceAll('="./', `="${'../'.repeat(depth) || './'}`)) : body;
  return { body: placed, type: kTypes[extname(known)] };
}

/** Listens on `port` (0: any), below `base`; resolves with the server, its address and the data. */
export async function startMock({ port = 0, scene = 'full', base = '' } = {}) {
  const mock = new Mock(scene);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const send = (status, type, body) => {
      const small = body.length < 2e6; // packing more would be most of what a timing shows
      const packed = small && /gzip/.test(request.headers['accept-encoding'] ?? '') && body.length > 1000 ? gzipSync(body, { level: 1 }) : body;
      response.writeHead(status, {
        'content-type': type,
        'content-security-policy': kPolicy,
        'x-content-type-options': 'nosniff',
        'cache-control': url.pathname.startsWith(`${base}/assets/`) ? 'public, max-age=31536000, immutable' : 'no-cache',
        ...(mock.retryAfter && status === 503 ? { 'retry-after': String(mock.retryAfter) } : {}),
        ...(packed === body ? {} : { 'content-encoding': 'gzip' }),
      });
      response.end(packed);
    };
    if (!url.pathname.startsWith(`${base}/`)) return send(404, 'text/plain', Buffer.from('not below the base'));
    const local = url.pathname.slice(base.length);
    try {
      if (local.startsWith('/api/kolben/')) {
        const path = local.slice('/api/kolben/'.length);
        mock.onCall?.(path);
        const answer = await mock.api(path, url.searchParams);
        const missing = { error: { code: 'NOT_FOUND', message: `there is no ${path}` } };
        const body = answer?.text ?? JSON.stringify(answer ?? missing);
        send(answer?.httpStatus ?? (answer ? 200 : 404), 'application/json', Buffer.from(body));
      } else {
        const { body, type } = await file(local);
        send(200, type, body);
      }
    } catch (cause) {
      send(cause.code === 'ENOENT' ? 404 : 500, 'text/plain', Buffer.from(String(cause)));
    }
  });
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready));
  return { server, mock, url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((done) => server.close(done)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? fallback : process.argv[at + 1];
  };
  const { url, mock } = await startMock({ port: Number(option('--port', 16680)), scene: option('--scene', 'full') });
  if (process.argv.includes('--live')) setInterval(() => mock.add(Date.now() * 1000 - 50e3), 1500);
  console.log(url);
}
