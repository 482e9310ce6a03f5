import { isWithin } from '../model/tree-path.ts';
import type { SyncSpec } from './config.ts';
import { pathsOfSync } from './helm.ts';
import type { SurveyedFile } from './image-survey.ts';

/**
 * Every directory and file that a sync is built of: those of its entry, and what kustomizations in them take from elsewhere. Rather one too many than one
 * too few: a path that a kustomization names counts, whatever for.
 */
export function pathsBuiltOn(sync: Pick<SyncSpec, 'path' | 'helm'>, files: readonly SurveyedFile[]): string[] {
  const all = pathsOfSync(sync);
  const leading = files.filter(({ facts }) => facts.outward.length > 0);
  // The list grows while it is walked: a base may have bases.
  for (const path of all) {
    const bases = leading.filter((file) => isWithin(path, file.path)).flatMap(({ facts }) => facts.outward);
    for (const base of bases) if (!all.some((known) => isWithin(known, base))) all.push(base);
  }
  return all;
}
