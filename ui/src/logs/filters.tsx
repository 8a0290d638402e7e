// The filter bar of the log lines. Each change goes into the address at once.

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { api } from '../api.ts';
import { shortcuts } from '../app/prefs.ts';
import { typing } from '../app/shell.tsx';
import { formatCompact } from '../lib/format.ts';
import { defaultLogs, formatLogs, kLevels, type Level } from '../lib/logsState.ts';
import { completionOf, formatClause, parseTags, sameClause, type Clause } from '../lib/tags.ts';
import { Combobox, type Suggestion } from '../parts/combobox.tsx';
import { Icon } from '../parts/icons.tsx';
import { RangeFieldOf } from '../search/range.tsx';
import { beforeZoom, change, isLive, state, window_ } from './state.ts';

const kLevelNames: Record<Level | '', string> = {
  '': 'All levels',
  trace: 'Trace and above',
  debug: 'Debug and above',
  info: 'Info and above',
  warn: 'Warnings and above',
  error: 'Errors and above',
  fatal: 'Fatal only',
};

async function suggestServices(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const services = await api.logServices(signal);
  const wanted = text.toLowerCase();
  const exact = services.includes(text); // opened on a chosen value: show them all
  return services.filter((s) => exact || s.toLowerCase().includes(wanted)).map((value) => ({ value }));
}

async function suggestTags(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const at = completionOf(text);
  if (at.kind === 'value') return [];
  return (await api.logKeys(at.prefix, signal)).map((k) => ({ value: k.key, hint: formatCompact(k.count) }));
}

/** A chosen key waits for its value. */
function chooseTag(text: string, choice: Suggestion): { text: string; done: boolean } {
  return { text: `${text.slice(0, text.length - (/\S*$/.exec(text)?.[0].length ?? 0))}${choice.value}=`, done: false };
}

function TextField() {
  const id = useId();
  const value = state.value.text;
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = (): void => {
    if (text.trim() !== value) change({ text: text.trim() });
  };
  return (
    <div class="field text">
      <label for={id}>Text of the line</label>
      <div class="box">
        <input
          id={id}
          type="search"
          value={text}
          placeholder="timed out"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit();
          }}
        />
      </div>
    </div>
  );
}

function LevelField() {
  const id = useId();
  return (
    <div class="field least">
      <label for={id}>Level</label>
      <div class="box">
        <select id={id} value={state.value.severity} onChange={(event) => change({ severity: event.currentTarget.value as Level | '' })}>
          {(['', ...kLevels] as const).map((level) => (
            <option key={level} value={level}>
              {kLevelNames[level]}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

function TagsField() {
  const clauses = state.value.clauses;
  const remove = (clause: Clause): void => change({ clauses: state.value.clauses.filter((c) => c !== clause) });
  const commit = (text: string): void => {
    const added = parseTags(text).filter((c) => !clauses.some((other) => sameClause(c, other)));
    if (added.length > 0) change({ clauses: [...clauses, ...added] });
  };
  return (
    <Combobox
      class="tags"
      label="Tags"
      value=""
      transient
      placeholder={clauses.length === 0 ? 'log.iostream=stderr' : ''}
      suggest={suggestTags}
      choose={chooseTag}
      onCommit={commit}
      onKey={(event, text) => {
        if (event.key === 'Backspace' && text === '' && clauses.length > 0) remove(clauses[clauses.length - 1]!);
      }}
      before={clauses.map((clause) => (
        <span class="chip" key={formatClause(clause)}>
          <span class="chip-text" title={formatClause(clause)}>
            {formatClause(clause)}
          </span>
          <button type="button" aria-label={`Remove ${formatClause(clause)}`} onClick={() => remove(clause)}>
            <Icon name="close" />
          </button>
        </span>
      ))}
    />
  );
}

function Toggles() {
  const now = state.value;
  const fixed = now.range.kind === 'fixed';
  const toggleLive = (): void => {
    if (fixed) change({ live: true, range: beforeZoom.value ?? { kind: 'last', seconds: 3600 } });
    else change({ live: !now.live });
    beforeZoom.value = null;
  };
  const empty = formatLogs({ ...now, live: true }) === formatLogs(defaultLogs());
  return (
    <div class="toggles">
      <button
        type="button"
        class="toggle live"
        aria-pressed={isLive.value}
        title={fixed ? 'The time range is fixed. Go back to now' : 'Show new lines as they arrive'}
        onClick={toggleLive}
      >
        <i class="pulse" aria-hidden="true" />
        Live
      </button>
      <button type="button" class="plain" disabled={empty} onClick={() => change({ ...defaultLogs(), live: now.live })}>
        Clear
      </button>
    </div>
  );
}

export function LogFilters() {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || !shortcuts.value || typing(event)) return;
      event.preventDefault();
      root.current?.querySelector<HTMLInputElement>('.text input')?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const now = state.value;
  return (
    <div class="filters card" role="search" aria-label="Log lines" ref={root}>
      <div class="filter-group what">
        <Combobox
          class="service"
          label="Service"
          complete
          value={now.service}
          placeholder="All services"
          suggest={suggestServices}
          onCommit={(service) => {
            if (service.trim() !== now.service) change({ service: service.trim() });
          }}
        />
        <LevelField />
        <TextField />
        <TagsField />
      </div>
      <div class="filter-group">
        <RangeFieldOf
          range={now.range}
          window={window_.value}
          onRange={(range) => {
            beforeZoom.value = null;
            change({ range });
          }}
        />
        <Toggles />
      </div>
    </div>
  );
}
