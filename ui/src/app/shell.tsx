// What is around every page: the bar on top, the help window, the note that the server is away.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { formatCompact, formatCount, formatBytes } from '../lib/format.ts';
import { listingOf } from '../lib/operations.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Receivers, rejectedTotal } from '../parts/receivers.tsx';
import { Banner, Dialog, IconButton } from '../parts/small.tsx';
import { TagSyntax } from '../parts/tagSyntax.tsx';
import { operationsLink, searchLink, traceLink } from './links.ts';
import { navigate, lastLogs, lastOperations, lastSearch, place } from './router.ts';
import { shortcuts, themeChoice, type ThemeChoice } from './prefs.ts';
import { status, unreachable } from './status.ts';

export const helpOpen = signal(false);
const statusOpen = signal(false);

const kThemes: Record<ThemeChoice, { icon: IconName; label: string; next: ThemeChoice }> = {
  system: { icon: 'auto', label: 'Theme: as the system. Switch to light', next: 'light' },
  light: { icon: 'sun', label: 'Theme: light. Switch to dark', next: 'dark' },
  dark: { icon: 'moon', label: 'Theme: dark. Switch to the system’s', next: 'system' },
};

function ThemeButton() {
  const now = kThemes[themeChoice.value];
  return <IconButton icon={now.icon} label={now.label} onClick={() => (themeChoice.value = now.next)} />;
}

function TraceLookup() {
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem('id') as HTMLInputElement;
    // A bare id, a traceparent, or a line that holds one: the first 32 (or 16) hex digits.
    const found = /[0-9a-f]{32}/i.exec(field.value) ?? /\b[0-9a-f]{16}\b/i.exec(field.value);
    field.setCustomValidity(found ? '' : 'A trace id has 32 hexadecimal digits');
    if (!found) {
      field.reportValidity();
      return;
    }
    field.value = '';
    navigate(traceLink(found[0].toLowerCase()));
  };
  return (
    <form class="lookup" role="search" aria-label="Trace by id" onSubmit={onSubmit}>
      <Icon name="search" />
      <input
        name="id"
        aria-label="Trace id"
        placeholder="Trace id or traceparent"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => event.currentTarget.setCustomValidity('')}
      />
    </form>
  );
}

function StatusPill() {
  const now = status.value;
  const rejected = rejectedTotal();
  const away = unreachable.value !== null;
  return (
    <button type="button" class={`status-pill ${away ? 'away' : ''}`} onClick={() => (statusOpen.value = true)}>
      <i class="pulse" aria-hidden="true" />
      {away ? 'Not reachable' : now ? formatCompact(now.store.spans) : 'Connecting'}
      {now && !away && <span class="unit">spans</span>}
      {rejected > 0 && !away && (
        <span class="error-mark" title="What arrived and was refused: open for the reasons">
          <Icon name="alert" />
          {formatCompact(rejected)} <span class="unit">refused</span>
        </span>
      )}
    </button>
  );
}

function StatusDialog() {
  const now = status.value;
  return (
    <Dialog title="What Kolben has" open={statusOpen.value} onClose={() => (statusOpen.value = false)}>
      {now && (
        <dl class="facts">
          <div>
            <dt>Spans</dt>
            <dd>{formatCount(now.store.spans)}</dd>
          </div>
          <div>
            <dt>Log records</dt>
            <dd>{formatCount(now.store.logRecords)}</dd>
          </div>
          <div>
            <dt>Metric points</dt>
            <dd>{formatCount(now.store.metricPoints)}</dd>
          </div>
          <div>
            <dt>On disk</dt>
            <dd>
              {formatBytes(now.store.diskBytes - (now.store.walBytes ?? 0))}
              {!!now.store.walBytes && <small title="Files of fixed size that hold what comes in until it is sorted in"> and {formatBytes(now.store.walBytes)} set aside for what comes in</small>}
            </dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>{now.version}</dd>
          </div>
        </dl>
      )}
      <Receivers />
    </Dialog>
  );
}

// Blanks stand between keys; what is separated by a comma does different things, in that order.
const kKeys: readonly [keys: string, what: string, page: 'trace' | 'all'][] = [
  ['j ↓, k ↑', 'next, previous span; on Search: trace', 'all'],
  ['h ←, l →', 'fold, unfold (or go to parent, first child)', 'trace'],
  ['Home, End, PgUp, PgDn', 'first, last, a screen up, down', 'trace'],
  ['n, p', 'next, previous failed span', 'trace'],
  ['Enter', 'open or close the span’s details; on Search: open the trace', 'all'],
  ['f, 0', 'zoom to the span, whole trace', 'trace'],
  ['[, ]', 'fold all, unfold all', 'trace'],
  ['c', 'copy the trace id', 'trace'],
  ['/', 'find in the trace; on Traces: the tags field, on Logs: the text', 'all'],
  ['?', 'this help', 'all'],
  ['Esc', 'close, clear', 'all'],
];

function HelpDialog() {
  return (
    <Dialog title="Keys and tags" open={helpOpen.value} onClose={() => (helpOpen.value = false)}>
      <table class="keys">
        <tbody>
          {kKeys.map(([keys, what, page]) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split(', ').map((same) => (
                  <span class="same" key={same}>
                    {same.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </span>
                ))}
              </th>
              <td>
                {what} {page === 'trace' && <span class="muted">(trace)</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        <TagSyntax />
      </p>
      <label class="check">
        <input type="checkbox" checked={shortcuts.value} onChange={(event) => (shortcuts.value = event.currentTarget.checked)} />
        Keys of one letter work anywhere on the page
      </label>
    </Dialog>
  );
}

/** True where a typed letter belongs to a field, or a window is open over the page. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    !!target.closest?.('input:not([type=checkbox]), textarea, select, dialog, [contenteditable]')
  );
}

/** From a search its filter goes along. */
function OperationsLink() {
  const { path, search } = place.value;
  return (
    <a href={path === '/search' ? operationsLink(listingOf(search)) : lastOperations.value} aria-current={path === '/operations' ? 'page' : undefined}>
      Operations
    </a>
  );
}

export function Shell({ children, page }: { children: ComponentChildren; page: 'search' | 'trace' | 'all-logs' }) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === '?' && shortcuts.value && !typing(event)) helpOpen.value = true;
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div class={`page ${page}`}>
      <a class="skip" href={place.value.path === '/search' ? '#results' : '#main'}>
        Skip to {place.value.path === '/search' ? 'results' : 'content'}
      </a>
      <header class="top">
        <a class="brand" href={searchLink()}>
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M13 5h6M14 5v8L7.500 24.500A2 2 0 0 0 9.200 27.500h13.600a2 2 0 0 0 1.700-3L18 13V5" />
            <path class="fill" d="M11 20.500h10l2.600 4.400a.6.6 0 0 1-.5.9H8.900a.6.6 0 0 1-.5-.9z" />
          </svg>
          Kolben
        </a>
        <nav aria-label="Pages">
          <a href={lastSearch.value} aria-current={place.value.path === '/search' ? 'page' : undefined}>
            Traces
          </a>
          <OperationsLink />
          <a href={lastLogs.value} aria-current={place.value.path === '/logs' ? 'page' : undefined}>
            Logs
          </a>
        </nav>
        <TraceLookup />
        <div class="tools">
          <StatusPill />
          <ThemeButton />
          <IconButton icon="help" label="Keys and help" onClick={() => (helpOpen.value = true)} />
        </div>
      </header>
      {unreachable.value !== null && status.value !== null && <Banner kind="error">{unreachable.value} Trying again …</Banner>}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <HelpDialog />
      <StatusDialog />
    </div>
  );
}
