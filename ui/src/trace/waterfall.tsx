// The waterfall: text rows are DOM (a treegrid, only the rows on the screen exist), bars are a canvas
// behind them. Both stand still in a sticky port and are redrawn together on each scroll, so that they
// can never come apart.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { nameWidth, theme, token } from '../app/prefs.ts';
import { Bars } from '../canvas/bars.ts';
import { formatMicros, formatCount, plural } from '../lib/format.ts';
import { kMissingParent, positionOf } from '../lib/tree.ts';
import { Icon } from '../parts/icons.tsx';
import type { Loaded, TraceView } from './view.ts';

export const kRowHeight = 26;
const kHeadHeight = 28;
// Browsers clamp an element's height (17.9 million pixels in Firefox); beyond, the scroll bar is scaled.
const kTallest = 15e6;
const kIndent = 14;
const kIndentShare = 0.4; // of the name column: deep rows keep room for their text
const kNarrow = 600; // pixels; below, names get half of the width, and the time axis fewer ticks
const kKinds = ['', '', 'server', 'client', 'producer', 'consumer'];

interface RowProps {
  view: TraceView;
  loaded: Loaded;
  row: number;
  position: number;
  top: number;
  selected: boolean;
  matched: boolean;
  range: { from: number; to: number };
  indent: (depth: number) => number;
}

function Marks({ loaded, row, folded }: { loaded: Loaded; row: number; folded: boolean }) {
  const { trace, tree } = loaded;
  const below = folded ? tree.errorsBelow(row) : 0;
  const logs = trace.logs[row] ?? 0;
  return (
    <span class="marks">
      {trace.parent[row] === kMissingParent && (
        <span class="mark warn" title="Its parent span is not in this trace (yet)">
          <Icon name="broken" />
          parent missing
        </span>
      )}
      {tree.isError(row) && (
        <span class="error-mark">
          <Icon name="alert" />
          error
        </span>
      )}
      {below > 0 && (
        <span class="error-mark hollow">
          <Icon name="alert" />
          {formatCount(below)} below
        </span>
      )}
      {logs > 0 && (
        <span class="mark" title={plural(logs, 'log record')}>
          <Icon name="logs" />
          {formatCount(logs)}
          <span class="sr-only"> logs</span>
        </span>
      )}
    </span>
  );
}

function Row({ view, loaded, row, position, top, selected, matched, range, indent }: RowProps) {
  const { trace, tree } = loaded;
  const folded = view.isFolded(row);
  const parent = tree.hasChildren(row);
  const depth = trace.depth[row]!;
  const service = trace.services[trace.service[row]!] ?? '';
  const width = range.to - range.from;
  const begin = ((trace.startMicros[row]! - range.from) / width) * 100;
  const end = begin + (Math.max(trace.durationsMicros[row]!, 0) / width) * 100;
  const kind = kKinds[trace.kind[row] ?? 0] ?? '';
  const gone = end < 0 ? '‹ ' : begin > 100 ? '› ' : '';
  return (
    <div
      class={`wf-row ${selected ? 'selected' : ''} ${matched ? 'matched' : ''}`}
      id={`row-${row}`}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={position + 2}
      aria-expanded={parent ? !folded : undefined}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => view.select(row, true)}
    >
      <div class="wf-name" role="gridcell" style={{ paddingLeft: `${6 + indent(depth)}px` }}>
        {parent ? (
          <span
            class={`twist ${folded ? '' : 'open'}`}
            title={folded ? `Unfold ${plural(tree.descendants(row), 'span')}` : 'Fold'}
            onClick={(event) => {
              event.stopPropagation();
              view.fold(row, !folded);
            }}
          >
            <Icon name="chevron" />
          </span>
        ) : (
          <span class="twist" />
        )}
        <i class="dot" style={{ background: view.colors.value[trace.service[row]!] }} aria-hidden="true" />
        {indent(depth) === indent(depth - 1) && depth > 0 && <span class="muted level">{depth + 1}</span>}
        <span class="wf-service" title={service}>
          {service || 'unknown service'}
        </span>
        <span class="wf-operation" title={trace.names[trace.name[row]!]}>
          {trace.names[trace.name[row]!] || '(no name)'}
        </span>
        {kind && <span class="kind">{kind}</span>}
        {folded && <span class="count">+{formatCount(tree.descendants(row))}</span>}
        <Marks loaded={loaded} row={row} folded={folded} />
      </div>
      <div class="wf-time" role="gridcell">
        <span class="wf-duration" style={{ left: `calc(${Math.min(Math.max(end, 0), 100)}% + 8px)` }}>
          {gone}
          {formatMicros(trace.durationsMicros[row]!)}
        </span>
        <span class="sr-only"> starts at {formatMicros(trace.startMicros[row]!)}</span>
      </div>
    </div>
  );
}

