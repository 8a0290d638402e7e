// Never an empty result without a reason: asks what each part of the filter takes away, and offers to
// leave it out.

import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { searchLink } from '../app/links.ts';
import { Question } from '../app/question.ts';
import { nowMicros, status } from '../app/status.ts';
import { formatDateTime, formatMicros, nanosToMicros, plural } from '../lib/format.ts';
import { formatSearch, kAllTime, kPresets, rangeAround, relaxations, toApi, widened, windowOf, type SearchState } from '../lib/searchState.ts';
import { formatClause } from '../lib/tags.ts';
import { Icon } from '../parts/icons.tsx';
import { state, window_ } from './state.ts';

const kRhythm = { newsMillis: 2000, idleMillis: Infinity }; // up to ten questions each time

interface Reason {
  what: string;
  state: SearchState;
  total: number;
}

async function totalOf(now: SearchState, signal: AbortSignal): Promise<number> {
  const window = now.range === state.peek().range ? window_.peek() : windowOf(now.range, nowMicros());
  return (await api.histogram(toApi(now, window), 1, signal)).total;
}

/** The same filter where it does match: around its newest match, whenever that was. */
async function elsewhere(now: SearchState, signal: AbortSignal): Promise<Reason[]> {
  const newest = (await api.search(toApi(now, kAllTime), 1, 'newest', '', signal)).traces[0];
  if (!newest) return [];
  const micros = nanosToMicros(newest.start);
  const range = rangeAround(micros, nowMicros());
  const preset = range.kind === 'last' ? kPresets.find((p) => p.seconds === range.seconds) : undefined;
  const there = { ...now, range };
  return [{ what: preset ? `In the ${preset.label.toLowerCase()}` : `Around ${formatDateTime(micros, false)}`, state: there, total: await totalOf(there, signal) }];
}

async function ask(now: SearchState, signal: AbortSignal): Promise<Reason[]> {
  const without = relaxations(now).map(async (q) => ({ what: `Without ${q.what}`, state: q.state, total: await totalOf(q.state, signal) }));
  const wider = widened(now).map(async (q) => ({ what: `With ${formatClause(q.clause)}`, state: q.state, total: await totalOf(q.state, signal) }));
  const [there, parts, others] = await Promise.all([elsewhere(now, signal), Promise.all(wider), Promise.all(without)]);
  return [...parts, ...there, ...others.sort((a, b) => b.total - a.total)].filter((r) => r.total > 0);
}

function useReasons(now: SearchState): Reason[] | null {
  const [reasons, setReasons] = useState<Reason[] | null>(null);
  const asked = useRef({ now, spans: -1 });
  const [question] = useState(
    () =>
      new Question(
        kRhythm,
        (stop) => {
          asked.current.spans = status.peek()?.store.spans ?? -1;
          return ask(asked.current.now, stop);
        },
        setReasons,
      ),
  );
  useEffect(() => {
    asked.current.now = now;
    setReasons(null);
    question.askAnew();
    return () => question.stop();
  }, [JSON.stringify(now)]);
  const spans = status.value?.store.spans ?? -1; // looked at again at each look at the status
  useEffect(() => {
    if (question.loading.peek()) return;
    if (question.failure.peek() !== null) question.retryWhenDue();
    else if (spans !== asked.current.spans) question.askWhenDue(true);
  }, [status.value]);
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
      {widened(now).length > 0 && (
        <p>
          A regular expression has to match the whole value: put <code>.*</code> around it to find a part.
        </p>
      )}
      {reasons && reasons.length > 0 && (
        <ul>
          {reasons.map((reason) => (
            <li key={reason.what}>
              <a href={searchLink(formatSearch(reason.state))}>
                {reason.what} <b>{plural(reason.total, 'span')}</b>
              </a>
            </li>
          ))}
        </ul>
      )}
      {reasons?.length === 0 && filtered && (
        <p class="muted">No single part of the filter is to blame: leaving out any one of them finds nothing either, and at no other time does all of it match.</p>
      )}
    </section>
  );
}

function kindOf(micros: number): string {
  const preset = kPresets.find((p) => p.seconds === Math.round(micros / 1e6));
  return preset ? preset.label.replace('Last ', '').replace(/^hour/, 'one hour') : formatMicros(micros);
}
