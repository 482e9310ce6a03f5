import { valueChanges as changesOf, type IsSame, type ValueChange } from '../model/value-changes.ts';
import { isSameResource } from './semantic/quantity.ts';

/** Where a value that is one to the API server has no schema, amounts are known by the map that they are in: `0.1` and `100m`. */
const meantSame: IsSame = (git, live, path) =>
  git === live || (/(?:^|\.)(?:limits|requests|hard|capacity)\.[^.]*$/.test(path) && isSameResource(git, live));

/** In what two lists, two maps or two texts of many lines differ; amounts that are only written differently are left out, unless nothing else differs. */
export function valueChanges(git: unknown, live: unknown): ValueChange[] | undefined {
  return changesOf(git, live, meantSame);
}
