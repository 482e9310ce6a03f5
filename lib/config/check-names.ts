import { nearest } from '../model/nearest.ts';
import type { Finding, Path } from './yaml-source.ts';

/** The names in the file, also of entries that have problems of their own: to name one of those is no second mistake. */
export interface Names {
  clusters: string[];
  environments: string[];
  syncs: string[];
}

/** The problem of a name that names nothing, with the one that was probably meant. */
export function unknown(path: Path, what: string, name: string, known: string[]): Finding {
  const close = nearest(name, known);
  const list = known.length === 0 ? `there is no ${what} in the file` : `there is ${known.join(', ')}`;
  const hint = close === undefined ? list : `did you mean "${close}"?`;
  return { path, code: `unknown-${what}`, message: `there is no ${what} "${name}"`, hint };
}
