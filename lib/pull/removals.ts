import type { Plan } from '../kube/plan.ts';
import type { Difference } from './differences.ts';

/**
 * Adds what a pull would remove: a dry run leaves a field there that somebody else owns, and the pull takes it over first. By object, as
 * `differences` gives them.
 */
export function withRemovals(
  found: ReadonlyMap<string, Difference[]>,
  { apply, drift }: Pick<Plan, 'apply' | 'drift'>,
): Map<string, Difference[]> {
  const taken = new Set(apply.flat().flatMap(({ id, ownership }) => (ownership === undefined ? [] : [id])));
  const result = new Map(found);
  for (const { object, fields } of drift.filter((one) => taken.has(one.object))) {
    const known = result.get(object) ?? [];
    const paths = new Set(known.map(({ path }) => path));
    const removed = fields.filter(({ path, note, live }) => note === 'added' && live !== undefined && !paths.has(path));
    if (removed.length > 0)
      result.set(object, [...known, ...removed.map(({ path, live }) => ({ path, from: live, to: undefined }))]);
  }
  return result;
}
