// A text field whose text has to mean something. What does not is kept as it was typed, and said to be wrong.

import { useEffect, useId, useState } from 'preact/hooks';

interface Props {
  class: string;
  label: string;
  /** What is in force, as text. */
  shown: string;
  placeholder: string;
  /** Takes what was typed; returns what is wrong with it, empty where nothing is. */
  onCommit: (text: string) => string;
  /** What was typed is thrown away. */
  onDiscard?: () => void;
}

export function CheckedField({ class: kind, label, shown, placeholder, onCommit, onDiscard }: Props) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState('');
  const settle = (): void => {
    setTyped(null);
    setProblem('');
  };
  useEffect(settle, [shown]); // something else is in force: by this field, the history, or a brush
  const commit = (): void => {
    if (typed === null) return;
    const found = onCommit(typed);
    if (found === '') settle();
    else setProblem(found);
  };
  return (
    <div class={`field ${kind}`}>
      <label for={id}>{label}</label>
      <div class="box">
        <input
          id={id}
          type="text"
          value={typed ?? shown}
          placeholder={placeholder}
          autocomplete="off"
          spellcheck={false}
          aria-invalid={problem !== ''}
          aria-describedby={problem ? `${id}-wrong` : undefined}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit();
            if (event.key === 'Escape') {
              settle();
              onDiscard?.();
            }
          }}
        />
      </div>
      {problem && (
        <small class="wrong" id={`${id}-wrong`} role="alert">
          {problem}
        </small>
      )}
    </div>
  );
}
