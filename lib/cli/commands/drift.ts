import { randomUUID } from 'node:crypto';
import type { Config, SyncSpec } from '../../config/config.ts';
import { type AllRecords, allRecorded } from '../../drift/all-recorded.ts';
import { drift as check } from '../../drift/drift.ts';
import { gitReader } from '../../drift/git-reader.ts';
import { namespacesOfNobody, ruleNotices, rulesAboutNothing } from '../../drift/rule-notices.ts';
import { unmanagedOf, uselessNamespaces } from '../../drift/unmanaged.ts';
import { type Problem, UserError } from '../../model/errors.ts';
import type { DriftFound } from '../../model/messages.ts';
import { readHead, syncNamed } from '../../pull/head.ts';
import { stopNotices } from '../../pull/stopped.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { driftOfAll } from '../drift-of-all.ts';
import { type DriftNotices, printDrift, printDriftJson } from '../output/drift.ts';
import { readingOf, secretsNotice, whenForbidden } from '../secrets-left.ts';
import { configSource, kubernetes } from '../wiring.ts';
import { renderers } from '../wiring-renderers.ts';
import { kubeconfigOf, syncOptions } from './sync-options.ts';

/** `windlass drift`: one check of a cluster, or of one sync in it. */
export const drift: Command = {
  name: 'drift',
  summary: 'compare the cluster with what was applied, once',
  details: [
    'Compares the objects of a sync, or of all syncs of the cluster, with what the last pull applied, and says which fields differ, what Git has,',
    'and which tool changed them when, as far as the API server knows. Only reads (get and list). What could not be read is unknown: never drift,',
    'never missing. Of a sync that no pull applied, because another tool does or its record was lost, the cluster is compared with Git, by the',
    'meaning of values; the JSON then has basis: "git".',
    'With --no-secrets neither Secrets nor their key are asked for, and no service account is acted as: what windlass install --checker gives is enough.',
    'Of all syncs long lists are cut; --all shows them, --sync everything about one. With several clusters in windlass.yaml --cluster says which it is.',
    'JSON: { cluster, unreachable, syncs: [{ sync, ... }], notices }, where a sync has what --sync prints:',
    '{ revision, basis, drift: [{ object, state, fields: [{ path, git, live, manager, operation, subresource, time, note }], reason }],',
    'rules: [{ rule, objects }], addedByOthers: [{ object, state, fields }], behind: [{ sync, revision, head }], unknown: [{ object, reason }],',
    'notices: [{ code, message, hint }] }; state is changed, missing, added or unmanaged; keys that are not known are left out; revision is null',
    'before the first pull. behind: Git is ahead of what was applied, which is no drift. notices: who suspended the sync, until when and why.',
    'Exit code: 0 without drift, also when behind; 1 with drift; 3 without drift when something could not be checked; 2 when the question is wrong.',
  ].join('\n'),
  options: {
    ...syncOptions,
    sync: {
      type: 'string',
      value: 'NAME',
      help: 'a sync of windlass.yaml by its expanded name: shop-staging; all of the cluster unless given',
    },
    cluster: {
      type: 'string',
      value: 'NAME',
      help: 'the cluster by its name in windlass.yaml; the only one unless given',
    },
    'no-secrets': {
      type: 'boolean',
      help: 'leave Secrets to the puller, as the scheduled check does: for who may not read them',
    },
    all: { type: 'boolean', help: 'show all of long lists, and long values whole' },
  },
  examples: [
    'windlass drift --repo . --cluster prod --kubeconfig prod.kubeconfig',
    'windlass drift --repo git@github.com:acme/config.git --sync shop-prod --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  if (args.text('sync') === undefined) return await driftOfAll(args, io);
  const { found, ...notices } = await checkOnce(args, io);
  if (args.flag('json')) printDriftJson(io, found, [...notices.stops, ...notices.rules]);
  else printDrift(io, found, notices);
  if (found.drift.length > 0) return 1;
  return found.unknown.length > 0 ? 3 : 0;
}

/** Throws `UserError` where the sync is in another cluster than the one that was named. */
function checkCluster({ name, cluster }: SyncSpec, asked: string | undefined): void {
  if (asked === undefined || asked === cluster) return;
  throw new UserError(`sync ${name} is in cluster ${cluster}, not in ${asked}: leave --cluster out with --sync`, {
    code: 'usage',
    subject: name,
  });
}

async function checkOnce(args: Args, io: Io): Promise<{ found: DriftFound } & DriftNotices> {
  const kubeconfig = kubeconfigOf(args, io);
  const source = await configSource(io, { repo: args.need('repo'), branch: args.text('branch') });
  const tree = await source.open(await source.head());
  const { sync, config, stops } = await readHead(tree)
    .then(async (head) => {
      const sync = syncNamed(head, args.need('sync'));
      checkCluster(sync, args.text('cluster'));
      return { sync, config: head.config, stops: await stopNotices(tree, sync, io.now()) };
    })
    .finally(() => tree.close());
  const { cluster, records, capabilities } = await kubernetes(kubeconfig, {
    readOnly: true,
    context: args.text('context'),
    whenForbidden,
  });
  try {
    const desired = gitReader({ source, ...renderers(io), capabilities });
    // One check of a person: the terminal is the report.
    const findings = { send: async () => undefined };
    const now = io.now();
    const deps = { cluster, records, desired, findings, ...readingOf(args) };
    const unmanaged = unmanagedOf(config, sync);
    const found = await check({ sync, run: randomUUID(), now, settings: config.drift, unmanaged }, deps);
    const rules = [
      ...secretsNotice(args),
      ...ruleNotices(config.drift, found, now),
      ...(await uselessRules(config, found, records, now)),
    ];
    return { found, stops, rules, dependsOn: sync.dependsOn };
  } finally {
    await cluster.close();
  }
}

/** Rules about objects and namespaces that no sync has. Only where this cluster is the only one can that be told, and where all could be read. */
async function uselessRules(config: Config, found: DriftFound, records: AllRecords, now: Date): Promise<Problem[]> {
  const isOnly = Object.keys(config.clusters).length <= 1;
  const { ignore, unmanaged } = config.drift;
  if (!isOnly || found.unknown.length > 0 || (ignore.length === 0 && unmanaged === undefined)) return [];
  const recorded = await allRecorded(records);
  // What a sync without a record has is not among these.
  const isKnown = (name: string) => recorded.some(({ sync }) => sync === name);
  if (!config.syncs.every(({ name }) => isKnown(name))) return [];
  const objects = recorded.flatMap((one) => one.objects);
  const namespaces = unmanaged === undefined ? [] : uselessNamespaces(unmanaged, recorded);
  return [...rulesAboutNothing(config.drift, objects, now), ...namespacesOfNobody(namespaces)];
}
