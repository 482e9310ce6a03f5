import type { ClusterEntry, Config, SyncSpec } from '../config/config.ts';
import { each } from '../model/each.ts';
import { isTrouble, messageOf, RetryableError } from '../model/errors.ts';
import type { CheckReported, DriftFound } from '../model/messages.ts';
import { shortText } from '../model/shorten.ts';
import { allRecorded, type RecordedSync } from './all-recorded.ts';
import { type DriftDeps, type DriftRequest, drift } from './drift.ts';
import type { DesiredReader } from './ports.ts';
import { shortenCheck } from './shorten-check.ts';
import type { Stops } from './stops.ts';
import { noTimeLeft, whileTime } from './time-left.ts';
import { type Unmanaged, unmanagedOf } from './unmanaged.ts';

/** One check of one cluster. */
export interface ClusterCheck {
  cluster: ClusterEntry;
  /** windlass.yaml as it counts. */
  config: Config;
  /** Git's head, what people stopped there, and whether its own windlass.yaml is broken; absent where it cannot be read. */
  head?: { revision: string; stops: Stops; standIn?: boolean } | undefined;
  /** How many syncs are checked at once: of each the record is held, and some pages of objects. */
  syncsAtOnce: number;
  /** Aborted when the time to read is over: what was not read by then is unknown, and no other sync is begun. */
  signal?: AbortSignal | undefined;
  /** Aborted some seconds later: then nothing is waited for any more. */
  over?: AbortSignal | undefined;
}

/** A cluster that is open, with what a check of its syncs works with. */
export type OpenCluster = Omit<DriftDeps, 'findings'> & { close(): Promise<void> };

/** What a check of a cluster works with. */
export interface ClusterCheckDeps {
  /** Opens a connection for this check alone. Throws `UserError` or `RetryableError` where that cannot be done. */
  open(cluster: ClusterEntry): Promise<OpenCluster>;
  /** Where findings and heartbeats go: the report flow's queue. */
  reports: { send(message: DriftFound | CheckReported): Promise<void> };
  now(): Date;
  /** Names each check of a sync, and the heartbeat: unique. */
  newRun(): string;
}

/** What a check of a cluster came to. */
export interface ClusterChecked {
  report: CheckReported;
  findings: DriftFound[];
  /** Failures of the check itself: bugs, and messages that could not be sent. */
  errors: unknown[];
}

/** The longest reason that a heartbeat gives. */
const longestReason = 600;

/**
 * Checks all syncs of one cluster, and sends of each what it found and then one heartbeat. Never throws: a cluster that cannot be looked at is told in
 * the heartbeat alone, and what goes wrong with one sync stops no other.
 */
export async function checkCluster(check: ClusterCheck, deps: ClusterCheckDeps): Promise<ClusterChecked> {
  const { cluster, config, over } = check;
  const startedAt = deps.now().toISOString();
  const syncs = config.syncs.filter((sync) => sync.cluster === cluster.name);
  const looked: Looked = { findings: [], failed: [], errors: [] };
  if (syncs.length > 0) await look(syncs, check, deps, looked);
  const report = heartbeat(check, { ...looked, syncs, startedAt, at: deps.now().toISOString(), run: deps.newRun() });
  try {
    await whileTime(deps.reports.send(shortenCheck(report)), over?.aborted ? undefined : over);
  } catch (error) {
    looked.errors.push(new Error(`the heartbeat of ${cluster.name} could not be sent`, { cause: error }));
  }
  return { report, findings: looked.findings, errors: looked.errors };
}

/** What came of the syncs. */
interface Looked extends Pick<CheckReported, 'unreachable' | 'failed'> {
  findings: DriftFound[];
  errors: unknown[];
}

async function look(
  syncs: readonly SyncSpec[],
  check: ClusterCheck,
  deps: ClusterCheckDeps,
  looked: Looked,
): Promise<void> {
  const { signal } = check;
  const opening = deps.open(check.cluster);
  try {
    const opened = await whileTime(opening, signal);
    await whileTime(reach(opened), signal);
    const recorded = recordedOnce(opened.records);
    const checkOne = (sync: SyncSpec) => checkSync(sync, { ...opened, recorded }, check, deps, looked);
    await each(syncs, check.syncsAtOnce, checkOne);
  } catch (error) {
    looked.unreachable = shortText(signal?.aborted ? 'it did not answer in time' : messageOf(error), longestReason);
    if (!signal?.aborted && !isTrouble(error)) looked.errors.push(error);
  } finally {
    // One that opens too late is closed as well, and nobody waits for a server that does not answer.
    opening.then((opened) => opened.close()).catch(() => undefined);
  }
}

