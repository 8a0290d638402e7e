// Made-up traces: a to-do app among other services, one of a hundred thousand spans, and one whose
// every text tries to break out. The same numbers give the same traces.

/** mulberry32: small and repeatable. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function hex(rnd, digits) {
  let text = '';
  while (text.length < digits) text += Math.floor(rnd() * 0x10000).toString(16).padStart(4, '0');
  return text;
}

const string = (key, value) => ({ key, type: 'string', value });
const int = (key, value) => ({ key, type: 'int', value: String(value) });

const kResource = [
  string('service.version', '1.4.2'),
  string('host.name', 'debian-12'),
  int('process.pid', 4711),
  string('telemetry.sdk.language', 'cpp'),
  string('deployment.environment.name', 'demo'),
];

class Builder {
  constructor(rnd, startMicros) {
    this.rnd = rnd;
    this.trace = { traceId: hex(rnd, 32), startMicros, durationMicros: 0, spans: [], logs: [], resource: kResource };
  }

  span(parent, service, name, kind, startMicros, durationMicros, attributes = [], extra = {}) {
    const above = this.trace.spans[parent];
    const index = this.trace.spans.length;
    this.trace.spans.push({
      spanId: hex(this.rnd, 16),
      parent,
      depth: above ? above.depth + 1 : 0,
      service,
      name,
      kind,
      status: 0,
      startMicros,
      durationMicros,
      attributes,
      ...extra,
    });
    this.trace.durationMicros = Math.max(this.trace.durationMicros, startMicros + durationMicros);
    return index;
  }

  log(span, afterMicros, severity, severityText, body, attributes = []) {
    const of = this.trace.spans[span];
    this.trace.logs.push({
      time: `${Math.round(this.trace.startMicros + of.startMicros + afterMicros)}000`,
      spanId: of.spanId,
      service: of.service,
      severity,
      severityText,
      body,
      attributes,
    });
  }

  done() {
    this.trace.logs.sort((a, b) => (a.time < b.time ? -1 : 1));
    return this.trace;
  }
}

function http(method, route, status) {
  return [
    string('http.method', method),
    string('http.host', 'localhost:5000'),
    string('http.route', route),
    string('http.target', route),
    int('http.status_code', status),
    string('http.flavor', '1.1'),
    string('http.user_agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)'),
    string('net.peer.ip', '127.0.0.1'),
    int('net.host.port', 5000),
  ];
}

export function makeTrace(rnd, startMicros) {
  const pick = rnd();
  if (pick < 0.5) return todoList(rnd, startMicros);
  if (pick < 0.75) return todoAdd(rnd, startMicros);
  return checkout(rnd, startMicros);
}

function todoList(rnd, startMicros) {
  const b = new Builder(rnd, startMicros);
  const total = 900 + rnd() ** 4 * 30000;
  const root = b.span(-1, 'todo', 'GET /', 2, 0, total, http('GET', '/', 200));
  const query = b.span(root, 'todo', 'querying_tasks', 1, total * 0.1, total * 0.5, [int('tasks.count', Math.floor(rnd() * 30))]);
  b.span(query, 'todo', 'SELECT tasks', 3, total * 0.15, total * 0.4, [string('db.system', 'sqlite'), string('db.statement', 'SELECT id, text FROM tasks ORDER BY id')]);
  b.span(root, 'todo', 'rendering', 1, total * 0.65, total * 0.3);
  b.log(root, total, 9, 'INFO', `127.0.0.1 - - "GET / HTTP/1.1" 200 -`, [string('log.iostream', 'stderr')]);
  return b.done();
}

function todoAdd(rnd, startMicros) {
  const b = new Builder(rnd, startMicros);
  const failed = rnd() < 0.12;
  const total = 2000 + rnd() ** 3 * 60000;
  const root = b.span(-1, 'todo', 'POST /add', 2, 0, total, http('POST', '/add', failed ? 500 : 302), failed ? { status: 2 } : {});
  const add = b.span(root, 'todo', 'adding_task', 1, total * 0.1, total * 0.8, [string('task.text', 'buy milk')], failed ? { status: 2 } : {});
  b.span(add, 'todo', 'INSERT tasks', 3, total * 0.2, total * 0.6, [string('db.system', 'sqlite'), string('db.statement', 'INSERT INTO tasks(text) VALUES (?)')], failed
    ? {
        status: 2,
        statusMessage: 'database is locked',
        events: [
          {
            timeMicros: total * 0.75,
            name: 'exception',
            attributes: [string('exception.type', 'SQLite::Exception'), string('exception.message', 'database is locked'), string('exception.stacktrace', 'at todo::Store::add store.cc:41\nat todo::add_task app.cc:77\nat main main.cc:12')],
          },
        ],
      }
    : {});
  if (failed) b.log(add, total * 0.7, 17, 'ERROR', 'could not add the task: database is locked', [string('code.function', 'add_task')]);
  b.log(root, total * 0.95, 9, 'INFO', `127.0.0.1 - - "POST /add HTTP/1.1" ${failed ? 500 : 302} -`);
  return b.done();
}

const kItems = ['auth', 'cart', 'pricing', 'inventory'];

function checkout(rnd, startMicros) {
  const b = new Builder(rnd, startMicros);
  const slow = rnd() < 0.1 ? 12 : 1;
  const failed = rnd() < 0.15;
  const total = (60000 + rnd() * 180000) * slow;
  const root = b.span(-1, 'frontend', 'POST /checkout', 2, 0, total, http('POST', '/checkout', failed ? 502 : 200), failed ? { status: 2 } : {});
  const call = b.span(root, 'frontend', 'POST checkout:8080', 3, total * 0.02, total * 0.95, http('POST', '/pay', failed ? 502 : 200));
  const pay = b.span(call, 'checkout', 'POST /pay', 2, total * 0.03, total * 0.93, http('POST', '/pay', failed ? 502 : 200));
  kItems.forEach((service, i) => {
    const at = total * (0.05 + i * 0.08);
    const client = b.span(pay, 'checkout', `${service}.v1.${service[0].toUpperCase()}${service.slice(1)}/Get`, 3, at, total * 0.075, [string('rpc.system', 'grpc'), string('rpc.service', `${service}.v1`)]);
    const server = b.span(client, service, `${service}.v1/Get`, 2, at + total * 0.005, total * 0.06, [string('rpc.system', 'grpc')]);
    for (let n = 0; n < 2 + Math.floor(rnd() * 5); n++) {
      b.span(server, service, n % 2 ? 'redis GET' : 'SELECT', 3, at + total * (0.008 + n * 0.008), total * 0.007, [string('db.system', n % 2 ? 'redis' : 'postgresql')]);
    }
    if (i === 1) b.log(server, total * 0.02, 5, 'DEBUG', 'cart loaded from cache', [int('items', 3)]);
  });
  const bank = b.span(pay, 'checkout', 'POST bank.example', 3, total * 0.4, total * 0.5, http('POST', '/v2/charges', failed ? 503 : 200), failed
    ? { status: 2, statusMessage: 'HTTP 503 from the bank after 3 tries' }
    : { links: [{ traceId: hex(rnd, 32), spanId: hex(rnd, 16), attributes: [string('link.kind', 'retry of')] }] });
  if (failed) b.log(bank, total * 0.45, 17, 'ERROR', 'bank.example: 503 Service Unavailable (try 3 of 3)', [int('http.status_code', 503)]);
  if (slow > 1) b.log(bank, total * 0.2, 13, 'WARN', 'payment pool exhausted: 64 of 64 in use, waiting');
  b.span(pay, 'checkout', 'orders publish', 4, total * 0.92, total * 0.03, [string('messaging.system', 'kafka')]);
  const worker = b.span(pay, 'mail-worker', 'orders process', 5, total * 0.96, total * 0.4, [string('messaging.system', 'kafka')]);
  b.span(worker, 'mail-worker', 'SMTP send', 3, total * 1.0, total * 0.3);
  b.log(worker, total * 0.1, 9, 'INFO', 'order 8812 confirmed, mail on its way');
  return b.done();
}

export function missingParentTrace(rnd, startMicros) {
  const b = new Builder(rnd, startMicros);
  b.span(-2, 'inventory', 'inventory.v1/Reserve', 2, 0, 42000, [string('rpc.system', 'grpc')]);
  b.span(0, 'inventory', 'SELECT', 3, 4000, 21000, [string('db.system', 'postgresql')]);
  return b.done();
}

const kHostile = [
  '<script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=2">',
  '"><svg onload=window.hacked=3>',
  'javascript:window.hacked=4',
  '\u202Eright to left\u202C and \u0000 zero',
  `${'very long name '.repeat(40)}`,
  '日本語の操作 🧪 Ünïcödé',
  '{{constructor.constructor("window.hacked=5")()}}',
];

export function hostileTrace(rnd, startMicros) {
  const b = new Builder(rnd, startMicros);
  const pick = () => kHostile[Math.floor(rnd() * kHostile.length)];
  const attributes = kHostile.map((text, i) => string(i % 2 ? text.slice(0, 200) : `key.${i}`, text));
  attributes.push(string('huge', 'x'.repeat(1 << 20)), { key: 'array', type: 'array', value: kHostile }, { key: '', type: 'string', value: '' });
  for (let i = 0; i < 300; i++) attributes.push(int(`attribute.${i}`, i));
  const failed = { status: 2, statusMessage: kHostile[0], dropped: 7, events: [{ timeMicros: 1, name: kHostile[1], attributes: [string('e', kHostile[2])] }] };
  b.span(-1, pick(), pick(), 2, 0, 5000, attributes, failed);
  let parent = 0;
  for (let i = 0; i < 60; i++) parent = b.span(parent, pick(), pick(), 1, i * 10, 4900 - i * 20, attributes.slice(0, 5));
  b.span(0, '', '', 0, 100, -50);
  for (const text of kHostile) b.log(0, 5, 17, text.slice(0, 20), text, attributes.slice(0, 4));
  return b.done();
}

/** What programs say beside their requests: at their start, of workers, of a server's error log. */
export function linesWithoutSpans(rnd, nowMicros) {
  const lines = [];
  const line = (secondsAgo, service, severity, severityText, body, attributes = []) =>
    lines.push({ time: `${Math.round(nowMicros - secondsAgo * 1e6)}000`, traceId: '', spanId: '', service, severity, severityText, body, attributes });
  line(3400, 'todo', 0, '', ' * Serving Flask app "todo"', [string('log.iostream', 'stdout')]);
  line(3399, 'todo', 13, 'WARNING', 'This is a development server. Do not use it in a production deployment.', [string('log.iostream', 'stderr')]);
  for (let i = 0; i < 120; i++) line(20 + i * 28 + rnd() * 9, 'mail-worker', i % 9 ? 9 : 5, i % 9 ? 'INFO' : 'DEBUG', `queue has ${Math.floor(rnd() * 40)} orders`, [int('thread.id', 7)]);
  for (let i = 0; i < 6; i++) line(90 + i * 500, 'nginx', 17, 'error', `${4000 + i}#0: *${i} connect() failed (111: Connection refused) while connecting to upstream`, [string('log.file.name', 'error.log')]);
  line(45, 'mail-worker', 17, 'ERROR', 'could not send order 8812', [string('exception.type', 'smtplib.SMTPServerDisconnected'), string('exception.message', 'Connection unexpectedly closed'), string('code.function.name', 'send')]);
  line(44, 'mail-worker', 21, 'FATAL', 'giving up: the mail server is away');
  return lines;
}

export const kHugeId = 'f'.repeat(32);

export function hugeTrace(size) {
  const rnd = random(3);
  const b = new Builder(rnd, Date.now() * 1000 - 120e6);
  b.trace.traceId = kHugeId;
  const services = Array.from({ length: 14 }, (_, i) => `service-${i}`);
  const open = [b.span(-1, 'batch', 'nightly import', 1, 0, 90e6)];
  for (let i = 1; i < size; i++) {
    while (open.length > 1 && rnd() < 0.45) open.pop();
    const parent = open[open.length - 1];
    const start = (i / size) * 89e6;
    const row = b.span(parent, services[Math.floor(rnd() * services.length)], `step ${i % 40}`, 1 + (i % 5), start, Math.min(90e6 - start, 500 + rnd() ** 6 * 4e6), [], rnd() < 0.0005 ? { status: 2 } : {});
    if (open.length < 24) open.push(row);
  }
  return b.done();
}
