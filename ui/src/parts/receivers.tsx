// What the listeners took, the items that they refused, and the requests that they refused before they
// could be read as any, with the reason.

import type { Rejection } from '../api.ts';
import { status } from '../app/status.ts';
import { doorsOf, kSignals, otherPorts, type Door } from '../lib/doors.ts';
import { formatCompact, formatCount } from '../lib/format.ts';
import { explain } from '../lib/rejections.ts';
import { Icon } from './icons.tsx';

export function rejectedTotal(): number {
  const now = status.value;
  if (!now) return 0;
  const refused = now.receivers.reduce((sum, r) => sum + r.refused, 0);
  return now.rejected.reduce((sum, r) => sum + r.count, refused);
}

function RejectedRow({ listener, reason, count }: Rejection) {
  const { what, fix } = explain(reason);
  return (
    <tr title={reason}>
      <td>{listener}</td>
      <td>
        {what}
        {fix && <small class="fix">{fix}</small>}
      </td>
      <td class="number bad">{formatCount(count)}</td>
    </tr>
  );
}

// From here on a count is rounded: longer ones in four columns fit no telephone.
const kExactBelow = 1e6;

function Amount({ count, tone }: { count: number; tone: string }) {
  const exact = count < kExactBelow;
  return (
    <td class={`number ${count ? tone : 'muted'}`} title={exact ? undefined : formatCount(count)}>
      {exact ? formatCount(count) : formatCompact(count)}
    </td>
  );
}

function DoorRow({ door }: { door: Door }) {
  return (
    <tr>
      <th scope="row">
        {door.name} <span class="muted">{door.address}</span>
      </th>
      {kSignals.map(([signal]) => {
        const accepted = door.accepted[signal];
        return accepted === undefined ? (
          <td key={signal} class="number muted">
            –
          </td>
        ) : (
          <Amount key={signal} count={accepted} tone="good" />
        );
      })}
      <Amount count={door.refused} tone="bad" />
    </tr>
  );
}

export function Receivers() {
  const now = status.value;
  if (!now) return <p class="muted">Asking the server …</p>;
  const doors = doorsOf(now.receivers, now.ports);
  return (
    <div class="receivers">
      <table>
        <caption>Received since Kolben started</caption>
        <thead>
          <tr>
            <th scope="col">Listener</th>
            {kSignals.map(([signal, title]) => (
              <th scope="col" class="number" key={signal}>
                {title}
              </th>
            ))}
            <th scope="col" class="number" title="Spans, log records and points that arrived and were not taken">
              Refused
            </th>
          </tr>
        </thead>
        <tbody>
          {doors.map((door) => (
            <DoorRow key={door.name} door={door} />
          ))}
          {doors.length === 0 && (
            <tr>
              <td colSpan={kSignals.length + 2} class="muted">
                This configuration has no receiver
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {now.rejected.length > 0 && (
        <table>
          <caption>
            <span class="error-mark">
              <Icon name="alert" />
              Refused requests and connections
            </span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Listener</th>
              <th scope="col">What came, and what to do</th>
              <th scope="col" class="number">Refused</th>
            </tr>
          </thead>
          <tbody>
            {now.rejected.map((r) => (
              <RejectedRow key={`${r.listener}/${r.reason}`} {...r} />
            ))}
          </tbody>
        </table>
      )}
      <p class="ports">
        {otherPorts(doors, now.ports).map((port) => (
          <span key={`${port.name}/${port.port}`}>
            <b>{port.name}</b> {port.host}:{port.port}
          </span>
        ))}
      </p>
    </div>
  );
}
