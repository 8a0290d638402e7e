// The list of traces that stands still, and what waited meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';
import { settled, Tab } from './tab.mjs';

const tab = new Tab('/search?lookback=60s');
const { hold, loadMore, release, renew, traces, update } = await load('search/list.ts');

const answer = (ids, nextCursor) => ({ traces: [...ids].map((traceId) => ({ traceId, start: '1000' })), nextCursor, spansScanned: 0, tookMicros: 0 });
const ids = () => traces.value.map((t) => t.traceId).join('');

test('the page after what waited is asked for with the time of what waited', async () => {
  renew(answer('ab', 'after b'), { startMicros: 1, endMicros: 61 });
  hold();
  update(answer('xy', 'after y'), { startMicros: 3, endMicros: 63 });
  assert.equal(ids(), 'ab');
  release();
  assert.equal(ids(), 'xy');
  tab.api = () => answer('ab', '');
  void loadMore();
  await settled();
  assert.equal(ids(), 'xyab');
  const { searchParams } = tab.asked.at(-1);
  assert.deepEqual(['cursor', 'start', 'end'].map((name) => searchParams.get(name)), ['after y', '3000', '63000']);
});
