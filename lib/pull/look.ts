import { exceptionsOf } from '../kube/exceptions/exceptions.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { waitForHealth } from './health.ts';
import type { Live } from './live.ts';
import { type Planned, resourcesOf } from './prepare.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';
import type { Wanted } from './wanted.ts';

/** Looks at the health of the sync's objects, and tells whether pruning need not wait for it. */
export async function lookAtHealth(
  { wanted, live, ledger }: Planned,
  written: ReadonlyMap<string, KubeObject>,
  { sync }: PullRequest,
  block: boolean,
  { cluster, sleep, now, signal, progress = () => undefined }: PullDeps,
  run: Run,
): Promise<boolean> {
  const health = await waitForHealth(present(wanted, live, written), block, {
    ...{ cluster, ledger, sleep, now, signal, progress },
    resources: resourcesOf(wanted),
    sync: sync.name,
    waitSeconds: sync.waitSeconds,
    written: new Set(written.keys()),
  });
  run.health = health.objects;
  run.verdict = health.verdict;
  return health.decided;
}

/** The wanted objects that are in the cluster, as they were last seen; not those that Git says not to touch. */
function present(wanted: Wanted, live: Live, written: ReadonlyMap<string, KubeObject>): Map<string, KubeObject> {
  const ours = wanted.objects.filter(({ object }) => exceptionsOf(object).apply !== 'never');
  const seen = ours.map(({ id }): [string, KubeObject | undefined] => [id, written.get(id) ?? live.objects.get(id)]);
  return new Map(seen.filter((pair): pair is [string, KubeObject] => pair[1] !== undefined));
}
