// A service's colour: by the hash of its name, the same on every page and every day; where two
// services of one trace would look alike, the later takes the next that does not. Every colour has at least 3:1
// contrast on its theme's surfaces (tested), and none is red: red means failed. Pure.

export type Theme = 'light' | 'dark';

// Hues in OKLCH degrees; 0-45 is left to errors. Neighbours in the list are far apart on the wheel,
// so that a service that moves on by one is told apart at a glance.
const kHues = [255, 155, 310, 75, 195, 340, 120, 230, 285, 55, 175, 325, 95, 212, 270, 138] as const;
export const kColors = kHues.length;

function channel(linear: number): number {
  const clipped = Math.min(1, Math.max(0, linear));
  const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255);
}

/** OKLCH to "#rrggbb" (Björn Ottosson's matrices), clipped to sRGB. */
export function oklch(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${rgb.map((c) => channel(c).toString(16).padStart(2, '0')).join('')}`;
}

export function paletteColor(index: number, theme: Theme): string {
  const hue = kHues[index % kColors]!;
  return theme === 'light' ? oklch(0.58, 0.125, hue) : oklch(0.72, 0.115, hue);
}

/** FNV-1a over the name's UTF-16 units. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** The colour that a name has where nothing collides. */
export function colorOf(name: string): number {
  return hashName(name) % kColors;
}

// Degrees between two services of a trace, as long as there is room; then less, then any free one.
const kApart = [40, 24, 1] as const;

function hueDistance(one: number, other: number): number {
  const turn = Math.abs(kHues[one]! - kHues[other]!) % 360;
  return Math.min(turn, 360 - turn);
}

/** The first index from `start` on that is far enough from all that are taken. */
function freeIndex(start: number, taken: ReadonlySet<number>): number {
  for (const apart of kApart) {
    for (let tried = 0; tried < kColors; tried++) {
      const index = (start + tried) % kColors;
      if ([...taken].every((other) => hueDistance(index, other) >= apart)) return index;
    }
  }
  return start;
}

/** The palette index of each service of one trace; past the palette's size colours repeat. */
export function assignColors(services: readonly string[]): Map<string, number> {
  const taken = new Set<number>();
  const result = new Map<string, number>();
  for (const name of [...new Set(services)].sort()) {
    const index = freeIndex(colorOf(name), taken);
    taken.add(index);
    if (taken.size === kColors) taken.clear();
    result.set(name, index);
  }
  return result;
}

/** WCAG's contrast ratio of two "#rrggbb" colours. */
export function contrast(one: string, other: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = parseInt(hex.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [low, high] = [luminance(one), luminance(other)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}
