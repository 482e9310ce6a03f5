import type { KubeObject } from '../model/kube-object.ts';
import { nearest } from '../model/nearest.ts';
import { dependsOnAnnotation, hasOrderWish, orderWishOf } from './depends-on.ts';
import type { BadValue } from './exceptions/wish.ts';
import { precedenceOf } from './precedence.ts';
import { sortOut } from './sort-out.ts';

/** An object whose annotation cannot be followed. */
export interface BadOrder extends BadValue {
  object: string;
}

/**
 * The annotations about order that cannot be followed, all at once: those that are not understood, that name what the sync does not have, and
 * every object of a cycle. `others` are names that the sync has as well, though not among the objects.
 */
export function badOrder(objects: readonly KubeObject[], others: readonly string[] = []): BadOrder[] {
  if (!objects.some(hasOrderWish)) return [];
  const { objects: named, before } = precedenceOf(objects);
  const known = new Set([...named.keys(), ...others]);
  const found = [...named].flatMap(([object, content]): BadOrder[] => {
    const { after, bad } = orderWishOf(content);
    const unknown = after.filter((name) => !known.has(name));
    return [...bad, ...unknown.map((name) => unknownName(name, known))].map((one) => ({ object, ...one }));
  });
  return [...found, ...sortOut(before).cycles.flatMap((cycle) => cycleOf(cycle.filter((node) => known.has(node))))];
}

function unknownName(name: string, known: ReadonlySet<string>): BadValue {
  const close = nearest(name, known);
  const hint = close === undefined ? 'between syncs there is dependsOn in windlass.yaml' : `did you mean ${close}?`;
  return { key: dependsOnAnnotation, message: `the sync has no ${name}`, hint };
}

function cycleOf(cycle: string[]): BadOrder[] {
  const members = [...new Set(cycle)];
  const message = `these wait for each other: ${[...members, members[0]].join(' -> ')}`;
  const hint = 'by what they name, by their waves, or because one is the namespace or CRD of another';
  return members.map((object) => ({ object, key: dependsOnAnnotation, message, hint }));
}
