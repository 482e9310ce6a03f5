import type { AuditRecord } from '../model/audit-record.ts';
import type { Incident } from '../model/incident.ts';
import type { ObjectHealth } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { orNote } from './or-note.ts';
import type { GitHistory, HistoryCommit } from './ports.ts';

/** Which revision a sync has, and whether a change is in it, as far as it can be told. */
export interface Has {
  revision: string;
  appliedAt?: string;
  change?: boolean;
  result?: SyncState['result'];
}

/** Which revision a sync has, and whether a commit is in it: of a revision that Git has no more that is not known. */
export async function hasOf(
  { revision, appliedAt, result }: SyncState & { revision: string },
  commit: HistoryCommit | undefined,
  history: Pick<GitHistory, 'contains'> | undefined,
  notes: string[],
): Promise<Has> {
  const isIn =
    history &&
    commit &&
    (await orNote(notes, 'whether the cluster has the change is not known', () =>
      history.contains(commit.revision, revision),
    ));
  return {
    revision,
    ...(appliedAt !== undefined && { appliedAt }),
    ...(isIn !== undefined && { change: isIn }),
    ...(result !== undefined && { result }),
  };
}

/** How healthy an object was when a pull last looked. */
export interface Health extends Pick<ObjectHealth, 'status' | 'reason'> {
  /** When that was (ISO 8601); absent where its sync is suspended: then it was before that. */
  at?: string;
  /** An open incident says that the object is gone since. */
  missing?: true;
}

/** The health of an object by the state of its sync, and whether it is still there by the incidents about it. */
export function healthOf(
  object: string,
  state: SyncState,
  known: { record: AuditRecord | undefined; has: Has | undefined; incidents: readonly Incident[] },
): Health | undefined {
  const health = pulledHealthOf(object, state, known);
  if (health === undefined) return undefined;
  const { pulledAt, result } = state;
  return {
    ...health,
    ...(pulledAt !== undefined && result !== 'suspended' && { at: pulledAt }),
    ...(known.incidents.some((one) => isMissing(one, object)) && { missing: true as const }),
  };
}

function isMissing({ object, drift, many }: Incident, asked: string): boolean {
  return (object === asked && drift?.state === 'missing') || (many?.objects.includes(`${asked} missing`) ?? false);
}

/** A state names objects that are not healthy; where all are, none has to be named. Of one that may not be there it says nothing. */
function pulledHealthOf(
  object: string,
  { health, result }: SyncState,
  { record, has }: { record: AuditRecord | undefined; has: Has | undefined },
): Pick<ObjectHealth, 'status' | 'reason'> | undefined {
  const own = health.find((one) => one.object === object);
  if (own !== undefined) return { status: own.status, reason: own.reason };
  const isGone = record?.kind === 'object-pruned';
  const isToCome = record === undefined && has?.change === false;
  return result === 'synced' && !isGone && !isToCome
    ? { status: 'Current', reason: 'all of its sync is healthy' }
    : undefined;
}

/** True for an incident about the object, or about all of its sync. */
export function isAbout(
  incident: Incident,
  object: string,
  { sync, cluster }: { sync: string; cluster: string },
): boolean {
  if (incident.cluster !== undefined && incident.cluster !== cluster) return false;
  if (incident.object === object) return incident.sync === undefined || incident.sync === sync;
  if (incident.sync !== sync) return false;
  const named = incident.many?.objects.some((one) => one === object || one.startsWith(`${object} `));
  return named ?? incident.object === undefined;
}
