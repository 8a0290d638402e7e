// What the agent cannot see of Node from outside, seen from inside: which request each callback
// works for, and what TLS hides (Node has OpenSSL within itself).
//
// Loaded before the program (preload/node_start.cc), in each thread that runs JavaScript. The
// preloaded library is the addon below (preload/node_addon.cc). A request is a number, 0: none;
// negative: a guess, which counts only while no other request is served.
//
// The program must not notice: nothing is loaded before the program loads it, nothing printed,
// nothing thrown, no property added that can be listed.
'use strict';

// The program may change what it finds; this is what was there first.
const { apply, getPrototypeOf } = Reflect;
const { defineProperty, getOwnPropertyDescriptor } = Object;

const library = (process.env.LD_PRELOAD || '').split(/[: ]/)
  .find((path) => path.endsWith('libkolben-agent.so'));

// --- the native side -----------------------------------------------------------------------------

// Of a request that is told; as ToldRequest in preload/connections.h.
const ENCRYPTED = 2;
const HTTP2 = 4;

let native = null;
let storage = null; // AsyncLocalStorage of requests

// At the first request that matters. False: the agent is off.
function load() {
  if (native !== null) return storage !== null;
  const holder = { exports: {} };
  native = holder.exports;
  process.dlopen(holder, library);
  if (typeof native.workFor !== 'function') return false;
  const { AsyncLocalStorage } = require('async_hooks');
  storage = new AsyncLocalStorage();
  return true;
}

function current() {
  return storage === null ? 0 : storage.getStore() || 0;
}

// Our faults are ours: the program goes on.
function quietly(action, ...values) {
  try {
    return action(...values);
  } catch {
    return undefined;
  }
}

// `wrap(original)` in the place of holder[name], as listed, named and counted as before.
function replace(holder, name, wrap) {
  const before = getOwnPropertyDescriptor(holder, name);
  const original = holder[name];
  const ours = wrap(original);
  defineProperty(ours, 'name', { value: original.name, configurable: true });
  defineProperty(ours, 'length', { value: original.length, configurable: true });
  defineProperty(holder, name, {
    value: ours, writable: true, configurable: true,
    enumerable: before === undefined ? false : before.enumerable,
  });
}

function fileOf(socket) {
  const handle = socket && socket._handle;
  return handle && handle.fd >= 0 ? handle.fd : -1;
}

// --- servers -------------------------------------------------------------------------------------

// Published when a request's head was read, before the program is told.
function requestStarts({ request, response, socket }) {
  if (!load()) return;
  carry();
  const number = socket.encrypted ? serve(request, response, socket) : native.takeRequest();
  if (isAtRest(response)) return;
  storage.enterWith(number);
  // Before Node 24 what is entered belongs to the connection's parser, which brings the body too.
  if (typeof storage._enable !== 'function') bind(request, number);
}

// To carry costs something at each callback of the program. A server that answered its first
// requests at once, and asked nobody, is not followed until it does otherwise: once, and then the
// requests of that moment have no calls below them.
const TRIED = 100;
let tried = 0; // TRIED + 1: over
let rests = false;
let last = null; // response

function isAtRest(response) {
  if (tried > TRIED) return false;
  if (!rests) {
    process.nextTick(tryRest, response);
    return false;
  }
  if (!last.writableEnded) wake();
  last = response;
  return rests;
}

function tryRest(response) {
  if (!response.writableEnded) return wake();
  if (tried > TRIED || ++tried < TRIED) return undefined;
  last = response;
  rests = true;
  return storage.disable();
}

// For good.
function wake() {
  tried = TRIED + 1;
  rests = false;
  last = null;
}

function bind(emitter, number) {
  const { emit } = emitter;
  const ours = function (...args) {
    return storage.run(number, apply, emit, this, args);
  };
  defineProperty(ours, 'name', { value: 'emit' });
  defineProperty(emitter, 'emit', { value: ours, writable: true, configurable: true });
}

function lines(flat) {
  let text = '';
  for (let i = 0; i + 1 < flat.length; i += 2) text += `${flat[i]}: ${flat[i + 1]}\r\n`;
  return text;
}

