// /trace/{id}: one trace, its waterfall, its spans' details and its log lines.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { shortcuts } from '../app/prefs.ts';
import { lastSearch, place } from '../app/router.ts';
import { typing } from '../app/shell.tsx';
import { status } from '../app/status.ts';
import { positionOf } from '../lib/tree.ts';
import { Icon } from '../parts/icons.tsx';
import { copyText, Waiting } from '../parts/small.tsx';
import { Details } from './details.tsx';
import { TraceFailure } from './failure.tsx';
import { MinimapStrip, TraceBar, TraceHeader } from './header.tsx';
import { LogsTab } from './logsTab.tsx';
import { kRowHeight } from './row.tsx';
import { TraceView } from './view.ts';
import { Waterfall } from './waterfall.tsx';

/** Moves by `step` visible rows. */
function move(view: TraceView, step: number): void {
  const rows = view.visible.peek();
  if (rows.length === 0) return;
  const cursor = view.cursor.peek();
  const at = cursor < 0 ? (step > 0 ? -1 : rows.length) : positionOf(rows, cursor);
  view.select(rows[Math.min(rows.length - 1, Math.max(0, at + step))]!);
}

function foldOrUp(view: TraceView): void {
  const tree = view.loaded.peek()?.tree;
  const row = view.cursor.peek();
  if (!tree || row < 0) return;
  if (tree.hasChildren(row) && !view.isFolded(row)) view.fold(row, true);
  else if (tree.parentOf(row) >= 0) view.select(tree.parentOf(row));
}

function unfoldOrDown(view: TraceView): void {
  const tree = view.loaded.peek()?.tree;
  const row = view.cursor.peek();
  if (!tree || row < 0 || !tree.hasChildren(row)) return;
  if (view.isFolded(row)) view.fold(row, false);
  else view.select(row + 1);
}

function toggleDetails(view: TraceView): void {
  if (view.panel.peek()) view.closePanel();
  else if (view.cursor.peek() >= 0) view.select(view.cursor.peek(), true);
}

const kKeys: Record<string, (view: TraceView) => void> = {
  ArrowDown: (view) => move(view, 1),
  ArrowUp: (view) => move(view, -1),
  ArrowLeft: foldOrUp,
  ArrowRight: unfoldOrDown,
  PageDown: (view) => move(view, pageOfRows()),
  PageUp: (view) => move(view, -pageOfRows()),
  Home: (view) => move(view, -Infinity),
  End: (view) => move(view, Infinity),
  Enter: toggleDetails,
  j: (view) => move(view, 1),
  k: (view) => move(view, -1),
  h: foldOrUp,
  l: unfoldOrDown,
  n: (view) => view.nextError(1),
  p: (view) => view.nextError(-1),
  f: (view) => view.zoomToSpan(Math.max(0, view.cursor.peek())),
  '0': (view) => view.resetZoom(),
  '[': (view) => view.foldAll(true),
  ']': (view) => view.foldAll(false),
  c: (view) => void copyText(view.id),
  '/': () => document.getElementById('find')?.focus(),
};

function pageOfRows(): number {
  return Math.max(1, Math.floor((document.querySelector('.wf')?.clientHeight ?? 300) / kRowHeight) - 2);
}

function useKeys(view: TraceView): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (typing(event)) return;
      if (event.key === 'Escape') {
        if (view.panel.peek()) view.closePanel();
        else view.resetZoom();
        return;
      }
      const letter = event.key.length === 1;
      const target = event.target as HTMLElement;
      // Arrows and the like belong to what has the focus, unless that is the tree or nothing.
      if (letter ? !shortcuts.value : target !== document.body && target.id !== 'main' && target.getAttribute('role') !== 'treegrid') return;
      const act = kKeys[event.key];
      if (!act || (view.tab.peek() !== 'waterfall' && event.key !== 'c')) return;
      event.preventDefault();
      act(view);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [view]);
}

function Missing({ view }: { view: TraceView }) {
  void status.value; // looks again every second
  return (
    <div class="card nothing">
      <Icon name="inbox" />
      <h1>There is no trace {view.id}</h1>
      <p>
        {view.waiting
          ? 'It may still be on its way: looking again every second.'
          : 'It was never received, or its time in the store is over. Check that all 32 digits are there.'}
      </p>
      <p>
        <a href={lastSearch.value}>Back to the search</a>
      </p>
    </div>
  );
}

export function TracePage({ id }: { id: string }) {
  const now = place.value;
  const [view] = useState(() => new TraceView(id, now.search));
  useEffect(() => () => view.close(), [view]);
  useKeys(view);
  const loaded = view.loaded.value;

  // A link to another span of this trace, or the history: follow the address, before the view notes anything else
  // there. Not the one that it was made of or noted itself, to which "Skip to content" leads, too.
  const followed = useRef(now.search);
  useLayoutEffect(() => {
    if (now.search === followed.current) return;
    followed.current = now.search;
    if (!now.note) view.follow(now.search);
  }, [now]);

  useEffect(() => {
    const name = loaded ? (loaded.trace.names[loaded.trace.name[0] ?? -1] ?? id) : id;
    document.title = `${name.slice(0, 80)} · Kolben`;
  }, [loaded]);

  if (!loaded) {
    if (view.missing.value) return <Missing view={view} />;
    return (
      <>
        <h1 class="sr-only">Trace {id}</h1>
        {view.failure.value !== null ? <TraceFailure view={view} cause={view.failure.value} /> : <Waiting>Loading the trace …</Waiting>}
      </>
    );
  }
  const row = view.cursor.value;
  const logs = view.tab.value === 'logs';
  return (
    <div class="trace-page">
      <TraceHeader view={view} loaded={loaded} />
      {view.failure.value !== null && <TraceFailure view={view} cause={view.failure.value} />}
      <MinimapStrip view={view} loaded={loaded} />
      <TraceBar view={view} loaded={loaded} />
      <div class="trace-body">
        {logs ? <LogsTab view={view} loaded={loaded} /> : <Waterfall view={view} loaded={loaded} />}
        {!logs && view.panel.value && row >= 0 && <Details view={view} loaded={loaded} row={row} />}
      </div>
    </div>
  );
}
