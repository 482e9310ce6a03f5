import type { KubeObject } from '../../model/kube-object.ts';
import { isMap } from '../values.ts';
import { exceptionsOf } from './exceptions.ts';
import { stepsOf } from './pointer.ts';

/** Git's object without what it says to ignore: what Git wants of it. A change of an ignored field is no change. */
export function withoutIgnored(git: KubeObject): KubeObject {
  const { ignorePaths = [] } = exceptionsOf(git);
  return ignorePaths.length === 0 ? git : (strip(git, ignorePaths.map(stepsOf)) as KubeObject);
}

/** A copy without what lies at the paths. */
function strip(value: unknown, paths: readonly string[][]): unknown {
  if (paths.length === 0) return value;
  const kept = <K extends string | number>([key, inner]: [K, unknown]): [K, unknown][] => {
    const below = paths.filter(([first]) => first === String(key)).map((path) => path.slice(1));
    return below.some((path) => path.length === 0) ? [] : [[key, strip(inner, below)]];
  };
  if (Array.isArray(value)) return [...value.entries()].flatMap(kept).map(([, item]) => item);
  return isMap(value) ? Object.fromEntries(Object.entries(value).flatMap(kept)) : value;
}
