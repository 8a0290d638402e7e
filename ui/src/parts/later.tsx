// A page whose code comes when it is asked for: the first load of the others does not carry it.

import { useEffect, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { Banner, Waiting } from './small.tsx';

export function Later({ load }: { load: () => Promise<ComponentType> }) {
  const [page, setPage] = useState<{ Page: ComponentType } | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let gone = false;
    load().then(
      (Page) => !gone && setPage({ Page }),
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, [load]);
  if (page) return <page.Page />;
  return failed ? <Banner kind="error">This part of the page did not come. Load the page again: Kolben may have been replaced by another version.</Banner> : <Waiting>Loading …</Waiting>;
}
