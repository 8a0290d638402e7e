// What this browser remembers: theme, column width, single-key shortcuts. Where storage is forbidden,
// it remembers until the tab closes.

import { effect, signal } from '@preact/signals';
import type { Theme } from '../lib/color.ts';

function read(key: string): string | null {
  try {
    return localStorage.getItem(`kolben.${key}`);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(`kolben.${key}`, value);
  } catch {
    // Forbidden or full: nothing depends on it.
  }
}

export type ThemeChoice = 'system' | Theme;

function storedTheme(): ThemeChoice {
  const stored = read('theme');
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export const themeChoice = signal<ThemeChoice>(storedTheme());
export const theme = signal<Theme>('light');
/** WCAG 2.1.4: shortcuts of one letter can be switched off. */
export const shortcuts = signal(read('shortcuts') !== 'off');
/** The share of the waterfall's width that names take, in percent. */
export const nameWidth = signal(Math.min(70, Math.max(15, Number(read('nameWidth') ?? 34) || 34)));
export const logLatency = signal(read('logLatency') !== 'off');

export function startPrefs(): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const settle = (): void => {
    const choice = themeChoice.value;
    theme.value = choice === 'system' ? (system.matches ? 'dark' : 'light') : choice;
    document.documentElement.dataset.theme = theme.value;
    write('theme', choice);
  };
  effect(settle);
  system.addEventListener('change', settle);
  effect(() => write('shortcuts', shortcuts.value ? 'on' : 'off'));
  effect(() => write('nameWidth', String(nameWidth.value)));
  effect(() => write('logLatency', logLatency.value ? 'on' : 'off'));
}

const tokens = new Map<string, string>();

/** A design token's colour for canvases; kept until the theme changes, since asking costs a restyle. */
export function token(name: string): string {
  const key = `${theme.peek()}/${name}`;
  let value = tokens.get(key);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    tokens.set(key, value);
  }
  return value;
}
