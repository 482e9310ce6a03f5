/** One step into an object: a field, an item of a list by its keys, an item of a set by its value. */
export type Step = { field: string } | { keys: Record<string, unknown> } | { value: unknown };

/** As people read it in a finding: `spec.ports[port=80,protocol=TCP].name`, `metadata.labels[example.com/team]`. */
export function textOf(path: readonly Step[]): string {
  return path.map(stepText).join('').replace(/^\./, '');
}

function stepText(step: Step): string {
  if ('field' in step) return /^[A-Za-z_$][-\w$]*$/.test(step.field) ? `.${step.field}` : `[${step.field}]`;
  if ('value' in step) return `[${JSON.stringify(step.value)}]`;
  const keys = Object.entries(step.keys).sort(([a], [b]) => (a < b ? -1 : 1));
  return `[${keys.map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(',')}]`;
}

/** The keys of a list's item, defaults put in. */
export function keysOf(
  item: unknown,
  keys: readonly string[],
  defaults: Record<string, unknown>,
): Record<string, unknown> {
  const fields = (item ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = fields[key] ?? defaults[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** A JSON pointer (RFC 6901). */
export function pointerOf(names: readonly (string | number)[]): string {
  return names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
