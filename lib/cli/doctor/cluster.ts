import type { Config } from '../../config/config.ts';
import { guardManifests } from '../../install/guard.ts';
import type { SyncObjects } from '../../install/rights.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { nameOf, objectIdOf } from '../../model/kube-object.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import { differences } from '../../pull/differences.ts';
import type { Cluster } from '../../pull/ports.ts';
import { guardOf } from '../installation.ts';
import type { ShownStatus } from '../sync-verdict.ts';
import { looked, note, ok, type Said, unchecked, unreachable, wrong } from './finding.ts';
import { isOlder } from './machine.ts';
import { checkPuller, type PullerDeps, syncsThere } from './puller.ts';

/** What is asked of a cluster. */
export interface ClusterDeps extends PullerDeps {
  /** For people: `context prod (https://...)`. */
  shown: string;
  /** `v1.35.4`. Throws where the API server cannot be asked. */
  version(): Promise<string>;
  /** Throws `UserError` where the kubeconfig leads to another cluster of EKS than the stack's; absent where nothing says which one is meant. */
  isMeant?: () => Promise<void>;
  /** Who applies: a puller in the cluster, or the loop of this machine, which needs none. */
  pulls: 'puller' | 'loop';
  /** windlass.yaml, and the syncs of the cluster with their objects; rejects where the config repo cannot be used. */
  declared(): Promise<{ config: Config; cluster: string; syncs: SyncObjects[] }>;
}

/** Discovery in one answer is from there on: lib/adapters/kubernetes/capabilities.ts. */
const oldestServer = '1.27.0';
/** Where ValidatingAdmissionPolicy, of which the guard is made, became v1. */
const oldestGuard = '1.30.0';
/** Checks that the cluster can be reached, and that its puller is there and at work. */
export async function checkCluster(deps: ClusterDeps): Promise<Said[]> {
  let version: string;
  try {
    version = await deps.version();
  } catch (error) {
    const mend = 'is the address in the kubeconfig right, is the cluster up, and is a VPN or a proxy needed from here?';
    return [unreachable('reach', error, mend)];
  }
  const first = [ok('reach', deps.shown), checkVersion(version)];
  if (deps.pulls === 'loop') return first;
  if (deps.isMeant !== undefined) first.push(...(await looked('context', () => checkMeant(deps.isMeant!))));
  const [puller, syncs, guard] = await Promise.all([
    looked('puller', () => checkPuller(deps)),
    looked('syncs', () => checkSyncs(deps)),
    looked('guard', () => checkGuard(deps, version)),
  ]);
  return [...first, ...puller, ...syncs, ...guard];
}

function checkVersion(version: string): Said {
  if (!isOlder(version, oldestServer)) return ok('kubernetes', version);
  return wrong('kubernetes', `${version} is too old: Windlass needs ${oldestServer}`, 'update the cluster');
}

async function checkMeant(isMeant: () => Promise<void>): Promise<Said[]> {
  await isMeant();
  return [];
}

/** What the puller itself says of each sync. */
async function checkSyncs({ cluster, declared }: ClusterDeps): Promise<Said[]> {
  const there = await syncsThere(cluster);
  const told = there.map(({ name, status }) => judgeSync(name, status));
  const wanted = await declared().then(
    ({ syncs }) => syncs.map(({ name }) => name),
    () => undefined,
  );
  if (wanted === undefined) return told;
  const missing = wanted.filter((name) => !there.some((one) => one.name === name));
  return [
    ...told,
    ...missing.map((name) => note(name, 'the puller has not shown it yet: it is new, or was never pulled')),
  ];
}

function judgeSync(name: string, status: ShownStatus | undefined): Said {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const at = status?.revision === undefined ? '' : ` at ${status.revision.slice(0, 12)}`;
  const said = ready?.message ? `: ${ready.message}` : '';
  if (status === undefined || ready === undefined) return note(name, 'the puller has not pulled it yet');
  if (ready.status === 'True') return ok(name, `${status.result}${at}`);
  if (status.result === 'unhealthy' || status.result === 'failed')
    return wrong(
      name,
      `${status.result}${at}${said}`,
      `kubectl -n ${systemNamespace} describe sync ${name} says all of it; windlass rollback sync/${name} goes back`,
    );
  return note(name, `${status.result}${at}${said}`);
}

/** Holds the guard of the cluster against what windlass.yaml asks for. */
async function checkGuard({ cluster, declared }: ClusterDeps, version: string): Promise<Said[]> {
  const made = await declared().catch(() => undefined);
  if (made === undefined)
    return [unchecked('guard', 'the config repo or its objects cannot be had', 'see the part repo')];
  const manifests = guardManifests(guardOf(made.config, made.syncs));
  if (manifests.length === 0) return [];
  if (isOlder(version, oldestGuard))
    return [
      wrong(
        'guard',
        `windlass.yaml asks for a guard, and Kubernetes ${version} has none`,
        `update the cluster to ${oldestGuard}`,
      ),
    ];
  const found = await Promise.all(manifests.map((one) => compareGuard(cluster, one)));
  const differing = found.filter((one) => one !== undefined);
  if (differing.length === 0) return [ok('guard', 'as windlass.yaml asks for')];
  return differing;
}

async function compareGuard(cluster: Cluster, wanted: KubeObject): Promise<Said | undefined> {
  const resource = await cluster.resource(wanted.apiVersion, wanted.kind);
  const live = resource && (await cluster.get(resource, objectIdOf(wanted)));
  const install = `windlass install, with the options of before, puts it right`;
  if (resource === undefined || live === undefined)
    return wrong('guard', `${nameOf(wanted)} is not there: changes by hand are let in`, install);
  // What the server would make of it, defaults and all.
  const answer = await cluster.apply(resource, wanted, { force: true, dryRun: true });
  if ('failure' in answer)
    return unchecked('guard', `${nameOf(wanted)}: ${answer.failure.message}`, 'ask as an administrator of the cluster');
  // Who applied it has labels of its own on it.
  const fields = differences(live, answer.object, new Uint8Array())
    .map(({ path }) => path)
    .filter((path) => path.startsWith('spec'));
  return fields.length === 0
    ? undefined
    : wrong('guard', `${nameOf(wanted)} is not as windlass.yaml asks for: ${fields.join(', ')}`, install);
}
