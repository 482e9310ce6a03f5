import type { KubeObject } from '../../model/kube-object.ts';
import { argoAnnotations } from './argo.ts';
import { fluxKeys } from './flux.ts';
import { ignoreAnnotation, ownAnnotations, takeAnnotation, unknownAnnotation } from './own.ts';
import { stepsOf } from './pointer.ts';
import { type BadValue, type Exceptions, isBad, oneOf, type ReadValue } from './wish.ts';

export type { BadValue, Exceptions } from './wish.ts';

/** Of other tools, by annotation. */
const othersAnnotations: Readonly<Record<string, ReadValue>> = {
  ...fluxKeys,
  ...argoAnnotations,
  'helm.sh/resource-policy': oneOf({ keep: { prune: 'never' } }),
};

/** From the most careful on: where tools wish different things, the first that one of them wishes counts. */
const pruneByCare = ['never', 'confirm', 'always'] as const;
const applyByCare = ['never', 'once', 'merge', 'always'] as const;

/** What an object's own annotations, and those that Flux, Argo CD and Helm read, say of it. A value that is none is as if it were not there. */
export function exceptionsOf(object: KubeObject): Exceptions {
  return read(object).exceptions;
}

/** The values, and annotations of ours, that could not be understood, and paths that lead nowhere. What is wrong here would be done wrongly, or not at all. */
export function badExceptions(object: KubeObject): BadValue[] {
  const { exceptions, bad } = read(object);
  const { ignorePaths = [], takePaths = [] } = exceptions;
  const outside = [
    ...ignorePaths.flatMap((path) => outOfList(object, path, ignoreAnnotation) ?? []),
    ...takePaths.flatMap((path) => outOfList(object, path, takeAnnotation) ?? []),
  ];
  const both = takePaths.filter((path) => ignorePaths.includes(path)).map(takenAndIgnored);
  const unknown = Object.keys(object.metadata.annotations ?? {}).flatMap((key) => unknownAnnotation(key) ?? []);
  return [...bad, ...unknown, ...outside, ...both];
}

function read({ metadata }: KubeObject): { exceptions: Exceptions; bad: BadValue[] } {
  const bad: BadValue[] = [];
  const wishesIn = (texts: Record<string, string> | null | undefined, known: Readonly<Record<string, ReadValue>>) =>
    Object.entries(texts ?? {}).flatMap(([key, value]): Exceptions[] => {
      if (!Object.hasOwn(known, key)) return [];
      const wish = known[key]!(value);
      if (!isBad(wish)) return [wish];
      bad.push({ key, ...wish });
      return [];
    });
  const own = wishesIn(metadata.annotations, ownAnnotations);
  const others = [...wishesIn(metadata.annotations, othersAnnotations), ...wishesIn(metadata.labels, fluxKeys)];
  return { exceptions: Object.assign(mostCareful(others), ...own), bad };
}

function mostCareful(wishes: readonly Exceptions[]): Exceptions {
  const prune = pruneByCare.find((word) => wishes.some((wish) => wish.prune === word));
  const apply = applyByCare.find((word) => wishes.some((wish) => wish.apply === word));
  const recreate = wishes.some((wish) => wish.recreate === true);
  return {
    ...(prune !== undefined && { prune }),
    ...(apply !== undefined && { apply }),
    ...(recreate && { recreate }),
  };
}

function takenAndIgnored(path: string): BadValue {
  return { key: takeAnnotation, message: `${path} is ignored, too`, hint: `name it here or in ${ignoreAnnotation}` };
}

/** A path names an item of a list by its place in Git's object, so there has to be one. */
function outOfList(object: KubeObject, path: string, key: string): BadValue | undefined {
  let value: unknown = object;
  for (const step of stepsOf(path)) {
    if (Array.isArray(value) && !(/^\d+$/.test(step) && Number(step) < value.length)) {
      const message = `${path}: "${step}" is no item of the list, which has ${value.length}`;
      return { key, message, hint: 'items are counted from 0, as they stand in Git' };
    }
    value = (value as Record<string, unknown> | null | undefined)?.[step];
  }
  return undefined;
}
