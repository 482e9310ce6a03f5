import type { SyncSpec } from '../config/config.ts';
import { isTrouble, messageOf, type Problem } from '../model/errors.ts';
import type { AppliedRecords } from './ports.ts';

/**
 * What of `dependsOn` a pull on its own passes over: syncs that are not applied at this revision, or not healthy when they were pulled last. Empty
 * where a puller would not wait either. `records` are read as a session of their own.
 */
export async function dependencyNotices(
  { dependsOn }: Pick<SyncSpec, 'dependsOn'>,
  revision: string,
  records: Pick<AppliedRecords, 'session'>,
): Promise<Problem[]> {
  const session = records.session();
  const states = await Promise.all(
    dependsOn.map(async (sync) => ({ sync, state: await stateOf(sync, revision, session) })),
  );
  const hint = 'the puller waits for it; this command does not';
  return states.flatMap(({ sync, state }) =>
    state === undefined ? [] : [{ code: 'dependency', message: `it depends on ${sync}, ${state}`, hint }],
  );
}

async function stateOf(
  sync: string,
  revision: string,
  records: Pick<AppliedRecords, 'read'>,
): Promise<string | undefined> {
  try {
    const record = await records.read(sync);
    if (record === undefined) return 'which was never pulled in this cluster';
    if (record.intent !== undefined) return 'whose pull is under way, or was cut off';
    const sick = record.entries.filter(({ healthProgressingSince }) => healthProgressingSince !== undefined);
    if (sick.length > 0) return `which was not healthy when it was pulled last: ${sick[0]!.object}${more(sick.length)}`;
    if (revision !== 'directory' && record.revision !== revision)
      return `which is applied at ${record.revision.slice(0, 12)} and not at ${revision.slice(0, 12)}`;
    return undefined;
  } catch (error) {
    if (isTrouble(error)) return `whose applied record cannot be read: ${messageOf(error)}`;
    throw error;
  }
}

function more(count: number): string {
  return count === 1 ? '' : ` and ${count - 1} more`;
}
