// The trace's name and figures, the minimap, and the bar with tabs, find and folding.

import { useEffect, useRef } from 'preact/hooks';
import { lastSearch } from '../app/router.ts';
import { theme, token } from '../app/prefs.ts';
import { Minimap } from '../canvas/minimap.ts';
import { formatCount, formatDateTime, formatMicros, nanosToMicros, plural, zoneName } from '../lib/format.ts';
import { rootDuration } from '../lib/timing.ts';
import { Icon } from '../parts/icons.tsx';
import { Ago, CopyButton, Dot, IconButton } from '../parts/small.tsx';
import type { Loaded, TraceView } from './view.ts';

const kServicesShown = 8;

function ServiceCounts({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const counts = new Array<number>(loaded.trace.services.length).fill(0);
  for (const service of loaded.trace.service) counts[service]!++;
  const order = counts.map((_, i) => i).sort((a, b) => counts[b]! - counts[a]!);
  return (
    <ul class="pills" aria-label="Services">
      {order.slice(0, kServicesShown).map((i) => (
        <li class="pill" key={i}>
          <Dot color={view.colorIndex.value.get(loaded.trace.services[i]!) ?? 0} />
          <span class="pill-name">{loaded.trace.services[i] || 'unnamed'}</span>
          <span class="muted">{formatCount(counts[i]!)}</span>
        </li>
      ))}
      {order.length > kServicesShown && (
        <li class="pill more" title={order.slice(kServicesShown).map((i) => loaded.trace.services[i]).join(', ')}>
          +{order.length - kServicesShown}
        </li>
      )}
    </ul>
  );
}

export function TraceHeader({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const { trace, tree } = loaded;
  const start = nanosToMicros(trace.start);
  const service = trace.services[trace.service[0] ?? -1];
  const name = trace.names[trace.name[0] ?? -1];
  const root = rootDuration(trace, trace.durationMicros);
  return (
    <header class="trace-header">
      <div class="trace-title">
        <a class="icon-button" href={lastSearch.value} aria-label="Back to the search" title="Back to the search">
          <Icon name="back" />
        </a>
        <h1 title={`${service}: ${name}`}>
          <span class="service">{service || 'unknown service'}</span> <span class="operation">{name || '(no name)'}</span>
        </h1>
        <span class="trace-id">
          <code title={trace.traceId}>{trace.traceId}</code>
          <CopyButton text={trace.traceId} label="Copy the trace id (c)" />
        </span>
      </div>
      <dl class="facts">
        <div>
          <dt>Start</dt>
          <dd>
            {formatDateTime(start)}{' '}
            <small>
              {zoneName(start)} · <Ago micros={start} />
            </small>
          </dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd>
            {formatMicros(trace.durationMicros)}
            {root !== null && (
              <small title="A trace lasts from the start of its earliest span to the end of its latest: work went on after the root span was over, or began before it, or clocks of machines differ"> root {formatMicros(root)}</small>
            )}
          </dd>
        </div>
        <div>
          <dt>Spans</dt>
          <dd>{formatCount(tree.size)}</dd>
        </div>
        <div>
          <dt>Depth</dt>
          <dd>{formatCount(tree.maxDepth)}</dd>
        </div>
        <div>
          <dt>Errors</dt>
          <dd>
            {tree.errors === 0 ? (
              'none'
            ) : (
              <button type="button" class="plain error-mark" title="Go to the next failed span (n)" onClick={() => view.nextError(1)}>
                <Icon name="alert" />
                {plural(tree.errors, 'error')}
              </button>
            )}
          </dd>
        </div>
        <div class="wide">
          <dt>{plural(trace.services.length, 'service')}</dt>
          <dd>
            <ServiceCounts view={view} loaded={loaded} />
          </dd>
        </div>
      </dl>
    </header>
  );
}

export function MinimapStrip({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<Minimap | null>(null);
  useEffect(() => {
    const made = new Minimap(canvas.current!, { onZoom: (from, to) => view.zoom(from, to), onReset: () => view.resetZoom() });
    map.current = made;
    return () => made.destroy();
  }, []);
  const colors = view.colors.value;
  useEffect(() => {
    const { trace, tree } = loaded;
    map.current?.set({
      size: tree.size,
      total: loaded.total,
      start: trace.startMicros,
      duration: trace.durationsMicros,
      service: trace.service,
      failed: (row) => tree.isError(row),
      colors,
      bad: token('bad'),
      shade: token('shade'),
      edge: token('accent'),
    });
  }, [loaded, colors, theme.value]);
  const { from, to } = view.range.value;
  useEffect(() => map.current?.look(from, to), [from, to, loaded]);
  const zoomed = from > 0 || to < loaded.total;
  return (
    <div class="minimap">
      <canvas ref={canvas} aria-hidden="true" />
      {zoomed && (
        <button type="button" class="button small" onClick={() => view.resetZoom()}>
          <Icon name="reset" />
          {formatMicros(from)} – {formatMicros(to)}
        </button>
      )}
    </div>
  );
}

export function TraceBar({ view, loaded }: { view: TraceView; loaded: Loaded }) {
  const tied = loaded.trace.logs.reduce((sum, n) => sum + n, 0);
  const logs = view.logs.value?.length ?? tied;
  const matches = view.find.matches.value;
  const tab = (name: 'waterfall' | 'logs', title: string) => (
    <button type="button" aria-pressed={view.tab.value === name} onClick={() => (view.tab.value = name)}>
      {title}
      {name === 'logs' && <span class="muted"> {formatCount(logs)}</span>}
    </button>
  );
  return (
    <div class="trace-bar">
      <div class="tabs" role="group" aria-label="View">
        {tab('waterfall', 'Waterfall')}
        {tab('logs', 'Logs')}
      </div>
      <div class="find" hidden={view.tab.value !== 'waterfall'}>
        <Icon name="search" />
        <input
          id="find"
          type="search"
          aria-label="Find in this trace"
          placeholder="Find name, value, log text, span id"
          value={view.find.query.value}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => (view.find.query.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              event.preventDefault();
              view.nextMatch(event.shiftKey ? -1 : 1);
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              view.find.query.value = '';
              event.currentTarget.blur();
            }
          }}
        />
        <span class="found" role="status">
          {matches && (matches.count > 0 ? formatCount(matches.count) : view.find.finding.value ? '…' : 'none')}
        </span>
        <IconButton icon="up" label="Previous match (Shift+Enter)" disabled={!matches?.count} onClick={() => view.nextMatch(-1)} />
        <IconButton icon="down" label="Next match (Enter)" disabled={!matches?.count} onClick={() => view.nextMatch(1)} />
      </div>
      <div class="folds" hidden={view.tab.value !== 'waterfall'}>
        <button type="button" class="plain" onClick={() => view.foldAll(true)}>
          Fold all
        </button>
        <button type="button" class="plain" onClick={() => view.foldAll(false)}>
          Unfold all
        </button>
      </div>
    </div>
  );
}
