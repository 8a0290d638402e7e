// An address that is none of the page's.

import { base, searchLink } from './links.ts';

/** What stands for an id in an address that begins as a trace's. */
function traceText(path: string): string | null {
  const match = /^\/trace\/(.+)$/.exec(path);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]!);
  } catch {
    return match[1]!;
  }
}

export function NotHere({ path }: { path: string }) {
  const id = traceText(path);
  return (
    <div class="nothing">
      <h1>{id === null ? `There is no page ${base + path}` : `“${id.slice(0, 80)}” is no trace id`}</h1>
      {id !== null && (
        <p>
          A trace id has 32 hexadecimal digits (0 to 9, a to f): <code>4bf92f3577b34da6a3ce929d0e0e4736</code>. In a <code>traceparent</code> it is the second part; the field above takes either.
        </p>
      )}
      <p>
        <a href={searchLink()}>Search traces</a>
      </p>
    </div>
  );
}