async function checkSync(
  sync: SyncSpec,
  opened: OpenCluster & Recorded,
  check: ClusterCheck,
  { reports, now, newRun }: ClusterCheckDeps,
  looked: Looked,
): Promise<void> {
  const { signal, over } = check;
  const failed = (reason: string) => looked.failed.push({ sync: sync.name, reason: shortText(reason, longestReason) });
  if (signal?.aborted) return void failed(noTimeLeft);
  let isSending = false;
  const send = async (found: DriftFound) => {
    over?.throwIfAborted();
    isSending = true;
    await reports.send(found);
  };
  try {
    const request = { ...requestFor(sync, check, opened), run: newRun(), now: now() };
    const deps = { ...opened, desired: desiredAt(opened.desired, check), findings: { send } };
    looked.findings.push(await whileTime(drift(request, deps), over));
  } catch (error) {
    if (over?.aborted && !isSending) return void failed(noTimeLeft);
    failed(isSending ? `what was found could not be sent: ${messageOf(error)}` : messageOf(error));
    looked.errors.push(new Error(`sync ${sync.name} could not be checked`, { cause: error }));
  }
}

/** Asks what every check needs. Throws where nothing of the cluster can be looked at: then that is told once, and not of each sync. */
async function reach({ cluster, records }: OpenCluster): Promise<void> {
  await cluster.resource('v1', 'ConfigMap');
  await records.syncs?.();
}

/** What all syncs of the cluster had applied when it was asked for first. */
interface Recorded {
  recorded: Unmanaged['recorded'];
}

function recordedOnce(records: OpenCluster['records']): Unmanaged['recorded'] {
  const syncs = records.syncs?.bind(records);
  if (syncs === undefined) return undefined;
  let asked: Promise<RecordedSync[]> | undefined;
  return () => {
    asked ??= allRecorded({ syncs, read: (sync) => records.read(sync, { sparing: true }) });
    return asked;
  };
}

function requestFor(
  sync: SyncSpec,
  { config, head, signal }: ClusterCheck,
  { recorded }: Recorded,
): Omit<DriftRequest, 'now' | 'run'> {
  const { graceSeconds, limits } = config.drift;
  const behind = head && { behindSeconds: limits.behind, suspended: head.stops.isSuspended(sync) };
  const unmanaged = unmanagedOf(config, sync);
  return {
    ...{ sync, signal },
    ...{ settings: config.drift, unmanaged: unmanaged && { ...unmanaged, recorded } },
    telling: { graceSeconds, ...behind },
  };
}

/** The head was read once for all syncs. */
function desiredAt(desired: DesiredReader, { head }: ClusterCheck): DesiredReader {
  return {
    objects: (sync, revision) => desired.objects(sync, revision),
    head: async () => {
      if (head !== undefined) return head.revision;
      throw new RetryableError('the head of Git cannot be read', { code: 'no-head' });
    },
  };
}

function heartbeat(
  { cluster, config, head }: ClusterCheck,
  looked: Looked & { syncs: readonly SyncSpec[] } & Pick<CheckReported, 'run' | 'startedAt' | 'at'>,
): CheckReported {
  const { run, startedAt, at, syncs, findings, failed, unreachable } = looked;
  const { puller, checker, held } = config.drift.limits;
  return {
    type: 'CheckReported',
    ...{ run, startedAt, at, cluster: cluster.name },
    ...(head !== undefined && { revision: head.revision }),
    clusters: Object.keys(config.clusters),
    syncs: syncs.map(({ name }) => name),
    ...(head?.standIn && { standIn: true }),
    objects: findings.reduce((sum, { objects = 0 }) => sum + objects, 0),
    ...(unreachable !== undefined && { unreachable }),
    failed,
    ...(head !== undefined && { stopped: head.stops.stopped }),
    limits: { puller, checker, held },
  };
}