function serve(request, response, socket) {
  const { method, url, httpVersion, rawHeaders } = request;
  const head = `${method} ${url} HTTP/${httpVersion}\r\n${lines(rawHeaders)}\r\n`;
  const number = native.serve(fileOf(socket), head, ENCRYPTED);
  if (number !== 0) {
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : 0;
      native.ended(number, status, response.writableFinished ? 1 : 0);
    });
  }
  return number;
}

// --- what is written for whom --------------------------------------------------------------------

const askers = new WeakMap(); // a client's request -> the request that it is made for
const senders = new WeakMap(); // undici's socket -> whose request it sends
const early = new WeakMap(); // a socket that connects -> who wrote to it

function workOf(socket) {
  const message = socket._httpMessage;
  const known = message ? askers.get(message) : senders.get(socket);
  if (known !== undefined) return known;
  const first = early.get(socket);
  if (first === undefined) return current();
  early.delete(socket);
  return first;
}

let carries = false;

// From the first request that is served: before, nothing is on behalf of anybody.
function carry() {
  if (carries) return;
  carries = true;
  quietly(carryThroughSockets);
  quietly(carryIntoFiles);
  quietly(() => watchClient(require('http').ClientRequest.prototype));
}

function carryThroughSockets() {
  const { prototype } = require('net').Socket;
  // All that goes to a handle. The bytes are written within the call, unless the peer is slow.
  replace(prototype, '_writeGeneric', (original) => function (writev, data, encoding, cb) {
    // Answers, and what TLS hides, are not looked at there.
    if (this.server || this.encrypted) {
      return apply(original, this, [writev, data, encoding, cb]);
    }
    if (this.connecting) {
      if (!early.has(this)) early.set(this, current());
      return apply(original, this, [writev, data, encoding, cb]);
    }
    const isOutput = this.fd === 1 || this.fd === 2;
    if (!isOutput) {
      wake();
    } else if (rests) {
      return apply(original, this, [writev, data, encoding, cb]);
    }
    const before = isOutput ? native.speakFor(current()) : native.workFor(workOf(this));
    try {
      return apply(original, this, [writev, data, encoding, cb]);
    } finally {
      native.workFor(before);
    }
  });
  // A connection's own callbacks may serve whoever uses it later: whose they are is a guess.
  replace(prototype, 'connect', (original) => function (...args) {
    wake();
    const number = current();
    if (number === 0) return apply(original, this, args);
    return storage.run(-Math.abs(number), apply, original, this, args);
  });
}

// Where stdout or stderr is a file, it is written to at once.
function carryIntoFiles() {
  const { fstatSync } = require('fs');
  const name = ['stdout', 'stderr'].find((_, i) => quietly(() => fstatSync(i + 1).isFile()));
  const prototype = name === undefined ? null : getPrototypeOf(process[name]);
  if (prototype === null || prototype.constructor.name !== 'SyncWriteStream') return;
  replace(prototype, '_write', (original) => function (chunk, encoding, cb) {
    if (rests) return apply(original, this, [chunk, encoding, cb]);
    const before = native.speakFor(current());
    try {
      return apply(original, this, [chunk, encoding, cb]);
    } finally {
      native.workFor(before);
    }
  });
}

// --- clients: http and https ---------------------------------------------------------------------

const told = new WeakMap(); // a client's request within TLS -> its number

function noteAsker(request) {
  wake();
  if (storage !== null && !askers.has(request)) askers.set(request, current());
}

let watches = false;

function watchClient(prototype) {
  if (watches) return;
  watches = true;
  disarm();
  replace(prototype, 'onSocket', (original) => function (socket, err) {
    quietly(noteAsker, this);
    return apply(original, this, [socket, err]);
  });
  const parent = getPrototypeOf(prototype);
  replace(prototype, '_storeHeader', () => function (firstLine, headers) {
    quietly(noteAsker, this);
    const ours = this.protocol === 'https:' ? quietly(ask, this, firstLine, headers) : undefined;
    try {
      return apply(parent._storeHeader, this, [ours || firstLine, headers]);
    } catch (error) {
      if (ours) native.ended(told.get(this), -1, 0);
      throw error;
    }
  });
}

