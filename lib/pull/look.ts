import type { Config } from '../config/config.ts';
import { exceptionsOf } from '../kube/exceptions/exceptions.ts';
import type { CustomRules } from '../kube/status/status.ts';
import type { Problem } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { fewOf } from '../model/shorten.ts';
import { type Health, waitForHealth } from './health.ts';
import type { Live } from './live.ts';
import { type Planned, resourcesOf } from './prepare.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';
import type { Wanted } from './wanted.ts';

/** So many namespaces are named in one notice. */
const mostNamed = 10;

/** Looks at the health of the sync's objects, and tells whether pruning need not wait for it. */
export async function lookAtHealth(
  planned: Planned,
  written: ReadonlyMap<string, KubeObject>,
  request: PullRequest,
  block: boolean,
  deps: PullDeps,
  run: Run,
): Promise<boolean> {
  const health = await healthOf(present(planned.wanted, planned.live, written), planned, written, request, block, deps);
  run.health = health.objects;
  run.verdict = health.verdict;
  if (health.podsUnread.length > 0) run.notices.push(podsUnread(health.podsUnread));
  if (block && deps.signal?.aborted === true && !health.decided) {
    const message = 'interrupted while it waited for health: what was applied stays, the next pull goes on';
    run.notices.push({ code: 'interrupted', message });
  } else if (block && deps.newHead?.aborted === true && !health.decided) {
    const message = `there is a newer head than ${request.head.tree.revision.slice(0, 12)}: its pull goes on waiting for health`;
    run.notices.push({ code: 'newer-head', message });
  }
  return health.decided;
}

function podsUnread(namespaces: readonly string[]): Problem {
  return {
    code: 'pods-unread',
    message: `the pods of ${fewOf([...namespaces].sort(), mostNamed)} may not be listed: why a workload there stands still is not known`,
    hint: 'allow list and watch on pods',
  };
}

/** The health of some of the sync's objects; with `block` after waiting for them. Their time begins when this pull wrote them. */
export async function healthOf(
  objects: Map<string, KubeObject>,
  { wanted, ledger }: Planned,
  written: ReadonlyMap<string, KubeObject>,
  { head, sync }: PullRequest,
  block: boolean,
  { cluster, sleep, now, signal, newHead, progress = () => undefined }: PullDeps,
): Promise<Health> {
  // What was looked at since it was written keeps its time: others waited for it.
  const fresh = [...written.keys()].filter((id) => ledger.entry(id)?.healthProgressingSince === undefined);
  return await waitForHealth(objects, block, {
    ...{ cluster, ledger, sleep, now, signal, newHead, progress },
    resources: resourcesOf(wanted),
    sync: sync.name,
    waitSeconds: sync.waitSeconds,
    written: new Set(fresh),
    rules: await rulesOf(head.config),
  });
}

/** The rules of windlass.yaml; what compiles them is loaded only where there are any. */
async function rulesOf({ health = [] }: Pick<Config, 'health'>): Promise<CustomRules | undefined> {
  if (health.length === 0) return undefined;
  const { customRules } = await import('../kube/status/custom.ts');
  return customRules(health);
}

/** The wanted objects that are in the cluster, as they were last seen; not those that Git says not to touch. */
function present(wanted: Wanted, live: Live, written: ReadonlyMap<string, KubeObject>): Map<string, KubeObject> {
  const ours = wanted.objects.filter(({ object }) => exceptionsOf(object).apply !== 'never');
  const seen = ours.map(({ id }): [string, KubeObject | undefined] => [id, written.get(id) ?? live.objects.get(id)]);
  return new Map(seen.filter((pair): pair is [string, KubeObject] => pair[1] !== undefined));
}
