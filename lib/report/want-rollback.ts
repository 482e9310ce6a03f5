import { printable } from '../model/drift-text.ts';
import { UserError } from '../model/errors.ts';
import { most } from '../model/message-limits.ts';
import type { RollbackWanted, SyncReported } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import type { SyncState } from '../model/state.ts';
import { contentHash } from './draft.ts';
import { type HourLimit, mostAnHour, takeRoom } from './hour-limit.ts';
import type { Rollbacks } from './ports.ts';

/** Characters of one reason. */
const longestReason = 500;

/** Where and how a rollback is asked for. */
export interface WantRollback {
  rollbacks: Rollbacks;
  /** Told when it could not be asked for. */
  warn(message: string): void;
}

/**
 * Asks for a rollback where a sync that was healthy is not with what Git brought since: once, at the first report that says so. Whether a bump is the
 * cause, and what may be done about it, is found out at the branch.
 * Of more in an hour than `limit` leaves room for none is asked: people are told of each that is refused. Throws `RetryableError` when it cannot be asked for now; where it is refused, which nobody can wait for, that is a warning.
 */
export async function wantRollback(
  report: SyncReported,
  state: SyncState | undefined,
  { rollbacks, warn }: WantRollback,
  limit?: HourLimit,
): Promise<void> {
  const wanted = wantedOf(report, state);
  if (wanted === undefined) return;
  try {
    if (!(await rollbacks.isWanted(report))) return;
    const id = contentHash([wanted.sync, wanted.revision, wanted.run, wanted.at]);
    if ((await takeRoom('rollbacks', [id], limit)).ids.has(id)) await rollbacks.send(wanted);
    else warn(`no rollback is asked for, although ${report.sync} is not healthy: ${mostAnHour} were in this hour`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(`no rollback is asked for, although ${report.sync} is not healthy: ${error.message}`);
  }
}

/** The wish of a report; undefined unless the sync was healthy with the last revision before it. */
export function wantedOf(report: SyncReported, state: SyncState | undefined): RollbackWanted | undefined {
  const { at, cluster, sync, environment, revision, run, result } = report;
  const { settled, unhealthy, pulledAt = '' } = state ?? {};
  if (result !== 'unhealthy' || revision === undefined || settled === undefined) return undefined;
  // Told once; and what was not healthy before is not the fault of what came after.
  if (unhealthy !== undefined || settled === revision || at <= pulledAt || state?.cluster !== cluster) return undefined;
  return {
    type: 'RollbackWanted',
    ...{ at, cluster, sync },
    ...(environment === undefined ? {} : { environment }),
    ...{ revision, settled, run, reasons: reasonsOf(report) },
  };
}

/** What has failed; only where nothing has, what else is not Current. */
function reasonsOf({ health }: SyncReported): RollbackWanted['reasons'] {
  const failed = health.filter(({ status }) => status === 'Failed');
  const bad = failed.length > 0 ? failed : health.filter(({ status }) => status !== 'Current');
  return bad
    .slice(0, most.wishReasons)
    .map(({ object, reason }) => ({ object, reason: shortText(printable(reason), longestReason) }));
}
