// Why a search has no answer, and what to do.

import { searchLink } from '../app/links.ts';
import { shorter } from '../lib/failure.ts';
import { defaultState, formatSearch } from '../lib/searchState.ts';
import { Failed } from '../parts/failed.tsx';
import { TagSyntax } from '../parts/tagSyntax.tsx';
import { state, window_ } from './state.ts';
import { question, retryAt } from './store.ts';

export function Failure({ cause }: { cause: unknown }) {
  const now = state.value;
  const { range, live, sort } = now;
  const less = shorter(range, window_.value);
  return (
    <Failed
      cause={cause}
      what="The search was not answered"
      without={{ href: searchLink(formatSearch({ ...defaultState(), range, live, sort })), text: 'search without it' }}
      less={less && { href: searchLink(formatSearch({ ...now, range: less.range })), label: less.label }}
      filters="a service, an operation, a tag"
      retryAt={retryAt.value}
      onRetry={() => question.askAgain()}
    >
      <TagSyntax />
    </Failed>
  );
}
