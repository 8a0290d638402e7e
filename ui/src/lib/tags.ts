// The grammar of the tags field: blank-separated clauses `key=value`, `key!=value`, `key>1`,
// `key>=1`, `key<1`, `key<=1`, `key=~regex`, or a bare `key` (it exists). Values with blanks are in double
// quotes with backslash escapes. Pure.

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '=~' | 'exists';

export interface Clause {
  key: string;
  op: Operator;
  value: string;
}

// Longest first: ">=" before ">".
const kOperators: readonly Exclude<Operator, 'exists'>[] = ['!=', '>=', '<=', '=~', '=', '>', '<'];

function operatorAt(text: string, at: number): Exclude<Operator, 'exists'> | null {
  return kOperators.find((op) => text.startsWith(op, at)) ?? null;
}

/** Splits `key op value`; what follows the first operator is the value, as it stands. */
export function splitClause(text: string): Clause {
  for (let i = 1; i < text.length; i++) {
    const op = operatorAt(text, i);
    if (op) return { key: text.slice(0, i), op, value: text.slice(i + op.length) };
  }
  return { key: text, op: 'exists', value: '' };
}

/** As the server takes it in its `tag` parameter. */
export function joinClause(clause: Clause): string {
  return clause.op === 'exists' ? clause.key : `${clause.key}${clause.op}${clause.value}`;
}

/** As a person types it: quoted where it has to be. */
export function formatClause(clause: Clause): string {
  if (clause.op === 'exists') return clause.key;
  const plain = clause.value !== '' && !/[\s"\\]/.test(clause.value);
  const value = plain ? clause.value : `"${clause.value.replace(/[\\"]/g, '\\$&')}"`;
  return `${clause.key}${clause.op}${value}`;
}

/** Reads what was typed. An open quote ends with the text; nothing is ever an error. */
export function parseTags(text: string): Clause[] {
  const clauses: Clause[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    let token = '';
    let quoted = false;
    for (; at < text.length; at++) {
      const c = text[at]!;
      if (quoted && c === '\\' && at + 1 < text.length) token += text[++at];
      else if (c === '"' && (quoted || /[=<>~]$/.test(token))) quoted = !quoted;
      else if (!quoted && /\s/.test(c)) break;
      else token += c;
    }
    if (token !== '') clauses.push(splitClause(token));
  }
  return clauses;
}

/** What is being typed at the end of the field, for completion. */
export function completionOf(text: string): { kind: 'key'; prefix: string } | { kind: 'value'; key: string; op: string; prefix: string } {
  const token = /(?:[^\s"]|"[^"]*"?)*$/.exec(text)?.[0] ?? '';
  const clause = splitClause(token);
  if (clause.op === 'exists') return { kind: 'key', prefix: token };
  return { kind: 'value', key: clause.key, op: clause.op, prefix: clause.value.replace(/^"|"$/g, '') };
}

export function sameClause(a: Clause, b: Clause): boolean {
  return a.key === b.key && a.op === b.op && a.value === b.value;
}

/** Jaeger's `tags` parameter: a JSON object of strings. */
export function fromJaegerTags(json: string): Clause[] {
  try {
    const object: unknown = JSON.parse(json);
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return [];
    return Object.entries(object).map(([key, value]) => ({ key, op: '=', value: String(value) }));
  } catch {
    return [];
  }
}

/** One `tag` parameter: ours (`key=value`), or Jaeger's older `key:value`. */
export function fromTagParameter(text: string): Clause {
  const clause = splitClause(text);
  const colon = text.indexOf(':');
  if (colon > 0 && colon < clause.key.length) {
    return { key: text.slice(0, colon), op: '=', value: text.slice(colon + 1) };
  }
  return clause;
}

/** Jaeger's way to say "a span that failed": the server has its own parameter for it. */
export function isErrorClause(clause: Clause): boolean {
  return clause.key === 'error' && clause.op === '=' && clause.value === 'true';
}
