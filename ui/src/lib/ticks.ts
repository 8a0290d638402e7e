// The marks of the waterfall's time axis: round times, written with as many digits as tell them apart
// however deep one has zoomed. Pure.

export interface Tick {
  micros: number;
  text: string;
}

const kUnits: readonly [size: number, name: string][] = [
  [1e6, 's'],
  [1e3, 'ms'],
  [1, 'µs'],
  [1e-3, 'ns'],
];
const kMinute = 60e6;
const kLongSteps = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * kMinute);

/** The smallest round step of which at most `most` fit into `width` microseconds. */
function stepOf(width: number, most: number): number {
  const fits = (step: number): boolean => Math.floor(width / step + 1e-9) <= most;
  if (width / most > 30e6) return kLongSteps.find(fits) ?? Math.ceil(width / most / (1440 * kMinute)) * 1440 * kMinute;
  const power = 10 ** Math.floor(Math.log10(width / (most + 1)));
  return ([1, 2, 5, 10].find((n) => fits(n * power)) ?? 20) * power;
}

function clockText(micros: number): string {
  const minutes = Math.round(micros / kMinute);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `micros` in the unit that suits the largest of its neighbours, to the digit that `step` changes. */
function tickText(micros: number, largest: number, step: number): string {
  if (micros === 0) return '0';
  if (step >= kMinute) return clockText(micros);
  const [size, name] = kUnits.find(([unit]) => largest >= unit) ?? kUnits[kUnits.length - 1]!;
  const places = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / size) - 1e-9)));
  return `${(micros / size).toFixed(places)} ${name}`;
}

/** Round times from `from` to `to`, both included, at most `most` + 1. */
export function ticksOf(from: number, to: number, most: number): Tick[] {
  const width = to - from;
  if (!(width > 0)) return [];
  const step = stepOf(width, most);
  const ticks: Tick[] = [];
  for (let n = Math.ceil(from / step - 1e-6); n * step <= to + step * 1e-6 && ticks.length <= most; n++) {
    ticks.push({ micros: n * step, text: tickText(n * step, to, step) });
  }
  return ticks;
}
