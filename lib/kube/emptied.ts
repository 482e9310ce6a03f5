import { childrenOf, type FieldPath, type FieldsV1 } from './fields.ts';
import { resolveChild } from './resolve.ts';
import { isMap } from './values.ts';

type Place = readonly (string | number)[];

/** A field, and where it stands in a live object (JSON pointer). */
export interface Placed {
  path: FieldPath;
  pointer: string;
}

/**
 * The fields of a set that a live object has inside of maps and lists which Git gives empty. Later items of a list come first, so that they
 * can be removed one after the other.
 */
export function insideEmpty(fields: FieldsV1, git: unknown, live: unknown): Placed[] {
  const found: { path: FieldPath; place: Place }[] = [];
  const walk = (node: FieldsV1, wanted: unknown, value: unknown, path: FieldPath, place: Place): void => {
    for (const [element, child] of childrenOf(node)) {
      const there = resolveChild(value, element);
      if (there.count !== 'one') continue;
      const inner = { path: [...path, element], place: [...place, there.index ?? element.slice(2)] };
      const inGit = resolveChild(wanted, element, true);
      if (isEmpty(wanted)) found.push(inner);
      else if (inGit.count === 'one') walk(child, inGit.value, there.value, inner.path, inner.place);
    }
  };
  walk(fields, git, live, [], []);
  found.sort((a, b) => laterFirst(a.place, b.place));
  return found.map(({ path, place }) => ({ path, pointer: place.map((name) => `/${escaped(String(name))}`).join('') }));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0;
}

function laterFirst(a: Place, b: Place): number {
  const at = a.findIndex((name, i) => name !== b[i]);
  const [left, right] = [a[at], b[at]];
  return typeof left === 'number' && typeof right === 'number' ? right - left : 0;
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
