import type { RecordsReader } from '../audit/ports.ts';
import { pullOf } from '../audit/pulls.ts';
import type { RollbackDeps } from '../rollback/ports.ts';

/** Records of one commit that are looked at for how its pulls ended. */
const mostRecords = 100;

/** Asks the records whether commits were ever healthy: what a rollback is not to go back to. */
export function healthOf(records: Pick<RecordsReader, 'about'>): NonNullable<RollbackDeps['health']> {
  return async (revisions, syncs) => {
    const found = await Promise.all(
      revisions.map((revision) => records.about(`revision:${revision}`, { limit: mostRecords })),
    );
    for (const sync of syncs) {
      const theirs = found.flat().filter(({ subjects }) => subjects.includes(`sync:${sync}`));
      const pulls = theirs
        .flatMap((record) => pullOf(record) ?? [])
        .filter(({ revision }) => revisions.includes(revision ?? ''));
      const bad = pulls.find(({ result }) => result === 'unhealthy' || result === 'failed');
      const isHealthy = pulls.some(({ result }) => result === 'synced');
      if (bad !== undefined && !isHealthy) return `${sync} never was healthy with it (${bad.at})`;
    }
    return undefined;
  };
}
