// Durations, times and counts as people read them. Pure.

function digits(value: number): string {
  const places = value < 10 ? 2 : value < 100 ? 1 : 0;
  return String(Number(value.toFixed(places)));
}

// Each unit ends half a digit before the next one begins, so that nothing is shown as "1000 ms".
const kUnits: readonly [limit: number, size: number, name: string][] = [
  [0.9995, 1e-3, 'ns'],
  [999.5, 1, 'µs'],
  [999.5e3, 1e3, 'ms'],
  [59.95e6, 1e6, 's'],
];

/** 1234 µs -> "1.23 ms"; above a minute "2m 5s", above an hour "3h 2m", above two days "4d 1h". */
export function formatMicros(micros: number): string {
  if (!Number.isFinite(micros)) return '–';
  if (micros < 0) return `-${formatMicros(-micros)}`;
  if (micros === 0) return '0 µs';
  for (const [limit, size, name] of kUnits) {
    if (micros < limit) return `${digits(micros / size)} ${name}`;
  }
  const seconds = Math.round(micros / 1e6);
  if (seconds < 3600) return pair(seconds, 60, 'm', 1, 's');
  if (seconds < 48 * 3600) return pair(seconds, 3600, 'h', 60, 'm');
  return pair(seconds, 86400, 'd', 3600, 'h');
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const high = Math.floor(seconds / big);
  const low = Math.floor((seconds - high * big) / small);
  return low === 0 ? `${high}${bigName}` : `${high}${bigName} ${low}${smallName}`;
}

const kGoUnits: Record<string, number> = {
  ns: 1e-3,
  us: 1,
  µs: 1,
  μs: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  h: 3600e6,
};

/** A Go duration ("1.5s", "1m30s", also "100 ms") in microseconds; null where it is none. */
export function parseDuration(text: string): number | null {
  const compact = text.replace(/\s+/g, '');
  if (compact === '' || compact.length > 64) return null;
  const part = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  let sum = 0;
  while (part.lastIndex < compact.length) {
    const match = part.exec(compact);
    if (!match) return null;
    sum += Number(match[1]) * kGoUnits[match[2]!]!;
  }
  return sum;
}

/** What the server is sent: no blanks, and "us" in ASCII. */
export function canonicalDuration(text: string): string {
  return text.replace(/\s+/g, '').replace(/[µμ]s/g, 'us');
}

/** The width of a bar: "10 s", "1 min", "2 h"; what is none of these as any duration. */
export function formatStep(micros: number): string {
  if (micros >= 3600e6 && micros % 3600e6 === 0) return `${micros / 3600e6} h`;
  if (micros >= 60e6 && micros % 60e6 === 0) return `${micros / 60e6} min`;
  return formatMicros(micros);
}

/** "102/s", "0.03/s". */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '–';
  return perSecond > 0 && perSecond < 0.01 ? '< 0.01/s' : `${perSecond < 10000 ? digits(perSecond) : formatCompact(perSecond)}/s`;
}

const kCount = new Intl.NumberFormat('en');
const kCompact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export function formatCount(count: number): string {
  return kCount.format(count);
}

/** For axes and pills: 12345 -> "12.3K". */
export function formatCompact(count: number): string {
  return Math.abs(count) < 10000 ? kCount.format(count) : kCompact.format(count);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** As plural(), short: "12.3K spans", "1 error". */
export function pluralCompact(count: number, one: string, many = `${one}s`): string {
  return `${formatCompact(count)} ${count === 1 ? one : many}`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${digits(value)} ${units[unit]}`;
}

/** Nanoseconds as a decimal string to microseconds, which a double still holds exactly. */
export function nanosToMicros(nanos: string): number {
  return nanos.length > 3 ? Number(nanos.slice(0, -3)) : 0;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** "14:03:22.123" in the browser's zone. */
export function formatClock(micros: number, millis = true): string {
  const date = new Date(micros / 1000);
  if (Number.isNaN(date.getTime())) return '–';
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return millis ? `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}` : clock;
}

/** "2026-11-23" in the browser's zone. */
export function formatDay(micros: number): string {
  const date = new Date(micros / 1000);
  if (Number.isNaN(date.getTime())) return '–';
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function formatDateTime(micros: number, millis = true): string {
  return `${formatDay(micros)} ${formatClock(micros, millis)}`;
}

/** What formatDateTime() writes, without seconds or the clock too, in the browser's zone; null where it is no time. */
export function parseDateTime(text: string): number | null {
  const match = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?\s*$/.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const date = new Date(year, month - 1, day, hour, minute, second, Number((match[7] ?? '').padEnd(3, '0')));
  // A day that its month does not have would be one of the next.
  const isReal = month >= 1 && month <= 12 && date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60;
  return isReal ? date.getTime() * 1000 : null;
}

/** The browser's zone at that time: "UTC", "UTC+1", "UTC-3:30". */
export function zoneName(micros: number): string {
  const ahead = -new Date(micros / 1000).getTimezoneOffset();
  if (!ahead) return 'UTC';
  const size = Math.abs(ahead);
  const minutes = size % 60;
  return `UTC${ahead < 0 ? '-' : '+'}${Math.floor(size / 60)}${minutes ? `:${two(minutes)}` : ''}`;
}

/** "just now", "12 s ago", "5 min ago", "3 h ago", "2 d ago"; "in 4 s" for a clock that is ahead. */
export function formatAgo(micros: number, nowMicros: number): string {
  const seconds = Math.round((nowMicros - micros) / 1e6);
  const size = Math.abs(seconds);
  if (size < 2) return 'just now';
  const text =
    size < 60
      ? `${size} s`
      : size < 3600
        ? `${Math.floor(size / 60)} min`
        : size < 48 * 3600
          ? `${Math.floor(size / 3600)} h`
          : `${Math.floor(size / 86400)} d`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}
