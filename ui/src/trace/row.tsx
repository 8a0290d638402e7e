// One row of the waterfall: the span's place in the tree, its service and name, what is special about
// it, and its duration beside the bar, which the canvas behind draws.

import { formatCount, formatMicros, plural } from '../lib/format.ts';
import { overhangOf } from '../lib/timing.ts';
import { kMissingParent } from '../lib/tree.ts';
import { Icon } from '../parts/icons.tsx';
import type { Loaded, TraceView } from './view.ts';

export const kRowHeight = 26;
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
          <span class="word">error</span>
        </span>
      )}
      {below > 0 && (
        <span class="error-mark hollow">
          <Icon name="alert" />
          {formatCount(below)} <span class="word">below</span>
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

/** Why a span's times look wrong where they do; empty otherwise. */
export function overhangText(loaded: Loaded, row: number): string {
  const { after, before } = overhangOf(loaded.trace, row);
  const what = [after > 0 && `ends ${formatMicros(after)} after its parent`, before > 0 && `begins ${formatMicros(before)} before its parent`].filter(Boolean);
  return what.length > 0 ? `It ${what.join(' and ')}: the parent did not wait for it, or the clocks of two machines differ.` : '';
}

/** Where room is short, a service that the row above it in the tree names already is left to its colour. */
function sameAsParent({ trace, tree }: Loaded, row: number): boolean {
  const parent = tree.parentOf(row);
  return parent >= 0 && trace.service[parent] === trace.service[row];
}

export function Row({ view, loaded, row, position, top, selected, matched, range, indent }: RowProps) {
  const { trace, tree } = loaded;
  const folded = view.isFolded(row);
  const parent = tree.hasChildren(row);
  const depth = trace.depth[row]!;
  const service = trace.services[trace.service[row]!] ?? '';
  const width = range.to - range.from;
  const begin = ((trace.startMicros[row]! - range.from) / width) * 100;
  const end = begin + (Math.max(trace.durationsMicros[row]!, 0) / width) * 100;
  const kind = kKinds[trace.kind[row] ?? 0] ?? '';
  const detail = trace.details?.[trace.detail[row] ?? -1];
  const overhang = overhangText(loaded, row);
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
        <span class={`wf-service ${sameAsParent(loaded, row) ? 'same' : ''}`} title={service}>
          {service || 'unknown service'}
        </span>
        <span class="wf-operation" title={trace.names[trace.name[row]!]}>
          {trace.names[trace.name[row]!] || '(no name)'}
        </span>
        {kind && <span class="kind">{kind}</span>}
        {detail && (
          <span class="wf-detail" title={detail}>
            {detail}
          </span>
        )}
        {folded && <span class="count">+{formatCount(tree.descendants(row))}</span>}
        <Marks loaded={loaded} row={row} folded={folded} />
      </div>
      <div class="wf-time" role="gridcell">
        <span class={`wf-duration ${overhang ? 'overhangs' : ''}`} title={overhang || undefined} style={{ left: `calc(${Math.min(Math.max(end, 0), 100)}% + 8px)` }}>
          {gone}
          {formatMicros(trace.durationsMicros[row]!)}
        </span>
        <span class="sr-only"> starts at {formatMicros(trace.startMicros[row]!)}</span>
      </div>
    </div>
  );
}

/** The bar between names and times: drag it, or use the arrow keys. */
