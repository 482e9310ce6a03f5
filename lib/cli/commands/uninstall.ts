import { checkerComponent, checkerName } from '../../install/checker.ts';
import { checkerKinds, installedKinds } from '../../install/kinds.ts';
import { component, componentLabel, installationSync } from '../../install/names.ts';
import { syncLabel } from '../../kube/normalise.ts';
import { applyOrder } from '../../kube/order.ts';
import { UserError } from '../../model/errors.ts';
import { type KubeObject, nameOf, objectIdOf } from '../../model/kube-object.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { Cluster, Resource } from '../../pull/ports.ts';
import { ask } from '../ask.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { kubernetes } from '../wiring.ts';
import { asAdministrator, clusterMeant, clusterOptions } from '../wiring-cluster.ts';

/** `windlass uninstall`: takes away what `windlass install` put there, and nothing else. */
export const uninstall: Command = {
  name: 'uninstall',
  summary: 'take the puller out of a cluster; what it has applied stays',
  details: [
    'Lists what windlass install put there, asks, and deletes exactly these. What the puller has applied stays as it is, and nothing of AWS is',
    `touched. The namespace ${systemNamespace} stays too, with the applied records: a later installation goes on where this one ended, and`,
    'knows what it may prune. With --records it goes, with everything in it.',
    'With --checker it takes away what windlass install --checker gave the scheduled check, and leaves the puller.',
    'Exit code: 0; 1 when the answer was no; 2 when something was refused; 3 when the cluster cannot be reached.',
  ].join('\n'),
  options: {
    ...clusterOptions,
    records: { type: 'boolean', help: `delete the namespace ${systemNamespace} as well: records, keys, leases` },
    checker: { type: 'boolean', help: 'not the puller, but the rights of the scheduled check' },
    yes: { type: 'boolean', help: 'do not ask' },
  },
  examples: ['windlass uninstall --kubeconfig prod.kubeconfig'],
  run: (args, io) => asAdministrator(() => run(args, io)),
};

/** What is installed by itself, and goes by itself. */
interface Part {
  component: string;
  kinds: typeof installedKinds;
  /** The name that all of its objects have; absent where they have their own. */
  name?: string;
  /** The name that it has a record under; absent where it has none. */
  sync?: string;
}

const puller: Part = { component, kinds: installedKinds, sync: installationSync };
const checker: Part = { component: checkerComponent, kinds: checkerKinds, name: checkerName };

/** An object that goes. */
interface Found {
  object: KubeObject;
  resource: Resource;
}

async function run(args: Args, io: Io): Promise<ExitCode> {
  const of = args.flag('checker') ? checker : puller;
  if (of === checker && args.flag('records'))
    throw new UserError('--records is about the puller: leave it out with --checker', { code: 'usage' });
  const { kubeconfig, context, shown } = await clusterMeant(args, io);
  io.stdout.write(`${shown}\n`);
  const { cluster } = await kubernetes(kubeconfig, { readOnly: true, context });
  try {
    const found = await findInstalled(cluster, of, { records: args.flag('records') });
    if (found.length === 0) {
      io.stdout.write('nothing is installed here\n');
      return 0;
    }
    for (const { object } of found) io.stdout.write(`${nameOf(object)}\n`);
    for (const line of [...warnings(found, of), ...(await staying(cluster, of))]) io.stderr.write(`note: ${line}\n`);
    const question = found.length === 1 ? 'Delete it?' : `Delete these ${found.length} objects?`;
    if (!(await ask(io, question, { yes: args.flag('yes') }))) return 1;
    return await removeAll(found, cluster, io);
  } finally {
    await cluster.close();
  }
}

/** In the order of deleting: what runs goes before what it needs. */
async function findInstalled(cluster: Cluster, of: Part, { records }: { records: boolean }): Promise<Found[]> {
  const record = { apiVersion: 'v1', kind: 'ConfigMap', label: `windlass.dev/record-of=${of.sync}` };
  const ownRecord = of.sync === undefined ? [] : [record];
  const labelled = of.kinds.map((kind) => ({ ...kind, label: `${componentLabel}=${of.component}` }));
  const found = new Map<KubeObject, Resource>();
  for (const { apiVersion, kind, label } of [...labelled, ...ownRecord]) {
    const resource = await cluster.resource(apiVersion, kind);
    if (resource === undefined) continue;
    for (const object of await cluster.list(resource, label))
      if (of.name === undefined || object.metadata.name === of.name) found.set(object, resource);
  }
  const going = [...found.keys()].filter(
    ({ kind, metadata }) => metadata.deletionTimestamp === undefined && (records || kind !== 'Namespace'),
  );
  const objects = applyOrder(going).reverse();
  return objects.map((object) => ({ object, resource: found.get(object)! }));
}

/** The other part of an installation, where there is one. */
async function staying(cluster: Cluster, of: Part): Promise<string[]> {
  if (of === checker) return [];
  const role = await cluster.resource('rbac.authorization.k8s.io/v1', 'ClusterRole');
  const rights = role === undefined ? [] : await cluster.list(role, `${componentLabel}=${checkerComponent}`);
  return rights.length === 0
    ? []
    : ['the rights of the scheduled check stay: windlass uninstall --checker takes them away'];
}

function warnings(found: readonly Found[], of: Part): string[] {
  const syncs = found.map(({ object }) => object.metadata.labels?.[syncLabel]);
  const others = [...new Set(syncs)].filter((name) => name !== undefined && name !== of.sync);
  return others.map((name) => `sync ${name} declares some of these: a pull of it brings them back`);
}

async function removeAll(found: readonly Found[], cluster: Cluster, io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  for (const { object, resource } of found) {
    const answer = await cluster.remove(resource, objectIdOf(object), object.metadata.uid ?? '');
    const said = typeof answer === 'string' ? answer : answer.failure.message;
    if (typeof answer !== 'string') code = answer.failure.retryable ? 3 : 2;
    io.stdout.write(`${said}  ${nameOf(object)}\n`);
  }
  return code;
}
