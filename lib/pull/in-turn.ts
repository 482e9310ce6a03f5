import { exceptionsOf } from '../kube/exceptions/exceptions.ts';
import { expires } from '../kube/expires.ts';
import type { Plan, PlannedApply } from '../kube/plan.ts';
import { precedenceOf } from '../kube/precedence.ts';
import type { KubeObject } from '../model/kube-object.ts';
import type { Live } from './live.ts';
import { healthOf } from './look.ts';
import { type Applied, applyPlan, type PerformDeps } from './perform.ts';
import type { Planned } from './prepare.ts';
import type { PullDeps, PullRequest } from './request.ts';
import type { Run } from './run.ts';

/** What became of a plan in which objects may wait for others. */
export interface AppliedInTurn extends Applied {
  /** Why each object that waits for another one was not applied. */
  held: Map<string, string>;
}

/** What it takes to say why an object waits. */
interface Waiting {
  needs: ReadonlyMap<string, readonly string[]>;
  /** What Git says of each object. */
  wanted: ReadonlyMap<string, KubeObject>;
  done: AppliedInTurn;
  /** The live objects, waited for where the pull stays for health, with the reason of each that is not healthy. */
  sick(objects: Map<string, KubeObject>): Promise<Map<string, string>>;
}

/**
 * Applies a plan, but objects that wait for others only once those are applied and healthy: where the pull stays for health it waits for them
 * here, else the next pull goes on. What waits for nothing is applied although something before it is held.
 */
export async function applyInTurn(
  planned: Planned,
  request: PullRequest,
  deps: PullDeps,
  perform: PerformDeps,
): Promise<AppliedInTurn> {
  const done: AppliedInTurn = { applied: new Map(), lost: false, held: new Map() };
  const wanted = new Map(planned.wanted.objects.map(({ id, object }) => [id, object]));
  const { needs } = precedenceOf([...wanted.values()]);
  const waiting: Waiting = {
    ...{ needs, wanted, done },
    sick: (objects) => sickAmong(objects, planned, done.applied, request, deps),
  };
  for (const [first = [], ...rest] of turnsOf(planned.plan, needs)) {
    const reasons = await reasonsToWait(first, waiting, planned.live, perform.run);
    for (const [object, reason] of reasons) {
      done.held.set(object, reason);
      perform.run.changes.push({ object, action: 'skipped', reason });
    }
    const ready = first.filter(({ id }) => !reasons.has(id));
    const apply = [...(ready.length > 0 ? [ready] : []), ...rest];
    const { applied, lost } = await applyPlan({ ...planned.plan, apply }, perform);
    for (const [id, live] of applied) done.applied.set(id, live);
    if (lost) return { ...done, lost };
  }
  return done;
}

/** The groups of the plan; each turn but the first begins with one in which an object waits for others. At least one turn. */
function turnsOf({ apply }: Plan, needs: ReadonlyMap<string, readonly string[]>): PlannedApply[][][] {
  const turns: PlannedApply[][][] = [[]];
  for (const group of apply) {
    if (group.some(({ id }) => needs.has(id))) turns.push([group]);
    else turns.at(-1)!.push(group);
  }
  return turns;
}

async function reasonsToWait(
  group: readonly PlannedApply[],
  { needs, wanted, done, sick }: Waiting,
  live: Live,
  { errors }: Run,
): Promise<Map<string, string>> {
  const needed = new Set(group.flatMap(({ id }) => needs.get(id) ?? []));
  if (needed.size === 0) return new Map();
  const refused = new Set(errors.map(({ object }) => object));
  const why = new Map<string, string>();
  const there = new Map<string, KubeObject>();
  for (const id of needed) {
    const object = wanted.get(id);
    const found = done.applied.get(id) ?? live.objects.get(id);
    if (done.held.has(id)) why.set(id, 'which waits as well');
    else if (object === undefined || refused.has(id) || live.unread.has(id)) why.set(id, 'which could not be applied');
    else if (exceptionsOf(object).apply === 'never') continue;
    else if (found === undefined && expires(object)) continue;
    else if (found === undefined) why.set(id, 'which is not there');
    else there.set(id, found);
  }
  for (const [id, reason] of await sick(there)) why.set(id, reason);
  const reasons = group.map(({ id }): [string, string | undefined] => [id, needs.get(id)?.find((one) => why.has(one))]);
  return new Map(reasons.flatMap(([id, first]) => (first ? [[id, `it waits for ${first}, ${why.get(first)}`]] : [])));
}

async function sickAmong(
  objects: Map<string, KubeObject>,
  planned: Planned,
  applied: ReadonlyMap<string, KubeObject>,
  request: PullRequest,
  deps: PullDeps,
): Promise<Map<string, string>> {
  if (request.sync.waitSeconds === 0) return new Map();
  // To wait may take minutes: what was applied is written down before.
  await planned.ledger.save();
  const { objects: found } = await healthOf(objects, planned, applied, request, request.wait === 'block', deps);
  const sick = found.filter(({ status }) => status !== 'Current' && status !== 'Unknown');
  return new Map(sick.map(({ object, status, reason }) => [object, `which is ${status}: ${reason}`]));
}
