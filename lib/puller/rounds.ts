import { randomUUID } from 'node:crypto';
import { userOf } from '../config/account.ts';
import type { Config, SyncSpec } from '../config/config.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { UserError } from '../model/errors.ts';
import type { ConfigReported, SyncReported } from '../model/messages.ts';
import type { Heads } from '../pull/heads.ts';
import { leftSyncs, type RecordedSyncs } from '../pull/left-syncs.ts';
import type { Dependency, LoopPorts } from '../pull/loop.ts';
import type { Outbox } from '../pull/outbox.ts';
import type { SyncStatuses } from '../pull/ports.ts';
import { type PullOutcome, pull } from '../pull/pull.ts';
import type { PullDeps } from '../pull/request.ts';
import type { SyncWatches } from '../pull/watch-syncs.ts';
import type { Log } from './log.ts';
import { pullFields } from './metrics.ts';

/** What the rounds of a puller stand on. */
export interface RoundDeps {
  /** Of `clusters` in windlass.yaml. */
  cluster: string;
  head(): Promise<string>;
  heads: Heads;
  pull: Omit<PullDeps, 'reports' | 'progress' | 'newHead'>;
  /** Of the cluster, to tell which of its syncs windlass.yaml no longer has. */
  recorded?: RecordedSyncs;
  /** Absent: reports go to the log alone. */
  outbox?: Outbox;
  statuses?: SyncStatuses;
  log: Log;
  /** What is watched between the pulls, in a process that stays. */
  watches?: Pick<SyncWatches, 'follow' | 'keepOnly'>;
}

/** Puts one cluster's syncs into the loop: reports are logged and sent, and nothing that happens to them stops a pull. */
export function roundPorts({
  cluster,
  head,
  heads,
  pull: deps,
  recorded,
  outbox,
  statuses,
  log,
  watches,
}: RoundDeps): LoopPorts {
  const suspended = new Set<string>();
  const tell = async (sync: SyncSpec, outcome: PullOutcome) => {
    const { report } = outcome;
    logPull(log, report);
    if (report.errors.some(({ code }) => code === 'suspended')) suspended.add(sync.name);
    else suspended.delete(sync.name);
    if (outcome.reported) await outbox?.send(report);
    const how = { trouble: outcome.trouble, user: userOf(sync, deps.impersonation) };
    await statuses?.show(report, how).catch((error: unknown) => log.failed(`show how ${sync.name} is`, error));
    // A pull that could not begin has no objects: what was watched is watched on.
    if (outcome.changes.length > 0) watches?.follow(sync, objectsThere(outcome));
  };
  return {
    head,
    config: async (revision) => {
      const config = await configAt(revision);
      const problems = [...heads.problems()];
      if (problems.length > 0)
        log.info(`${windlassFileName} is broken: the last valid one counts`, { revision, problems });
      const ours = ofCluster(config, cluster);
      watches?.keepOnly(ours.syncs);
      const names = ours.syncs.map(({ name }) => name);
      const left = await leftOf(names);
      const at = deps.now().toISOString();
      await outbox?.send({
        ...{ type: 'ConfigReported', at, revision, problems, ...(left && { left }) },
        clusters: [{ cluster, syncs: names }],
      });
      await statuses?.keepOnly(names).catch((error: unknown) => log.failed('look for Syncs that left', error));
      return ours;
    },
    pull: async (sync, _config, revision) => {
      const request = {
        head: await heads.at(revision),
        sync,
        dryRun: false,
        wait: 'report',
        run: randomUUID(),
      } as const;
      // The report is sent below: sending it is no part of the pull, and must not fail it.
      const outcome = await pull(request, { ...deps, reports: { send: async () => undefined } });
      await tell(sync, outcome);
      return outcome.report.result;
    },
    waiting: async ({ name }, on) => {
      const why = `waits for ${on.map((one) => `${one.sync}, which ${stateOf(one, suspended)}`).join('; for ')}`;
      await statuses?.wait(name, why, deps.now().toISOString());
      log.info(`${name}: ${why}`, { waiting: name, on: on.map(({ sync }) => sync) });
    },
    failed: log.failed,
  };

  async function leftOf(names: readonly string[]): Promise<ConfigReported['left']> {
    const syncs =
      recorded &&
      (await leftSyncs(names, recorded).catch((error: unknown) => log.failed('look for syncs that left', error)));
    for (const { sync, objects } of syncs ?? [])
      log.info(`${sync} left ${windlassFileName}: ${objects} of its objects stay in the cluster`, {
        left: sync,
        objects,
      });
    return syncs ? { cluster, syncs } : undefined;
  }

  async function configAt(revision: string): Promise<Config> {
    try {
      return (await heads.at(revision)).config;
    } catch (error) {
      // There never was a valid one: that is told as well.
      const problems = error instanceof UserError ? [...error.problems] : [];
      const at = deps.now().toISOString();
      if (problems.length > 0) await outbox?.send({ type: 'ConfigReported', at, revision, problems });
      throw error;
    }
  }
}

/** A sync that is suspended fails because a person wants it to. */
function logPull(log: Log, report: SyncReported): void {
  const { sync, result, errors } = report;
  const isWrong = result === 'failed' && !errors.some(({ code }) => code === 'suspended');
  const [message, fields] = [`${sync}: ${result}`, pullFields(report)];
  if (isWrong) log.bad('error', message, fields);
  else if (result === 'unhealthy') log.bad('warn', message, fields);
  else log.info(message, fields);
}

function stateOf({ sync, result }: Dependency, suspended: ReadonlySet<string>): string {
  if (suspended.has(sync)) return 'is suspended';
  if (result === 'failed') return 'failed';
  if (result === 'unhealthy') return 'is not healthy';
  return result === 'progressing' ? 'is not healthy yet' : 'was not pulled';
}

function objectsThere({ changes }: PullOutcome): string[] {
  return changes.filter(({ action }) => action !== 'pruned').map(({ object }) => object);
}

/** Only what belongs in this cluster. Throws `UserError` where windlass.yaml has no such cluster: a name that was misspelt must not look like an empty one. */
function ofCluster(config: Config, cluster: string): Config {
  if (config.clusters[cluster] === undefined) {
    const known = Object.keys(config.clusters).join(', ') || 'none';
    const message = `${windlassFileName} has no cluster "${cluster}" (it has ${known}): check WINDLASS_CLUSTER`;
    throw new UserError(message, { code: 'unknown-cluster', subject: cluster });
  }
  return { ...config, syncs: config.syncs.filter((sync) => sync.cluster === cluster) };
}
