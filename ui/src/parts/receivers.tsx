// What the receivers took and refused, and what came to a wrong door, with the reason.

import type { Rejection } from '../api.ts';
import { status } from '../app/status.ts';
import { formatCount } from '../lib/format.ts';
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

export function Receivers() {
  const now = status.value;
  if (!now) return <p class="muted">Asking the server …</p>;
  return (
    <div class="receivers">
      <table>
        <caption>Received since Kolben started</caption>
        <thead>
          <tr>
            <th scope="col">Receiver</th>
            <th scope="col">Signal</th>
            <th scope="col" class="number">Accepted</th>
            <th scope="col" class="number">Refused</th>
          </tr>
        </thead>
        <tbody>
          {now.receivers.map((r) => (
            <tr key={`${r.receiver}/${r.transport}/${r.signal}`}>
              <td>
                {r.receiver} <span class="muted">{r.transport}</span>
              </td>
              <td>{r.signal}</td>
              <td class={`number ${r.accepted ? 'good' : 'muted'}`}>{formatCount(r.accepted)}</td>
              <td class={`number ${r.refused ? 'bad' : 'muted'}`}>{formatCount(r.refused)}</td>
            </tr>
          ))}
          {now.receivers.length === 0 && (
            <tr>
              <td colSpan={4} class="muted">
                Nothing yet
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
              Turned away at the door
            </span>
          </caption>
          <thead>
            <tr>
              <th scope="col">Listener</th>
              <th scope="col">What came, and what to do</th>
              <th scope="col" class="number">Count</th>
            </tr>
          </thead>
          <tbody>
            {now.rejected.map((r) => (
              <RejectedRow key={`${r.listener}/${r.reason}`} {...r} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
