import { suspendMatches } from '../config/suspends.ts';
import { type AuditRecord, recordId } from '../model/audit-record.ts';
import { storyIn } from '../model/bump-story.ts';
import { ecrRepository } from '../model/ecr.ts';
import type { Decision } from './decision.ts';
import type { Look } from './look.ts';

/** A tag that a sweep took, and an event should have. */
export interface FoundBySweep {
  policy: string;
  repository: string;
  tag: string;
  /** ISO 8601, as the registry says it. */
  pushedAt: string;
}

/** Milliseconds: an event comes within seconds, and one that could not be answered is tried again for minutes. */
const grace = 15 * 60_000;

/**
 * What a sweep moves although an event should have: only what can be shown. The registry sends events (ECR), the image was pushed some time
 * ago and after the last commit that is not bump's, so that no change in Git has made it wanted since, and nothing that ends by time (a gate,
 * a hold, a suspend) kept it back. `moved` are the policies whose tag is committed or proposed now.
 */
export function foundBySweep(
  look: Look,
  decisions: readonly Decision[],
  moved: ReadonlySet<string>,
  now: Date,
): FoundBySweep[] {
  const settled = lastChange(look);
  return decisions.flatMap(({ entry, holds, outcomes }) => {
    const { ref, pushedAt } = outcomes.find((outcome) => outcome.ref !== undefined) ?? {};
    if (!moved.has(entry.name) || ref?.tag === undefined || pushedAt === undefined) return [];
    const pushed = Date.parse(pushedAt);
    const isDue = pushed > settled && pushed <= now.getTime() - grace;
    const isGated = entry.gates.scan !== undefined || entry.gates.minAgeSeconds !== undefined;
    const wasStopped = look.suspends.some((one) => suspendMatches(one, { image: entry.name }, new Date(pushed)));
    if (!isDue || isGated || wasStopped || holds.length > 0 || ecrRepository(entry.image) === undefined) return [];
    return [{ policy: entry.name, repository: entry.image, tag: ref.tag, pushedAt }];
  });
}

/** Milliseconds since 1970: when somebody else than bump changed the branch, as far back as the look goes. */
function lastChange({ recent }: Look): number {
  const theirs = recent.find((commit) => storyIn(commit) === undefined) ?? recent.at(-1);
  return theirs === undefined ? Number.POSITIVE_INFINITY : Date.parse(theirs.at);
}

/** One record for each, beside that of the commit or proposal. `revision` is the one that took it. */
export function foundRecords(found: readonly FoundBySweep[], revision: string, at: string): AuditRecord[] {
  return found.map(({ policy, repository, tag, pushedAt }) => ({
    id: recordId('sweep-found', revision, policy),
    at,
    kind: 'sweep-found',
    actor: 'windlass bump',
    subjects: [`image:${policy}`, `revision:${revision}`],
    revision,
    result: 'ok',
    summary: `${policy} ${tag} was pushed at ${pushedAt}, and no event led to its bump: the sweep found it`,
    details: { repository, tag, pushedAt },
  }));
}
