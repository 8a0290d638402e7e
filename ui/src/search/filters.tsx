// The filter bar: everything that narrows a search. Each change goes into the address at once.

import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api.ts';
import { shortcuts } from '../app/prefs.ts';
import { typing } from '../app/shell.tsx';
import { formatCompact } from '../lib/format.ts';
import { formatSearch, defaultState } from '../lib/searchState.ts';
import { completionOf, formatClause, isErrorClause, parseTags, sameClause, type Clause } from '../lib/tags.ts';
import { readDuration } from '../lib/typed.ts';
import { CheckedField } from '../parts/checkedField.tsx';
import { Combobox, type Suggestion } from '../parts/combobox.tsx';
import { Icon } from '../parts/icons.tsx';
import { RangeField } from './range.tsx';
import { beforeZoom, change, isLive, state } from './state.ts';

async function suggestServices(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const services = await api.services(signal);
  const wanted = text.toLowerCase();
  const exact = services.includes(text); // opened on a chosen value: show them all
  return services.filter((s) => exact || s.toLowerCase().includes(wanted)).map((value) => ({ value }));
}

async function suggestOperations(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const operations = await api.operations(state.peek().service, signal);
  const wanted = text.toLowerCase();
  const exact = operations.some((o) => o.name === text);
  const seen = new Set<string>();
  return operations
    .filter((o) => (exact || o.name.toLowerCase().includes(wanted)) && !seen.has(o.name) && seen.add(o.name))
    .map((o) => ({ value: o.name, hint: o.kind }));
}

async function suggestTags(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const at = completionOf(text);
  if (at.kind === 'key') {
    const keys = await api.keys(at.prefix, signal);
    return keys.map((k) => ({ value: k.key, hint: formatCompact(k.count) }));
  }
  const values = await api.values(at.key, at.prefix, signal);
  return values.map((value) => ({ value }));
}

/** A chosen key waits for its value; a chosen value ends its clause. */
function chooseTag(text: string, choice: Suggestion): { text: string; done: boolean } {
  const at = completionOf(text);
  const head = text.slice(0, text.length - (/(?:[^\s"]|"[^"]*"?)*$/.exec(text)?.[0].length ?? 0));
  if (at.kind === 'key') return { text: `${head}${choice.value}=`, done: false };
  return { text: head + formatClause({ key: at.key, op: at.op as Clause['op'], value: choice.value }), done: true };
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
      placeholder={clauses.length === 0 ? 'http.host=localhost:5000 error=true' : ''}
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

function DurationField({ name, label, placeholder }: { name: 'minDuration' | 'maxDuration'; label: string; placeholder: string }) {
  const value = state.value[name];
  const commit = (text: string): string => {
    const typed = readDuration(text);
    if (typed.value !== null && typed.value !== value) change({ [name]: typed.value });
    return typed.problem;
  };
  return <CheckedField class="short" label={label} shown={value} placeholder={placeholder} onCommit={commit} />;
}

function Toggles() {
  const now = state.value;
  const errors = now.clauses.find(isErrorClause);
  const fixed = now.range.kind === 'fixed';
  const toggleErrors = (): void =>
    change({
      clauses: errors ? now.clauses.filter((c) => c !== errors) : [...now.clauses, { key: 'error', op: '=', value: 'true' }],
    });
  const toggleLive = (): void => {
    if (fixed) change({ live: true, range: beforeZoom.value ?? { kind: 'last', seconds: 3600 } });
    else change({ live: !now.live });
    beforeZoom.value = null;
  };
  const empty = formatSearch({ ...now, live: true, sort: 'newest' }) === formatSearch(defaultState());
  return (
    <div class="toggles">
      <button type="button" class="toggle bad" aria-pressed={!!errors} onClick={toggleErrors}>
        <Icon name="alert" />
        Errors
      </button>
      <button
        type="button"
        class="toggle live"
        aria-pressed={isLive.value}
        title={fixed ? 'The time range is fixed. Go back to now' : 'Show new traces as they arrive'}
        onClick={toggleLive}
      >
        <i class="pulse" aria-hidden="true" />
        Live
      </button>
      <button type="button" class="plain" disabled={empty} onClick={() => change({ ...defaultState(), live: now.live, sort: now.sort })}>
        Clear
      </button>
    </div>
  );
}

export function Filters() {
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || !shortcuts.value || typing(event)) return;
      event.preventDefault();
      root.current?.querySelector<HTMLInputElement>('.tags input')?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const now = state.value;
  return (
    <div class="filters card" role="search" aria-label="Traces" ref={root}>
      <div class="filter-group what">
        <Combobox
          class="service"
          label="Service"
          complete
          value={now.service}
          placeholder="All services"
          suggest={suggestServices}
          onCommit={(service) => {
            if (service.trim() !== now.service) change({ service: service.trim(), operation: '' });
          }}
        />
        <Combobox
          class="operation"
          label="Operation"
          complete
          value={now.operation}
          placeholder="All operations"
          suggest={suggestOperations}
          onCommit={(operation) => {
            if (operation.trim() !== now.operation) change({ operation: operation.trim() });
          }}
        />
        <TagsField />
      </div>
      <div class="filter-group">
        <DurationField name="minDuration" label="Min duration" placeholder="100ms" />
        <DurationField name="maxDuration" label="Max duration" placeholder="1.5s" />
        <RangeField />
        <Toggles />
      </div>
    </div>
  );
}
