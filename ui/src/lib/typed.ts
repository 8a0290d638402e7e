// What people type for dates and durations: what it means, or what is wrong with it, in words. Pure.

import { canonicalDuration, parseDateTime, parseDuration } from './format.ts';

export type Typed<T> = { value: T; problem: '' } | { value: null; problem: string };

const kDateExample = '2026-11-26 14:03:22';
const kMonths = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function wrong<T>(problem: string): Typed<T> {
  return { value: null, problem };
}

/** Of a text that looks like a date. */
function whyNoDate(text: string): string {
  const [year, month, day, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number) as [number, number, number, number?, number?, number?];
  const name = kMonths[month - 1];
  if (!name) return `There is no month ${month}`;
  const days = new Date(year, month, 0).getDate();
  if (day < 1 || day > days) return `${name} ${year} has days 1 to ${days}`;
  if (hour > 23 || minute > 59 || second > 59) return 'A clock goes to 23:59:59';
  return `Not a time: like ${kDateExample}`;
}

/** In microseconds since 1970. */
export function readDate(text: string): Typed<number> {
  if (text.trim() === '') return wrong(`A date is missing: like ${kDateExample}`);
  const value = parseDateTime(text);
  if (value === null) return wrong(/^\s*\d{4}-\d{1,2}-\d{1,2}(?![\d-])[ T\d:.]*$/.test(text) ? whyNoDate(text) : `Not a date: like ${kDateExample}`);
  return value > 0 ? { value, problem: '' } : wrong('Dates begin in 1970');
}

/** As the server takes it; empty where there is none. */
export function readDuration(text: string): Typed<string> {
  if (text.trim() !== '' && parseDuration(text) === null) return wrong('Not a duration: like 100ms or 1.5s');
  return { value: canonicalDuration(text), problem: '' };
}
