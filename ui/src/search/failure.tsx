// Why a search has no answer, and what to do: a filter that the server cannot read is a matter of
// correcting it, everything else of trying again, which the page does by itself.

import { Banner } from '../parts/small.tsx';
import { TagSyntax } from '../parts/tagSyntax.tsx';
import { isFilterMistake, messageOf } from '../api.ts';
import { searchLink } from '../app/links.ts';
import { unreachable } from '../app/status.ts';
import { formatSearch, defaultState } from '../lib/searchState.ts';
import { state } from './store.ts';

export function Failure({ cause }: { cause: unknown }) {
  const { range, live, sort } = state.value;
  if (unreachable.value !== null) return null; // the shell says so
  if (!isFilterMistake(cause)) {
    return (
      <Banner kind="error">
        <b>The search was not answered:</b> {messageOf(cause)}
        <p>Trying again …</p>
      </Banner>
    );
  }
  return (
    <Banner kind="error">
      <b>The filter cannot be used:</b> {messageOf(cause)}
      <p>
        Correct it above, or <a href={searchLink(formatSearch({ ...defaultState(), range, live, sort }))}>search without it</a>. <TagSyntax />
      </p>
    </Banner>
  );
}
