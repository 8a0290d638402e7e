// The page's addresses, below wherever it lives.

import { baseOf } from '../lib/base.ts';

export const base = baseOf(import.meta.url);

export function searchLink(query = ''): string {
  return `${base}/search${query}`;
}

export function operationsLink(query = ''): string {
  return `${base}/operations${query}`;
}

export function logsLink(query = ''): string {
  return `${base}/logs${query}`;
}

export function traceLink(id: string, query = ''): string {
  return `${base}/trace/${id}${query}`;
}