function headersOf(request, headers) {
  if (!Array.isArray(headers)) return lines(Object.entries(request.getHeaders()).flat());
  return lines(Array.isArray(headers[0]) ? headers.flat() : headers);
}

// The first line with the trace's headers behind it.
function ask(request, firstLine, headers) {
  if (!load()) return undefined;
  const head = `${firstLine}${headersOf(request, headers)}\r\n`;
  const number = native.ask(askers.get(request) || 0, head, ENCRYPTED);
  if (number === 0) return undefined;
  told.set(request, number);
  request.once('close', () => {
    const { res } = request;
    const isWhole = res && (res.complete || request.upgradeOrConnect);
    native.ended(number, res ? res.statusCode : 0, isWhole ? 1 : 0);
  });
  return firstLine + native.headers(number);
}

function responseComes({ request }) {
  const number = told.get(request);
  if (number !== undefined) native.connected(number, fileOf(request.socket));
}

// --- clients: fetch (undici) ---------------------------------------------------------------------

const statuses = new WeakMap();

function fetchStarts({ request }) {
  const origin = String(request.origin);
  if (!origin.startsWith('https:')) {
    noteAsker(request);
    return;
  }
  wake();
  if (!load()) return;
  const { method, path, headers } = request;
  const host = request.host || new URL(origin).host;
  const others = Array.isArray(headers) ? lines(headers) : headers || '';
  const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${others}\r\n`;
  const number = native.ask(current(), head, ENCRYPTED);
  if (number === 0) return;
  told.set(request, number);
  for (const line of native.headers(number).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) request.addHeader(line.slice(0, colon), line.slice(colon + 2));
  }
}

function fetchSends({ request, socket }) {
  const asker = askers.get(request);
  if (asker !== undefined) senders.set(socket, asker);
  const number = told.get(request);
  if (number !== undefined) native.connected(number, fileOf(socket));
}

function fetchAnswered({ request, response }) {
  if (told.has(request)) statuses.set(request, response.statusCode);
}

function fetchEnds(request, isWhole) {
  const number = told.get(request);
  if (number === undefined) return;
  told.delete(request);
  native.ended(number, statuses.get(request) || 0, isWhole ? 1 : 0);
}

// --- HTTP/2 --------------------------------------------------------------------------------------

function headOf(headers) {
  const { ':method': method = 'GET', ':path': path = '/', ':authority': authority } = headers;
  const host = authority === undefined ? '' : `host: ${authority}\r\n`;
  const others = Object.entries(headers).filter(([name]) => name[0] !== ':').flat();
  return `${method} ${path} HTTP/1.1\r\n${host}${lines(others)}\r\n`;
}

function serveStream(stream, headers) {
  if (!load()) return 0;
  carry();
  wake();
  const { socket } = stream.session;
  const what = socket.encrypted ? ENCRYPTED | HTTP2 : HTTP2;
  const number = native.serve(fileOf(socket), headOf(headers), what);
  if (number === 0) return 0;
  bind(stream, number);
  stream.once('close', () => {
    const { sentHeaders, rstCode } = stream;
    native.ended(number, sentHeaders ? sentHeaders[':status'] : 0, rstCode === 0 ? 1 : 0);
  });
  return number;
}

function watchServer(server) {
  const { emit } = server;
  const ours = function (...args) {
    const number = args[0] === 'stream' ? quietly(serveStream, args[1], args[2]) : undefined;
    if (number === undefined || storage === null) return apply(emit, this, args);
    return storage.run(number, apply, emit, this, args);
  };
  defineProperty(ours, 'name', { value: 'emit' });
  defineProperty(server, 'emit', { value: ours, writable: true, configurable: true });
}

function askStream(session, headers) {
  // In the clear its bytes are seen.
  if (Array.isArray(headers) || !session.socket.encrypted || !load()) return 0;
  wake();
  const { servername, remotePort } = session.socket;
  const host = servername ? `${servername}:${remotePort}` : undefined;
  return native.ask(current(), headOf({ ':authority': host, ...headers }), ENCRYPTED | HTTP2);
}

function withHeaders(headers, number) {
  const all = { ...headers };
  for (const line of native.headers(number).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) all[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return all;
}

function followStream(stream, number) {
  let status = 0;
  stream.once('response', (headers) => {
    status = headers[':status'];
    native.connected(number, fileOf(stream.session && stream.session.socket));
  });
  stream.once('close', () => native.ended(number, status, status && !stream.rstCode ? 1 : 0));
}

let watchesSessions = false;

function watchSession(prototype) {
  if (watchesSessions) return;
  watchesSessions = true;
  replace(prototype, 'request', (original) => function (headers, options) {
    const number = quietly(askStream, this, headers) || 0;
    if (number === 0) return apply(original, this, [headers, options]);
    let stream;
    try {
      stream = apply(original, this, [withHeaders(headers, number), options]);
    } catch (error) {
      native.ended(number, -1, 0);
      throw error;
    }
    quietly(followStream, stream, number);
    return stream;
  });
}

// --- when the program begins to use the net ------------------------------------------------------

const channels = []; // kept: Node forgets a channel that nobody holds
let subscribes = false;

function subscribe() {
  if (subscribes) return;
  subscribes = true;
  const { channel } = require('diagnostics_channel');
  const on = (name, action) => {
    const one = channel(name);
    one.subscribe((message) => {
      try {
        action(message);
      } catch { /* as quietly(), which costs more */ }
    });
    channels.push(one);
  };
  on('http.server.request.start', requestStarts);
  on('http.client.response.finish', responseComes);
  on('undici:request:create', fetchStarts);
  on('undici:client:sendHeaders', fetchSends);
  on('undici:request:headers', fetchAnswered);
  on('undici:request:trailers', ({ request }) => fetchEnds(request, true));
  on('undici:request:error', ({ request }) => fetchEnds(request, false));
}

// Every emitter is made here. Both `http` and `fetch` make an Agent when they are loaded, which is
// before the first request; a ClientRequest is seen before it says anything. Then it is over, but
// for programs that have loaded `http2`.
const EventEmitter = require('events');
const makeEmitter = EventEmitter.init;
let isArmed = true;

function look(emitter) {
  const { name } = emitter.constructor;
  if (!subscribes) {
    if (name === 'Agent') subscribe();
    return;
  }
  if (name === 'Http2Server' || name === 'Http2SecureServer') watchServer(emitter);
  if (name === 'ClientHttp2Session') watchSession(getPrototypeOf(emitter));
  if (watches || typeof emitter.onSocket !== 'function') return;
  let prototype = emitter;
  while (getOwnPropertyDescriptor(prototype, 'onSocket') === undefined) {
    prototype = getPrototypeOf(prototype);
  }
  if (prototype.constructor.name === 'ClientRequest') watchClient(prototype);
}

function trap(opts) {
  apply(makeEmitter, this, [opts]);
  if (isArmed) quietly(look, this);
}

function isLoaded(name) {
  return (process.moduleLoadList || []).includes(`NativeModule ${name}`);
}

function disarm() {
  if (isLoaded('http2')) return;
  isArmed = false;
  if (EventEmitter.init === trap) EventEmitter.init = makeEmitter;
}

// --- start ---------------------------------------------------------------------------------------

// As it was before node_start.cc.
function restoreEnvironment() {
  const { env } = process;
  const match = /(?:^| )--require (\S+\/agent\.cjs)$/.exec(env.NODE_OPTIONS || '');
  if (match === null) return;
  if (match.index === 0) {
    delete env.NODE_OPTIONS;
  } else {
    env.NODE_OPTIONS = env.NODE_OPTIONS.slice(0, match.index);
  }
  env.KOLBEN_AGENT_NODE = match[1];
}

quietly(() => {
  restoreEnvironment();
  delete require.cache[__filename];
  if (library === undefined || typeof makeEmitter !== 'function') return;
  defineProperty(trap, 'name', { value: makeEmitter.name, configurable: true });
  EventEmitter.init = trap;
  // Loaded by a script that was required before this one.
  if (isLoaded('_http_agent')) subscribe();
});
