// A browser's tab for modules that ask the server, without a browser: its address, a clock that goes on when the
// test says so, and a server that answers what the test wants. To be made before they are loaded.

export class Tab {
  /** Every address that was asked for. */
  asked = [];
  /** Answers a call, as Mock.api does; a promise where that takes a while. */
  api = () => null;
  #now = 1795741306000;
  #timers = new Map();
  #lastTimer = 0;

  constructor(path) {
    const [pathname, search = ''] = path.split('?');
    const location = { pathname, search: search && `?${search}`, host: 'kolben.example' };
    const history = { replaceState: () => {} };
    const document = Object.assign(new EventTarget(), { hidden: false });
    const performance = { now: () => this.#now, mark: () => {} };
    const setTimeout = (run, millis) => {
      this.#timers.set(++this.#lastTimer, { run, at: this.#now + millis });
      return this.#lastTimer;
    };
    Object.assign(globalThis, { location, history, document, fetch: (url, options) => this.#fetch(url, options), window: { setTimeout } });
    Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true });
    globalThis.clearTimeout = (timer) => this.#timers.delete(timer);
    Date.now = () => this.#now;
  }

  get nowMicros() {
    return this.#now * 1000;
  }

  /** How many calls of `path` there were. */
  count(path) {
    return this.asked.filter((url) => url.pathname === `/api/kolben/${path}`).length;
  }

  /** Lets that much time pass, and the answers of that time arrive. */
  async pass(millis) {
    await settled();
    const end = this.#now + millis;
    for (;;) {
      const [[id, next] = []] = [...this.#timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(id);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = end;
  }

  /** Somebody looks at another tab, or comes back. */
  async show(isShown) {
    document.hidden = !isShown;
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
  }

  async #fetch(path, { signal } = {}) {
    const url = new URL(path, 'http://kolben.example');
    this.asked.push(url);
    const answer = await this.api(url.pathname.slice('/api/kolben/'.length), url.searchParams);
    signal?.throwIfAborted();
    return Response.json(answer, { status: answer?.httpStatus ?? (answer ? 200 : 404) });
  }
}

/** All that can happen without time passing has happened. */
export async function settled() {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

/** An answer that arrives when the test says so. */
export function later(answer) {
  let arrive;
  const promise = new Promise((done) => (arrive = () => done(answer)));
  return { promise, arrive };
}
