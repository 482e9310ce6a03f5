import { isDeepStrictEqual } from 'node:util';
import type { ObjectDrift } from '../model/drift.ts';
import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';

/** Why something does not drift any more, as far as it is known. `since`: when it was seen last, where the state does not say (ISO 8601). */
export function howItEnded(state: SyncState | undefined, report: Report, since: string): Incident['resolution'] {
  if (isNewRevision(state, report)) return 'changed in Git';
  // Without a record nobody knows what was applied when: Git may have changed, another tool may have applied it.
  if (report.type === 'DriftFound' && report.basis === 'git') return 'in line with Git again';
  const pulled = report.type === 'DriftFound' && (report.appliedAt ?? '') > (state?.seenAt ?? since);
  return pulled ? 'converged by pull' : 'undone by hand';
}

/** How what a pull put right ended: Git may say by now what is live. */
export function howItHealed(state: SyncState | undefined, report: Report, drift: ObjectDrift): Incident['resolution'] {
  const isWhatGitSays =
    drift.fields.length > 0 && drift.fields.every((field) => isDeepStrictEqual(field.git, field.live));
  return isNewRevision(state, report) && isWhatGitSays ? 'changed in Git' : 'converged by pull';
}

/** True when another revision is applied than the last one that was told. */
export function isNewRevision(state: SyncState | undefined, report: Report): boolean {
  return report.revision !== undefined && state?.revision !== undefined && report.revision !== state.revision;
}
