// Small things that both pages use.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { theme } from '../app/prefs.ts';
import { paletteColor } from '../lib/color.ts';
import { formatAgo, formatDateTime } from '../lib/format.ts';
import { nowMicros, status } from '../app/status.ts';
import { Icon, type IconName } from './icons.tsx';

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  disabled?: boolean;
  class?: string;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https (another machine's address) browsers give no clipboard: the older way.
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'sr-only';
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

/** Copies, and says so for a moment. `copyText` is for keys that copy. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<'' | 'done' | 'failed'>('');
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onClick = async (): Promise<void> => {
    setState((await copy(text)) ? 'done' : 'failed');
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setState(''), 1500);
  };
  const said = state === 'done' ? 'Copied' : state === 'failed' ? 'Could not copy' : label;
  return (
    <button type="button" class={`icon-button copy ${state}`} aria-label={said} title={said} onClick={onClick}>
      <Icon name={state === 'done' ? 'check' : 'copy'} />
    </button>
  );
}

export { copy as copyText };

/** A service's colour dot; the name stands beside it, so it says nothing by itself. */
export function Dot({ color }: { color: number }) {
  return <i class="dot" style={{ background: paletteColor(color, theme.value) }} aria-hidden="true" />;
}

export function ErrorMark({ text }: { text: string }) {
  return (
    <span class="error-mark">
      <Icon name="alert" />
      {text}
    </span>
  );
}

/** "12 s ago", kept true by the status poll, with the full time as title. */
export function Ago({ micros }: { micros: number }) {
  void status.value; // ticks every second
  return <time title={formatDateTime(micros)}>{formatAgo(micros, nowMicros())}</time>;
}

export function Banner({ kind, children }: { kind: 'error' | 'note'; children: ComponentChildren }) {
  return (
    <div class={`banner ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon name={kind === 'error' ? 'alert' : 'inbox'} />
      <div>{children}</div>
    </div>
  );
}

/** What stands where something will: seen only where it takes longer than a moment. */
export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <p class="waits">
      <i class="pulse" aria-hidden="true" />
      {children}
    </p>
  );
}

/** A modal window on <dialog>: focus stays inside, Esc closes, and a click beside it does too. */
export function Dialog({ title, open, onClose, children }: { title: string; open: boolean; onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current!;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      {open && (
        <div class="dialog-body">
          <header>
            <h2>{title}</h2>
            <IconButton icon="close" label="Close" onClick={onClose} />
          </header>
          {children}
        </div>
      )}
    </dialog>
  );
}