/** The bar between names and times: drag it, or use the arrow keys. */
function Divider({ port, share }: { port: { current: HTMLDivElement | null }; share: number }) {
  const set = (percent: number): void => {
    nameWidth.value = Math.min(70, Math.max(15, percent));
  };
  return (
    <div
      class="wf-divider"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={Math.round(nameWidth.value)}
      aria-valuemin={15}
      aria-valuemax={70}
      tabIndex={0}
      style={{ left: `${share}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const box = port.current!.getBoundingClientRect();
        set(((event.clientX - box.left) / box.width) * 100);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        event.stopPropagation();
        set(nameWidth.value + (event.key === 'ArrowLeft' ? -2 : 2));
      }}
    />
  );
}

function Head({ range, ticks }: { range: { from: number; to: number }; ticks: number }) {
  return (
    <div class="wf-head" role="row" aria-rowindex={1}>
      <div class="wf-name" role="columnheader">
        Service and operation
      </div>
      <div class="wf-time" role="columnheader" aria-label="Time">
        {Array.from({ length: ticks }, (_, i) => (
          <span key={i} class={i === 0 ? 'first' : ''} style={{ left: `${(i * 100) / ticks}%` }}>
            {formatMicros(range.from + ((range.to - range.from) * i) / ticks)}
          </span>
        ))}
        <span class="last">{formatMicros(range.to)}</span>
      </div>
    </div>
  );
}

export function Waterfall({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const scroller = useRef<HTMLDivElement>(null);
  const port = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const bars = useRef<Bars | null>(null);
  const [scroll, setScroll] = useState(0); // of the element
  const [{ height, width }, setSize] = useState({ height: 600, width: 1000 });

  const ticks = width < kNarrow ? 2 : width < 1000 ? 4 : 5;
  const rows = view.visible.value;
  const range = view.range.value;
  const matches = view.matches.value;
  const cursor = view.cursor.value;
  const inside = Math.max(height - kHeadHeight, kRowHeight);
  const wanted = rows.length * kRowHeight;
  const space = Math.min(wanted, kTallest);
  // From the element's scroll position to the rows', which differ only beyond kTallest.
  const factor = space > inside ? (wanted - inside) / (space - inside) : 1;
  const top = Math.max(0, Math.min(scroll * factor, wanted - inside));
  const first = Math.floor(top / kRowHeight);
  const count = Math.min(rows.length - first, Math.ceil(inside / kRowHeight) + 1);
  const offset = first * kRowHeight - top;

  useEffect(() => {
    const made = new Bars(canvas.current!);
    bars.current = made;
    performance.mark('kolben.rows');
    const element = scroller.current!;
    const observer = new ResizeObserver(() => setSize({ height: element.clientHeight, width: element.clientWidth }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, []);

  useLayoutEffect(() => {
    bars.current?.set({
      rows,
      first,
      count,
      offset,
      rowHeight: kRowHeight,
      ...range,
      start: loaded.trace.startMicros,
      duration: loaded.trace.durationsMicros,
      service: loaded.trace.service,
      failed: (row) => loaded.tree.isError(row),
      colors: view.colors.value,
      ticks,
      bad: token('bad'),
      line: token('line'),
    });
  });

  // Keeps the cursor on the screen when it moves.
  useLayoutEffect(() => {
    if (cursor < 0) return;
    const at = positionOf(rows, cursor) * kRowHeight;
    let next = top;
    if (at < top) next = at - kRowHeight * 2;
    else if (at + kRowHeight > top + inside) next = at + kRowHeight * 3 - inside;
    if (next !== top) scroller.current!.scrollTop = Math.max(0, next) / factor;
  }, [cursor, height, loaded]);

  const onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = canvas.current!.getBoundingClientRect();
    const at = range.from + (Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))) * (range.to - range.from);
    const grow = event.deltaY > 0 ? 1.25 : 0.8;
    view.zoom(at - (at - range.from) * grow, at + (range.to - at) * grow);
  };

  const nameShare = width < kNarrow ? Math.max(nameWidth.value, 50) : nameWidth.value;
  const mostIndent = Math.floor((width * nameShare * kIndentShare) / 100);
  const step = Math.max(3, Math.min(kIndent, Math.floor(mostIndent / Math.max(loaded.tree.maxDepth, 1))));
  const indent = (depth: number): number => Math.min(depth * step, mostIndent);

  void theme.value; // colours are read again when it changes
  const shown = [];
  for (let i = first; i < first + count; i++) {
    const row = rows[i]!;
    shown.push(
      <Row
        key={row}
        view={view}
        loaded={loaded}
        row={row}
        position={i}
        top={offset + (i - first) * kRowHeight}
        selected={row === cursor}
        matched={matches?.flags[row] === 1}
        range={range}
        indent={indent}
      />,
    );
  }
  const onScreen = cursor >= 0 && rows[positionOf(rows, cursor)] === cursor && positionOf(rows, cursor) >= first && positionOf(rows, cursor) < first + count;
  return (
    <div class="wf-frame">
      <div
        class="wf"
        ref={scroller}
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={rows.length + 1}
        aria-activedescendant={onScreen ? `row-${cursor}` : undefined}
        tabIndex={0}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
        onWheel={onWheel}
      >
        <div class="wf-space" style={{ height: `${space + kHeadHeight}px` }}>
          <div class="wf-port" ref={port} style={{ height: `${height}px`, '--name-width': `${nameShare}%` }}>
            <Head range={range} ticks={ticks} />
            <canvas class="wf-bars" ref={canvas} aria-hidden="true" />
            <div class="wf-rows">{shown}</div>
          </div>
        </div>
      </div>
      <Divider port={port} share={nameShare} />
    </div>
  );
}
