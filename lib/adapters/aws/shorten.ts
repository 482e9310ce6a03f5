/** Texts and lists are first cut to these, then to less and less until all fits. */
const steps = [
  { text: 2_000, list: 100 },
  { text: 500, list: 30 },
  { text: 200, list: 10 },
  { text: 80, list: 3 },
];

/**
 * A JSON value as it is when its JSON takes at most `limit` characters, else with long texts and lists cut. What was cut says so:
 * `… (5,000 characters)`, `… (40 more)`. Where even that is too long, an object keeps its first keys that fit.
 */
export function shorten(value: unknown, limit: number): unknown {
  if (size(value) <= limit) return value;
  if (typeof value === 'string') return cutText(value, limit);
  for (const step of steps) {
    const cut = cutWithin(value, step);
    if (size(cut) <= limit) return cut;
  }
  return firstThatFit(cutWithin(value, steps.at(-1)!), limit);
}

function size(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}

function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const note = `… (${text.length.toLocaleString('en-US')} characters)`;
  // A cut must not leave half of a surrogate pair.
  return text.slice(0, Math.max(0, length - note.length)).replace(/[\uD800-\uDBFF]$/, '') + note;
}

function cutWithin(value: unknown, step: { text: number; list: number }): unknown {
  if (typeof value === 'string') return cutText(value, step.text);
  if (Array.isArray(value)) {
    const kept: unknown[] = value.slice(0, step.list).map((item) => cutWithin(item, step));
    const rest = value.length - kept.length;
    if (rest > 0 && typeof value[0] === 'string') kept.push(`… (${rest.toLocaleString('en-US')} more)`);
    return kept;
  }
  if (value === null || typeof value !== 'object') return value;
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    entries.push([key, cutWithin(inner, step)]);
    const more = Array.isArray(inner) && typeof inner[0] !== 'string' ? inner.length - step.list : 0;
    if (more > 0) entries.push([`${key} left out`, more]);
  }
  return Object.fromEntries(entries);
}

function firstThatFit(value: unknown, limit: number): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return '… (left out: too long)';
  const kept: Record<string, unknown> = {};
  let left = limit - 60;
  for (const [key, inner] of Object.entries(value)) {
    left -= size(key) + size(inner) + 2;
    if (left < 0) return { ...kept, shortened: 'the rest was too long to keep' };
    kept[key] = inner;
  }
  return kept;
}
