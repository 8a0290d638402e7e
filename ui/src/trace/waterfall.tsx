// The waterfall: text rows are DOM (a treegrid, only the rows on the screen exist), bars are a canvas
// behind them. Both stand still in a sticky port and are redrawn together on each scroll, so that they
// can never come apart.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { nameWidth, theme, token } from '../app/prefs.ts';
import { Bars } from '../canvas/bars.ts';
import { ticksOf, type Tick } from '../lib/ticks.ts';
import { positionOf } from '../lib/tree.ts';
import { kRowHeight, Row } from './row.tsx';
import type { Loaded, TraceView } from './view.ts';

const kHeadHeight = 28;
// Browsers clamp an element's height (17.9 million pixels in Firefox); beyond, the scroll bar is scaled.
const kTallest = 15e6;
const kIndent = 14;
const kIndentShare = 0.4; // of the name column: deep rows keep room for their text
const kNarrow = 600; // pixels; below, names get half of the width, and the time axis fewer ticks
const kNarrowest = 450; // below, an end beside the beginning is all that can be read
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

function Head({ range, ticks }: { range: { from: number; to: number }; ticks: Tick[] }) {
  return (
    <div class="wf-head" role="row" aria-rowindex={1}>
      <div class="wf-name" role="columnheader">
        Service and operation
      </div>
      <div class="wf-time" role="columnheader" aria-label="Time">
        {ticks.map((tick) => (
          <span key={tick.micros} style={{ left: `${((tick.micros - range.from) / (range.to - range.from)) * 100}%` }}>
            {tick.text}
          </span>
        ))}
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

  const rows = view.visible.value;
  const range = view.range.value;
  const ticks = ticksOf(range.from, range.to, width < kNarrowest ? 1 : width < kNarrow ? 2 : width < 1000 ? 4 : 7);
  const matches = view.find.matches.value;
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
      ticks: ticks.map((tick) => tick.micros),
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
