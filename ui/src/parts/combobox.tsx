// A text field that suggests (the ARIA combobox pattern with a listbox). What is typed counts as it
// stands; a suggestion only saves typing. `split` is for fields of several tokens: it says what is
// being completed, and how a choice is put in.

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { isAbort } from '../api.ts';

export interface Suggestion {
  value: string;
  hint?: string;
}

interface Props {
  label: string;
  value: string;
  placeholder?: string;
  suggest: (text: string, signal: AbortSignal) => Promise<Suggestion[]>;
  /** Enter, a chosen suggestion, or leaving the field. */
  onCommit: (text: string, how: 'enter' | 'choice' | 'blur') => void;
  /** What the field holds after a suggestion was chosen, and whether that ends the entry. */
  choose?: (text: string, choice: Suggestion) => { text: string; done: boolean };
  onKey?: (event: JSX.TargetedKeyboardEvent<HTMLInputElement>, text: string) => void;
  /** Every value there is gets suggested: Enter takes the only one that begins as the text does. */
  complete?: boolean;
  /** The field is emptied by a commit: what was typed has become something else. */
  transient?: boolean;
  before?: ComponentChildren;
  class?: string;
}

const kMostShown = 50; // more are not read; typing narrows
const kWaitMillis = 80;

export function Combobox(props: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState(props.value);
  const [open, setOpen] = useState(false);
  const [items, setItems] = useState<Suggestion[]>([]);
  const [active, setActive] = useState(-1);

  useEffect(() => setText(props.value), [props.value]);

  useEffect(() => {
    if (!open) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      props
        .suggest(text, stop.signal)
        .then((found) => {
          setItems(found.slice(0, kMostShown));
          setActive(-1);
        })
        .catch((cause: unknown) => {
          if (!isAbort(cause)) setItems([]); // no suggestions: typing works all the same
        });
    }, kWaitMillis);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, open]);

  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const commit = (entry: string, how: 'enter' | 'choice' | 'blur'): void => {
    props.onCommit(entry, how);
    if (props.transient) setText('');
  };

  const choose = (choice: Suggestion): void => {
    const next = props.choose?.(text, choice) ?? { text: choice.value, done: true };
    setText(next.text);
    setActive(-1);
    if (next.done) {
      setOpen(false);
      commit(next.text, 'choice');
    }
    input.current?.focus();
  };

  const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLInputElement>): void => {
    const shown = open && items.length > 0;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!shown) setOpen(true);
      else {
        const step = event.key === 'ArrowDown' ? 1 : -1;
        setActive((active + step + items.length + (active < 0 && step < 0 ? 1 : 0)) % items.length);
      }
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const only = props.complete && shown && items.length === 1 && text !== '' && items[0]!.value.startsWith(text);
      if (shown && active >= 0) choose(items[active]!);
      else if (only) choose(items[0]!);
      else {
        setOpen(false);
        commit(text, 'enter');
      }
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation();
      setOpen(false);
    } else {
      props.onKey?.(event, text);
    }
  };

  const shown = open && items.length > 0;
  return (
    <div class={`field combobox ${props.class ?? ''}`}>
      <label for={id}>{props.label}</label>
      <div class="box" onClick={() => input.current?.focus()}>
        {props.before}
        <input
          ref={input}
          id={id}
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          aria-autocomplete="list"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
          value={text}
          placeholder={props.placeholder}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => {
            setOpen(false);
            if (text !== props.value) commit(text, 'blur');
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul class="suggestions" id={`${id}-list`} role="listbox" aria-label={props.label} hidden={!shown} ref={list}>
        {items.map((item, i) => (
          <li
            key={item.value}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            onMouseDown={(event) => {
              event.preventDefault(); // keeps the focus, so that blur does not commit first
              choose(item);
            }}
          >
            <span>{item.value}</span>
            {item.hint && <small>{item.hint}</small>}
          </li>
        ))}
      </ul>
    </div>
  );
}
