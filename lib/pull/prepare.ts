import { driftRules } from '../kube/drift-rules.ts';
import { leftFields } from '../kube/left-fields.ts';
import type { Plan } from '../kube/plan.ts';
import type { AppliedRecord } from '../kube/record.ts';
import { withoutBadAnnotations } from './annotations.ts';
import { askForApproval } from './approvals.ts';
import { checkSchemas } from './check-schemas.ts';
import { claimedElsewhere, withoutClaimed } from './claims.ts';
import { fightNotices } from './fights.ts';
import { guardsAt } from './guards.ts';
import { Ledger } from './ledger.ts';
import { type Live, readLive } from './live.ts';
import { refuseOutdated } from './outdated.ts';
import type { Resource } from './ports.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';
import { planScaled } from './scaled.ts';
import { guardedStill, unreadProblems, withoutUnread } from './unread.ts';
import { readWanted, type Wanted } from './wanted.ts';

/** A pull that has read everything and knows what to do. */
export interface Planned {
  plan: Plan;
  wanted: Wanted;
  live: Live;
  ledger: Ledger;
  hashKey: Uint8Array;
}

/**
 * Reads Git, the record and the cluster, and plans. Nothing is written. Throws when any of them cannot be read; an object that may not be read
 * is an error of its own.
 */
export async function prepare(request: PullRequest, deps: PullDeps, run: Run): Promise<Planned> {
  const { head, sync } = request;
  const { cluster, records, renderer, now } = deps;
  deps.progress?.(`rendering ${sync.name} at ${head.tree.revision.slice(0, 12)}`);
  const rendered = withoutBadAnnotations(await readWanted(head.tree, sync, renderer, cluster));
  deps.progress?.(`reading the cluster`);
  const [record, hashKey, renderers] = await Promise.all([
    records.read(sync.name),
    records.hashKey(),
    renderer.versions(),
  ]);
  const live = await readLive(sync.name, rendered.objects, record, cluster);
  const wanted = await withoutClaimed(rendered, live, head.tree, sync, head.config.syncs, renderer);
  run.places = new Map(wanted.objects.map((one) => [one.id, one]));
  run.errors.push(...wanted.problems, ...unreadProblems(live.unread, wanted.objects));
  const { guards, approvals, notice } = await guardsAt(request, record, deps);
  if (notice !== undefined && !request.dryRun) await refuseOutdated(request, deps);
  const { plan: made, notices: unsure } = await planScaled(
    {
      desired: wanted.objects.filter(({ id }) => !live.unread.has(id)).map(({ object }) => object),
      live: live.objects,
      record: withoutUnread(record, live.unread),
      options: {
        sync: sync.name,
        prune: sync.prune,
        selfHeal: sync.selfHeal,
        hashKey,
        takeOver: true,
        guards,
        claimed: await claimedElsewhere(leftOf(record, wanted), head.tree, sync, head.config.syncs, renderer),
        ...keepBecauseOf(wanted, live),
        rules: driftRules(head.config.drift, now()),
        now: now(),
      },
    },
    cluster,
  );
  run.drift = made.drift;
  run.left = leftFields(made);
  run.notices.push(...unsure, ...fightNotices(made.fights));
  const checked = await checkSchemas(made, wanted.objects, cluster);
  run.errors.push(...checked.problems);
  const asked = askForApproval(sync.name, made.waiting, request);
  run.approvals = asked.files;
  run.notices.push(...(notice === undefined ? [] : [notice]), ...asked.notices, ...approvals.notices(made.waiting));
  const facts = { sync: sync.name, cluster: sync.cluster, revision: head.tree.revision, path: sync.path, renderers };
  const plan = { ...checked.plan, guarded: guardedStill(checked.plan, record, live.unread) };
  return { plan, wanted, live, hashKey, ledger: new Ledger(record, facts, records, now) };
}

/** Why nothing may be pruned: an object that is not in the plan may be what something moved to. */
function keepBecauseOf({ problems }: Wanted, { unread }: Live): { keep?: string } {
  if (unread.size > 0) return { keep: 'nothing is pruned while an object cannot be read' };
  if (problems.length > 0) return { keep: 'nothing is pruned while an object cannot be applied' };
  return {};
}

/** What the record has, or may have, and Git no longer declares for this sync. */
function leftOf(record: AppliedRecord | undefined, wanted: Wanted): string[] {
  const here = new Set(wanted.objects.map(({ id }) => id));
  const recorded = [...(record?.entries ?? []).map(({ object }) => object), ...(record?.intent?.objects ?? [])];
  return recorded.filter((object) => !here.has(object));
}

/** Where each wanted object is. */
export function resourcesOf(wanted: Wanted): Map<string, Resource> {
  return new Map(wanted.objects.map(({ id, resource }) => [id, resource]));
}
