import { randomUUID } from 'node:crypto';
import type { ClusterEntry, Config } from '../config/config.ts';
import { allRecorded } from '../drift/all-recorded.ts';
import { type ClusterChecked, checkCluster } from '../drift/check-cluster.ts';
import { gitReader } from '../drift/git-reader.ts';
import { namespacesOfNobody, unusedRules, voidRules } from '../drift/rule-notices.ts';
import { readStops, type Stops } from '../drift/stops.ts';
import { uselessNamespaces } from '../drift/unmanaged.ts';
import type { Problem } from '../model/errors.ts';
import { readHead } from '../pull/head.ts';
import { stopNotices } from '../pull/stopped.ts';
import type { Args, ExitCode, Io } from './command.ts';
import { kubeconfigOf } from './commands/sync-options.ts';
import { clusterNamed } from './installation.ts';
import { type CheckedSync, type CheckedSyncs, printSyncs, printSyncsJson } from './output/drift-syncs.ts';
import { readingOf, secretsNotice, whenForbidden } from './secrets-left.ts';
import { configSource, kubernetes } from './wiring.ts';
import { renderers } from './wiring-renderers.ts';

/** Syncs under way at once: a person waits. */
const syncsAtOnce = 4;

/** `windlass drift` without `--sync`: one check of all syncs of a cluster. */
export async function driftOfAll(args: Args, io: Io): Promise<ExitCode> {
  const kubeconfig = kubeconfigOf(args, io);
  const source = await configSource(io, { repo: args.need('repo'), branch: args.text('branch') });
  const asked = await readAsked(args, io, source);
  const { cluster, records, capabilities } = await kubernetes(kubeconfig, {
    readOnly: true,
    context: args.text('context'),
    whenForbidden,
  });
  try {
    const { config, entry, head } = asked;
    const desired = gitReader({ source, ...renderers(io), capabilities });
    const checked = await checkCluster(
      { cluster: entry, config, head, syncsAtOnce },
      {
        open: async () => ({ cluster, records, desired, ...readingOf(args), close: async () => undefined }),
        // One check of a person: the terminal is the report.
        reports: { send: async () => undefined },
        now: io.now,
        newRun: randomUUID,
      },
    );
    if (checked.errors.length > 0) throw checked.errors[0];
    const rules = [...secretsNotice(args), ...(await uselessRules(config, checked, records, io.now()))];
    const shown = shownOf(checked, asked, rules);
    if (args.flag('json')) printSyncsJson(io, shown);
    else printSyncs(io, shown, { all: args.flag('all') });
    return codeOf(shown);
  } finally {
    await cluster.close();
  }
}

/** What is asked about: a cluster of windlass.yaml at the head, and who stopped what there. */
interface Asked {
  config: Config;
  entry: ClusterEntry;
  head: { revision: string; stops: Stops };
  notices: ReadonlyMap<string, Problem[]>;
}

async function readAsked(args: Args, io: Io, source: Awaited<ReturnType<typeof configSource>>): Promise<Asked> {
  const tree = await source.open(await source.head());
  try {
    const { config } = await readHead(tree);
    const entry = config.clusters[clusterNamed(config, args.text('cluster'))]!;
    const syncs = config.syncs.filter(({ cluster }) => cluster === entry.name);
    const notices = new Map<string, Problem[]>();
    for (const sync of syncs) notices.set(sync.name, await stopNotices(tree, sync, io.now()));
    return { config, entry, head: { revision: tree.revision, stops: await readStops(tree, io.now()) }, notices };
  } finally {
    await tree.close();
  }
}

function shownOf({ report, findings }: ClusterChecked, { config, notices }: Asked, rules: Problem[]): CheckedSyncs {
  const { cluster, unreachable } = report;
  const syncs = report.syncs.map((sync): CheckedSync => {
    const stops = notices.get(sync) ?? [];
    const found = findings.find((one) => one.sync === sync);
    const dependsOn = config.syncs.find(({ name }) => name === sync)?.dependsOn;
    if (found !== undefined) return { sync, found, stops, dependsOn };
    const failed = unreachable ?? report.failed.find((one) => one.sync === sync)?.reason;
    return { sync, failed, stops };
  });
  return { cluster, ...(unreachable !== undefined && { unreachable }), syncs, rules };
}

/** Rules that are void; and those of no use, where this cluster is the only one and all of it could be read. */
async function uselessRules(
  { clusters, drift: settings }: Config,
  { report, findings }: ClusterChecked,
  records: Parameters<typeof allRecorded>[0],
  now: Date,
): Promise<Problem[]> {
  const over = voidRules(settings, now);
  const isWhole = report.failed.length === 0 && findings.every(({ unknown }) => unknown.length === 0);
  const isOnly = Object.keys(clusters).length <= 1;
  if (!isOnly || !isWhole || report.unreachable !== undefined) return over;
  const { unmanaged } = settings;
  const isRecorded = findings.every(({ basis }) => basis === undefined);
  const idle = unmanaged === undefined || !isRecorded ? [] : uselessNamespaces(unmanaged, await allRecorded(records));
  return [...over, ...unusedRules(settings, findings, now), ...namespacesOfNobody(idle)];
}

function codeOf({ unreachable, syncs }: CheckedSyncs): ExitCode {
  if (syncs.some(({ found }) => found !== undefined && found.drift.length > 0)) return 1;
  const isBlind = syncs.some(({ found }) => found === undefined || found.unknown.length > 0);
  return isBlind || unreachable !== undefined ? 3 : 0;
}
