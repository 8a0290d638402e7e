// Never an empty result without a reason: asks what each part of the filter takes away, and offers to
// leave it out.

import { useEffect, useState } from 'preact/hooks';
import { api, isAbort } from '../api.ts';
import { nowMicros, status } from '../app/status.ts';
import { formatCount, plural } from '../lib/format.ts';
import { formatSearch, kPresets, relaxations, toApi, windowOf, type SearchState } from '../lib/searchState.ts';
import { Icon } from '../parts/icons.tsx';
import { state, window_ } from './store.ts';

interface Reason {
  what: string;
  state: SearchState;
  total: number;
}

function wider(now: SearchState): { what: string; state: SearchState }[] {
  const week = kPresets[kPresets.length - 1]!;
  if (now.range.kind === 'last' && now.range.seconds >= week.seconds) return [];
  return [{ what: 'the last 7 days', state: { ...now, range: { kind: 'last', seconds: week.seconds } } }];
}

async function totalOf(now: SearchState, signal: AbortSignal): Promise<number> {
  const window = now.range === state.peek().range ? window_.peek() : windowOf(now.range, nowMicros());
  return (await api.histogram(toApi(now, window), 1, signal)).total;
}

function useReasons(now: SearchState): Reason[] | null {
  const [reasons, setReasons] = useState<Reason[] | null>(null);
  const spans = status.value?.store.spans ?? 0;
  useEffect(() => {
    const stop = new AbortController();
    const questions = [...relaxations(now), ...wider(now)];
    Promise.all(questions.map(async (q) => ({ ...q, total: await totalOf(q.state, stop.signal) })))
      .then((all) => setReasons(all.filter((r) => r.total > 0).sort((a, b) => b.total - a.total)))
      .catch((cause: unknown) => {
        if (!isAbort(cause)) setReasons([]);
      });
    return () => stop.abort();
  }, [JSON.stringify(now), spans]);
  return reasons;
}

export function NoResults() {
  const now = state.value;
  const reasons = useReasons(now);
  const { startMicros, endMicros } = window_.value;
  const filtered = relaxations(now).length > 0;
  const total = status.value?.store.spans ?? 0;
  return (
    <section class="card nothing" aria-label="No traces found">
      <Icon name="inbox" />
      <h2>No trace matches</h2>
      <p>
        {filtered ? 'No single span meets all of the filter' : 'No span started'} in this range of {kindOf(endMicros - startMicros)}; the store has{' '}
        {plural(total, 'span')} in all.
      </p>
      {reasons && reasons.length > 0 && (
        <ul>
          {reasons.map((reason) => (
            <li key={reason.what}>
              <a href={`/search${formatSearch(reason.state)}`}>
                {reason.state.range === now.range ? <>Without {reason.what}</> : <>In {reason.what}</>}
                <b> {formatCount(reason.total)} spans</b>
              </a>
            </li>
          ))}
        </ul>
      )}
      {reasons && reasons.length === 0 && <p class="muted">No single part of the filter is to blame: leaving out any one of them finds nothing either.</p>}
    </section>
  );
}

function kindOf(micros: number): string {
  const seconds = micros / 1e6;
  const preset = kPresets.find((p) => p.seconds === Math.round(seconds));
  if (preset) return preset.label.replace('Last ', '').replace(/^hour/, 'one hour');
  return seconds < 120 ? `${Number(seconds.toPrecision(3))} seconds` : `${Math.round(seconds / 60)} minutes`;
}
