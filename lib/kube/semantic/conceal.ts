import type { FieldDrift } from '../../model/drift.ts';
import { isMap } from '../values.ts';

/** What stands for a value of a Secret where there is no key to hash it with: a hash without a key could be guessed. */
const concealed = 'not shown';

/** A field without hashes of what is secret. */
export function conceal(field: FieldDrift): FieldDrift {
  return {
    ...field,
    ...('git' in field && { git: withoutHashes(field.git) }),
    ...('live' in field && { live: withoutHashes(field.live) }),
  };
}

function withoutHashes(value: unknown): unknown {
  if (typeof value === 'string') return /^hash:[\w-]{16}$/.test(value) ? concealed : value;
  if (Array.isArray(value)) return value.map(withoutHashes);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutHashes(inner)]));
}
