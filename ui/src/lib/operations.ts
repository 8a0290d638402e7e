// What the Operations page lists and how, to and from the address bar; where its rows lead; and in
// words what changed. Pure.
//
// The address is that of a search, with view (requests, client, statements) and order beside it.

import { formatSearch, kBuckets, kCalls, kRequests, parseSearch, toApi, type SearchState, type Window } from './searchState.ts';
import { sameClause, type Clause } from './tags.ts';

export const kViews = ['requests', 'client', 'statements'] as const;
export type View = (typeof kViews)[number];

export const kOrders = ['time', 'count', 'errors', 'errorShare', 'p50', 'p95', 'p99', 'slower', 'name'] as const;
export type Order = (typeof kOrders)[number];

export interface Listing {
  view: View;
  order: Order;
}

export function parseListing(search: string): Listing {
  const query = new URLSearchParams(search);
  const view = query.get('view') as View;
  const order = query.get('order') as Order;
  return { view: kViews.includes(view) ? view : 'requests', order: kOrders.includes(order) ? order : 'time' };
}

/** A search's query string with the listing in it; defaults are left out. */
export function withListing(search: string, listing: Listing): string {
  const query = new URLSearchParams(search);
  if (listing.view !== 'requests') query.set('view', listing.view);
  if (listing.order !== 'time') query.set('order', listing.order);
  const text = query.toString();
  return text ? `?${text}` : '';
}

/** The kinds of the spans that a view lists; statements are those of calls. */
function kindsOf(view: View): Clause {
  return view === 'requests' ? kRequests : kCalls;
}

/**
 * The listing that belongs to a search. The kinds in its filter are those of a view, which says the same: it
 * would find nothing in any other.
 */
export function listingOf(search: string): string {
  const state = parseSearch(search);
  const view = (['requests', 'client'] as const).find((one) => state.clauses.some((clause) => sameClause(clause, kindsOf(one))));
  if (!view) return search;
  const clauses = state.clauses.filter((clause) => !sameClause(clause, kindsOf(view)));
  return withListing(formatSearch({ ...state, clauses }), { view, order: 'time' });
}

export const kRows = 100;
const kSeries = kBuckets / 2; // a point for every two bars, as wide as a small line can show

export function toPerformanceApi(state: SearchState, listing: Listing, window: Window): URLSearchParams {
  const query = toApi(state, window);
  if (listing.view === 'statements') query.set('by', 'statement');
  else query.set('kind', listing.view);
  query.set('sort', listing.order);
  query.set('limit', String(kRows));
  query.set('buckets', String(kSeries));
  return query;
}

export interface Named {
  service: string;
  name?: string;
  statement?: string;
  key?: string;
}

/**
 * The search for the traces of a row, the longest first, by the spans that the row counts: others may have the
 * same name. `only`: a clause more, or a least duration.
 */
export function searchOf(state: SearchState, view: View, row: Named, only: { clause?: Clause; minMicros?: number } = {}): SearchState {
  const kinds = kindsOf(view);
  const clauses = state.clauses.some((clause) => sameClause(clause, kinds)) ? [...state.clauses] : [...state.clauses, kinds];
  if (row.statement !== undefined && row.key) clauses.push({ key: row.key, op: '=', value: row.statement });
  if (only.clause) clauses.push(only.clause);
  const operation = row.name ?? state.operation;
  const minDuration = only.minMicros === undefined ? state.minDuration : goDuration(only.minMicros);
  return { ...state, service: row.service, operation, clauses, minDuration, sort: 'longest' };
}

/** Not above what it stands for: whole microseconds, rounded down. */
function goDuration(micros: number): string {
  return micros < 1 ? `${Math.floor(micros * 1000)}ns` : `${Math.floor(micros)}us`;
}

export interface Change {
  direction: 'up' | 'down' | 'same';
  text: string;
}

const kNoise = 0.1; // less than a tenth is not worth a word
const kFew = 5; // of which a percentile says nothing

/** "35 % slower", "3.1 × more"; null where one of both is unknown. */
function compare(now: number, before: number, more: string, less: string): Change | null {
  if (!(before > 0) || !(now >= 0)) return null;
  const ratio = now / before;
  if (Math.abs(ratio - 1) < kNoise) return { direction: 'same', text: 'as before' };
  if (ratio >= 2) return { direction: 'up', text: `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} × ${more}` };
  const percent = `${Math.round(Math.abs(ratio - 1) * 100)} %`;
  return ratio > 1 ? { direction: 'up', text: `${percent} ${more}` } : { direction: 'down', text: `${percent} ${less}` };
}

interface Counted {
  count: number;
  errors: number;
  rate: number;
  p95: number | null;
}

export function latencyChange(now: Counted, before: Counted): Change | null {
  if (now.count < kFew || before.count < kFew || now.p95 === null || before.p95 === null) return null;
  return compare(now.p95, before.p95, 'slower', 'faster');
}

/** `known`: there is a time before to compare with. */
export function rateChange(now: Counted, before: Counted, known: boolean): Change | null {
  if (!known) return null;
  if (before.count === 0) return now.count > 0 ? { direction: 'up', text: 'new' } : null;
  return compare(now.rate, before.rate, 'more', 'fewer');
}

/** By share: more calls alone make more errors. */
export function errorChange(now: Counted, before: Counted): Change | null {
  if (before.count < kFew || now.count < kFew || (now.errors === 0 && before.errors === 0)) return null;
  const [share, was] = [now.errors / now.count, before.errors / before.count];
  if (was === 0) return { direction: 'up', text: 'none before' };
  if (share === 0) return { direction: 'down', text: `was ${formatShare(was)}` };
  return Math.abs(share / was - 1) < kNoise ? { direction: 'same', text: 'as before' } : { direction: share > was ? 'up' : 'down', text: `was ${formatShare(was)}` };
}

/** 0.123 -> "12 %", 0.00123 -> "0.12 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.01) return '< 0.01 %';
  return `${Number(percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0))} %`;
}

/** Calls a second, as people say it: "12.5/s", and "3/min" for what is rare. */
export function formatRate(rate: number): string {
  if (!(rate > 0)) return '0/s';
  const digits = (value: number): string => (value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3))));
  if (rate >= 0.1) return `${digits(rate)}/s`;
  return rate * 60 >= 0.1 ? `${digits(rate * 60)}/min` : `${digits(rate * 3600)}/h`;
}
