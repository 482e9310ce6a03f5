import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import type { ClusterEntry, Config } from '../../lib/config/config.ts';
import type { SourceTree } from '../../lib/desired/ports.ts';
import {
  type ClusterCheck,
  type ClusterCheckDeps,
  type ClusterChecked,
  checkCluster,
} from '../../lib/drift/check-cluster.ts';
import { unusedRules } from '../../lib/drift/rule-notices.ts';
import { readStops } from '../../lib/drift/stops.ts';
import { isTrouble, messageOf, type Problem } from '../../lib/model/errors.ts';
import { chain, type Handler, type Watched } from '../middleware/chain.ts';

/** The config repo as a check needs it. */
export interface CheckedRepo {
  /** The head, with its windlass.yaml; or with the last valid one, and what is wrong with its own. Throws `UserError` or `RetryableError` where it cannot be read. */
  head(): Promise<{ tree: SourceTree; config: Config; problems: readonly Problem[] }>;
  /** The last valid windlass.yaml, which counts while the head cannot be read; undefined where there is none. */
  lastValid(): Promise<Config | undefined>;
}

/** Lets one run in at a time. */
export interface RunLease {
  /** Undefined while another run has it, which has it until then at the latest; else what gives it back. Throws `RetryableError` where that cannot be told. */
  take(until: Date): Promise<(() => Promise<void>) | undefined>;
}

/** What the function works with. */
export interface DriftOnScheduleDeps extends Omit<ClusterCheckDeps, 'newRun'>, Partial<Watched> {
  repo: CheckedRepo;
  /** Keeps a second run out while one is under way; without it nothing does. */
  lease?: RunLease;
  /** Which clusters of windlass.yaml this function looks at, of those that others look at as well; all unless told. */
  isMine?(cluster: ClusterEntry): boolean;
  /** Is told of rules of drift.ignore that found nothing to do in a whole run; they are logged, unless told. */
  unusedRules?: (rules: Problem[]) => void;
}

/** What one run did, by cluster. */
export type DriftRun = { cluster: string; checked: string[]; failed: string[]; unreachable?: string }[];

/** Milliseconds: so long before the function is ended nothing is read any more, and a part of it later nothing is waited for. */
const margin = 20_000;
const marginAfter = 8_000;
/** Syncs under way at once, in all clusters together where there are fewer: of each a record and some pages of objects are held. */
const syncsAtOnce = 8;

/**
 * The handler of the schedule: checks every cluster of windlass.yaml, all at once, each by a connection of its own. One cluster's trouble stops no other: it
 * is told in the cluster's heartbeat. After all are done it throws what failed in the check itself (a message that could not be sent, a bug).
 */
export function driftOnSchedule(deps: DriftOnScheduleDeps): Handler<unknown, DriftRun> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-drift' });
  return chain({ ...deps, logger }, [], (_: unknown, context) => checkAlone(deps, context, logger));
}

/** One run at a time: a second one would say everything twice, and open every connection twice. */
async function checkAlone(deps: DriftOnScheduleDeps, context: Context, logger: Logger): Promise<DriftRun> {
  if (deps.lease === undefined) return await checkAll(deps, context, logger);
  // A run that is cut off gives nothing back: the next one waits no longer than it can have lived.
  const giveBack = await deps.lease.take(new Date(deps.now().getTime() + context.getRemainingTimeInMillis()));
  if (giveBack === undefined) {
    logger.warn('the run before is still under way: this one looks at nothing');
    return [];
  }
  try {
    return await checkAll(deps, context, logger);
  } finally {
    await giveBack().catch((error: unknown) =>
      logger.warn('the lease of the run could not be given back', error as Error),
    );
  }
}

async function checkAll(deps: DriftOnScheduleDeps, context: Context, logger: Logger): Promise<DriftRun> {
  const { config, head } = await readRepo(deps, logger);
  const clusters = Object.values(config.clusters).filter((cluster) => deps.isMine?.(cluster) ?? true);
  const left = context.getRemainingTimeInMillis();
  const before = Math.min(margin, left / 3);
  const after = Math.min(marginAfter, left / 6);
  const shared = {
    ...{ config, head, syncsAtOnce: Math.max(1, Math.floor(syncsAtOnce / Math.max(1, clusters.length))) },
    signal: AbortSignal.timeout(Math.floor(left - before)),
    over: AbortSignal.timeout(Math.floor(left - after)),
  };
  const checks = await Promise.all(
    clusters.map((cluster) => checkCluster({ ...shared, cluster }, { ...deps, newRun: randomUUID })),
  );
  const unreachable = checks.filter(({ report }) => report.unreachable !== undefined).length;
  deps.measures?.add('ClustersChecked', checks.length - unreachable);
  deps.measures?.add('ClustersUnreachable', unreachable);
  tellUnused(config, checks, deps, logger);
  tellMemory(context, logger);
  const errors = checks.flatMap((one) => one.errors);
  for (const error of errors) logger.error('a check failed', error as Error);
  if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join('; '));
  return checks.map(runOf);
}

async function readRepo(
  { repo, now }: DriftOnScheduleDeps,
  logger: Logger,
): Promise<{ config: Config; head: ClusterCheck['head'] }> {
  try {
    const { tree, config, problems } = await repo.head();
    const stops = await readStops(tree, now());
    return { config, head: { revision: tree.revision, stops, standIn: problems.length > 0 } };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    const config = await repo.lastValid();
    if (config === undefined) throw error;
    logger.warn('the head of the config repo cannot be read: the last valid windlass.yaml counts', error);
    return { config, head: undefined };
  }
}

/** Only where all could be looked at: a rule may be about the rest. */
function tellUnused(
  config: Config,
  checks: readonly ClusterChecked[],
  deps: DriftOnScheduleDeps,
  logger: Logger,
): void {
  const looked = checks.filter(({ report }) => report.unreachable === undefined && report.failed.length === 0);
  const isWhole = looked.length === Object.keys(config.clusters).length;
  const found = checks.flatMap(({ findings }) => findings);
  const unused = isWhole ? unusedRules(config.drift, found, deps.now()) : [];
  if (unused.length === 0) return;
  if (deps.unusedRules !== undefined) deps.unusedRules(unused);
  else for (const { message } of unused) logger.warn(message);
}

/** A function that has no memory left is ended without a word: it says so before. */
function tellMemory({ memoryLimitInMB }: Context, logger: Logger): void {
  const limit = Number(memoryLimitInMB);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  if (limit > 0 && peak > limit * 0.85)
    logger.warn(`the check needed ${peak} of ${limit} MB: give the function more memory, or split large syncs`);
}

function runOf({ report: { cluster, unreachable, failed }, findings }: ClusterChecked): DriftRun[number] {
  return {
    cluster,
    checked: findings.map(({ sync }) => sync).sort(),
    failed: failed.map(({ sync }) => sync).sort(),
    ...(unreachable !== undefined && { unreachable }),
  };
}
