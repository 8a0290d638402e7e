// The duration scatter of the listed traces. The list below is its text: the canvas is decoration to
// a screen reader.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { TraceSummary } from '../api.ts';
import { traceLink } from '../app/links.ts';
import { theme, token } from '../app/prefs.ts';
import { navigate } from '../app/router.ts';
import { Scatter } from '../canvas/scatter.ts';
import { formatClock, formatMicros, nanosToMicros, plural } from '../lib/format.ts';
import { traces } from './list.ts';
import { window_ } from './state.ts';
import { isOld } from './store.ts';

interface Hover {
  trace: TraceSummary;
  x: number;
  y: number;
  right: boolean;
}

export function ScatterCard() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scatter = useRef<Scatter | null>(null);
  const shown = useRef<TraceSummary[]>([]);
  const [hover, setHover] = useState<Hover | null>(null);

  useEffect(() => {
    const made = new Scatter(canvas.current!, {
      onHover: (index, x, y) => {
        const trace = index === null ? undefined : shown.current[index];
        setHover(trace ? { trace, x, y, right: x > (canvas.current?.clientWidth ?? 0) / 2 } : null);
      },
      onOpen: (index) => navigate(traceLink(shown.current[index]!.traceId)),
    });
    scatter.current = made;
    return () => made.destroy();
  }, []);

  const list = traces.value;
  const { startMicros, endMicros } = window_.value;
  useEffect(() => {
    shown.current = list;
    const points = list.map((t) => ({ micros: nanosToMicros(t.start), durationMicros: t.durationMicros, spans: t.spans, failed: t.errors > 0 }));
    const colors = { dot: token('chart'), bad: token('bad'), line: token('line'), text: token('muted') };
    // The listed traces are often the newest few of a long range: their own times fill the width.
    const starts = points.map((p) => p.micros);
    const first = points.length > 0 ? Math.min(...starts) : startMicros;
    const last = points.length > 0 ? Math.max(...starts) : endMicros;
    const margin = Math.max((last - first) * 0.03, 1e3);
    scatter.current?.set(points, first - margin, last + margin, colors);
    setHover(null);
  }, [list, startMicros, endMicros, theme.value]);

  return (
    <section class={`card chart ${isOld.value ? 'old' : ''}`} aria-label="Durations of the listed traces">
      <header>
        <h2>Listed traces</h2>
        <div class="readout">
          <span class="key amount round">duration</span>
          <span class="key errors diamond">with errors</span>
        </div>
      </header>
      <div class="plot scatter">
        <canvas ref={canvas} aria-hidden="true" />
        {hover && (
          <div class={`tip ${hover.right ? 'left' : ''}`} style={{ left: `${hover.x}px`, top: `${hover.y}px` }}>
            <b>
              {hover.trace.rootService}: {hover.trace.rootName}
            </b>
            <span>
              {formatMicros(hover.trace.durationMicros)} · {plural(hover.trace.spans, 'span')} · {formatClock(nanosToMicros(hover.trace.start))}
            </span>
          </div>
        )}
      </div>
    </section>
  );
}
