// Runs before the first paint, blocking and tiny: sets the theme so that nothing flashes, and asks at
// once what the page needs first, so that it travels while the page's own code is still on its way.

import type { Prefetched } from './app/prefetch.ts';
import { baseOf, below } from './lib/base.ts';

const root = document.documentElement;
let stored: string | null = null;
try {
  stored = localStorage.getItem('kolben.theme');
} catch {
  // Storage is forbidden: the system's choice holds.
}
const dark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
root.dataset.theme = dark ? 'dark' : 'light';

// Browsers ask for the icon again when the address changes, and then from there: pin it to where it is now.
for (const icon of document.querySelectorAll<HTMLLinkElement>('link[rel=icon]')) icon.href = String(icon.href);

// The trace, or else whether there is anything at all, which decides what Search shows.
const base = baseOf((document.currentScript as HTMLScriptElement).src);
const match = /^\/trace\/([0-9a-fA-F]{1,32})\/?$/.exec(below(base, location.pathname));
const url = `${base}/api/kolben/${match ? `trace/${match[1]!.toLowerCase()}` : 'status'}`;
const response = fetch(url);
const body = response.then((answer) => answer.json() as Promise<unknown>);
body.catch(() => undefined); // whoever takes it sees the error
const prefetched: Prefetched = { url, response, body };
(window as { kolbenPrefetch?: Prefetched }).kolbenPrefetch = prefetched;
