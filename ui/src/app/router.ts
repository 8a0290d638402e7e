// The address bar as a signal. Links are ordinary <a href>; a plain click stays on the page.

import { signal } from '@preact/signals';
import { below } from '../lib/base.ts';
import { base, logsLink, operationsLink, searchLink, traceLink } from './links.ts';

export interface Place {
  /** Below the base, without a slash at the end: "/search". */
  path: string;
  search: string;
  /** The page noted its own state there: nobody went anywhere. */
  note: boolean;
}

function here(note = false): Place {
  return { path: below(base, location.pathname).replace(/(.)\/+$/, '$1'), search: location.search, note };
}

export const place = signal<Place>(here());
/** Where the last search was, so that a trace's "back" finds it again. */
export const lastSearch = signal(searchLink());
export const lastOperations = signal(operationsLink());
export const lastLogs = signal(logsLink());

function arrive(note = false): void {
  place.value = here(note);
  if (place.value.path === '/search') lastSearch.value = searchLink(place.value.search);
  if (place.value.path === '/operations') lastOperations.value = operationsLink(place.value.search);
  if (place.value.path === '/logs') lastLogs.value = logsLink(place.value.search);
}

export function navigate(url: string): void {
  if (url === location.pathname + location.search) return;
  history.pushState(null, '', url);
  arrive();
}

/** Notes parameters in the present address, or removes those that are null, without a step in the history. */
export function setParameters(parameters: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  const url = location.pathname + (text ? `?${text}` : '');
  if (url === location.pathname + location.search) return;
  history.replaceState(null, '', url);
  arrive(true);
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hash || link.origin !== location.origin) return;
  const pages = [searchLink(), operationsLink(), logsLink()];
  if (!pages.includes(link.pathname) && !link.pathname.startsWith(traceLink(''))) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
  window.scrollTo(0, 0);
}

export function startRouter(): void {
  if (here().path === '/') history.replaceState(null, '', searchLink(location.search));
  arrive();
  addEventListener('popstate', () => arrive());
  document.addEventListener('click', onClick);
}
