// A list of attributes. Long values and long lists show their beginning first: a value may be a
// megabyte, a span may have ten thousand attributes.

import { useState } from 'preact/hooks';
import type { Attribute } from '../api.ts';
import { searchLink } from '../app/links.ts';
import { formatBytes, formatCount } from '../lib/format.ts';
import { formatSearch, defaultState } from '../lib/searchState.ts';
import { Icon } from './icons.tsx';
import { CopyButton } from './small.tsx';

const kValueShown = 2000;
const kListShown = 100;
const kOneLine = 60; // characters of JSON that are read more easily on one line
const kWide = 100; // characters that need the whole width

export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  const line = JSON.stringify(value);
  return line.length <= kOneLine ? line : JSON.stringify(value, null, 1);
}

function isLong(attribute: Attribute): boolean {
  const text = valueText(attribute.value);
  return text.length > kWide || text.includes('\n');
}

function Value({ attribute }: { attribute: Attribute }) {
  const [all, setAll] = useState(false);
  const text = valueText(attribute.value);
  const cut = !all && text.length > kValueShown;
  return (
    <span class={`value ${attribute.type}`}>
      {text === '' ? <span class="muted">(empty)</span> : cut ? text.slice(0, kValueShown) : text}
      {cut && (
        <button type="button" class="plain" onClick={() => setAll(true)}>
          … all {formatBytes(text.length)}
        </button>
      )}
    </span>
  );
}

function searchFor(attribute: Attribute): string | null {
  const simple = ['string', 'bool', 'int', 'double'].includes(attribute.type);
  const value = valueText(attribute.value);
  if (!simple || value === '' || value.length > 200) return null;
  return searchLink(formatSearch({ ...defaultState(), clauses: [{ key: attribute.key, op: '=', value }] }));
}

/** `search`: where a click on the looking glass leads, by default to traces; null: nowhere. */
export function Attributes({ list, search = searchFor }: { list: Attribute[]; search?: (attribute: Attribute) => string | null }) {
  const [all, setAll] = useState(false);
  const shown = all ? list : list.slice(0, kListShown);
  return (
    <>
      <dl class="attributes">
        {shown.map((attribute, i) => {
          const link = search(attribute);
          return (
            <div key={i} class={isLong(attribute) ? 'long' : ''}>
              <dt>{attribute.key}</dt>
              <dd>
                <Value attribute={attribute} />
                <span class="row-tools">
                  {link && (
                    <a class="icon-button" href={link} aria-label={`Search ${attribute.key} with this value`} title="Search for this value">
                      <Icon name="search" />
                    </a>
                  )}
                  <CopyButton text={valueText(attribute.value)} label={`Copy the value of ${attribute.key}`} />
                </span>
              </dd>
            </div>
          );
        })}
      </dl>
      {!all && list.length > kListShown && (
        <button type="button" class="button more" onClick={() => setAll(true)}>
          Show all {formatCount(list.length)}
        </button>
      )}
    </>
  );
}
