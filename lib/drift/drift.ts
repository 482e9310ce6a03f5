import { type Impersonation, userOf } from '../config/account.ts';
import type { SyncSpec } from '../config/config.ts';
import { type DriftRules, type DriftSettings, driftRules, rulesHash } from '../kube/drift-rules.ts';
import { RetryableError } from '../model/errors.ts';
import type { DriftFound } from '../model/messages.ts';
import { compareRecorded, type Verdicts, verdictsOf } from './compare-recorded.ts';
import { compareWithGit } from './compare-with-git.ts';
import { gitObjects } from './git-objects.ts';
import type { ClusterReader, DesiredReader, Findings, RecordReader } from './ports.ts';
import { type Applied, readApplied } from './read-applied.ts';
import type { Reading } from './read-live.ts';
import { reasonOf } from './reason.ts';
import { shortenFinding } from './shorten-finding.ts';
import { whileTime } from './time-left.ts';
import { type Strays, type Unmanaged, unmanaged, withStrays } from './unmanaged.ts';
import { withoutRaces } from './without-races.ts';

/** One check of one sync. */
export interface DriftRequest {
  sync: Pick<SyncSpec, 'name' | 'cluster' | 'environment' | 'serviceAccount'>;
  /** Unique for this check. */
  run: string;
  /** When the check begins. */
  now: Date;
  /**
   * Aborted when the time to read is over: what was not read by then is unknown. What was found is still held against the record and sent,
   * so that some seconds must be left after it.
   */
  signal?: AbortSignal | undefined;
  /** What windlass.yaml says about drift. Absent: nothing. */
  settings?: DriftSettings | undefined;
  /** Where objects that nobody declared are drift. Absent: they are not looked for. */
  unmanaged?: Unmanaged | undefined;
  /** What the report flow has to know to tell people in time. */
  telling?: Pick<DriftFound, 'graceSeconds' | 'behindSeconds' | 'suspended'>;
}

/** What a check works with. */
export interface DriftDeps {
  cluster: ClusterReader;
  records: RecordReader;
  desired: DesiredReader;
  findings: Findings;
  /** Which syncs are read as their service account; those that name one, unless told. */
  impersonation?: Impersonation;
  /** `left`: Secrets are left to the puller. They are neither listed nor read, and the finding says so. */
  secrets?: 'left';
}

/**
 * Compares the cluster with what was last applied of one sync, or without a record with Git, and sends what it found, also when that is nothing.
 * Only reads. What cannot be read is in `unknown`; only a bug, or a finding that cannot be sent, is thrown.
 */
export async function drift(request: DriftRequest, deps: DriftDeps): Promise<DriftFound> {
  const { sync, run, now, telling, signal, settings } = request;
  const [applied, head] = await Promise.all([
    readApplied(sync.name, deps.records, { secrets: deps.secrets, signal }),
    headOf(deps.desired, signal),
  ]);
  const user = userOf(sync, deps.impersonation);
  const reader = user === undefined ? deps.cluster : deps.cluster.as(user);
  const rules = settings && driftRules(settings, now);
  const reading = { cluster: reader, signal, managers: rules?.managers };
  const verdicts = applied.isNone
    ? await compareWithGit({ sync: sync.name, head, reading, rules, ...deps })
    : await compareWithRecord(applied, reading, rules, deps);
  const strays = await straysOf(request, head, rules, deps);
  const { revision, appliedAt } = applied;
  const found: DriftFound = {
    type: 'DriftFound',
    run,
    at: now.toISOString(),
    cluster: sync.cluster,
    sync: sync.name,
    ...(sync.environment !== undefined && { environment: sync.environment }),
    ...(revision !== undefined && { revision }),
    ...(head !== undefined && { head }),
    ...(appliedAt !== undefined && { appliedAt }),
    ...(!applied.isNone && revision !== undefined && { objects: applied.entries.length }),
    ...withStrays(verdicts, strays),
    ...(settings && { rulesHash: rulesHash(settings) }),
    ...(deps.secrets === 'left' && { leftOut: ['Secret'] }),
    ...telling,
  };
  await deps.findings.send(shortenFinding(found));
  return found;
}

async function compareWithRecord(
  applied: Applied,
  reading: Reading,
  rules: DriftRules | undefined,
  { desired, records }: Pick<DriftDeps, 'desired' | 'records'>,
): Promise<Verdicts> {
  const compared = await compareRecorded(applied, reading, rules);
  const wanted = new Set(compared.found.filter(({ live }) => live !== undefined).map(({ entry }) => entry.object));
  const git = wanted.size > 0 ? await gitObjects(applied, desired, { signal: reading.signal, wanted }) : new Map();
  return await withoutRaces(verdictsOf(compared, git), applied, records);
}

/** As whoever checks: a service account of a sync may list its own kinds alone. */
async function straysOf(
  { sync, unmanaged: asked, signal }: DriftRequest,
  head: string | undefined,
  rules: DriftRules | undefined,
  { cluster, records, desired, secrets }: DriftDeps,
): Promise<Strays> {
  if (asked === undefined) return { drift: [], unknown: [] };
  const syncs = records.syncs?.bind(records);
  if (syncs === undefined) throw new Error('these records do not say which syncs have one');
  const request = { ...asked, sync: sync.name, managers: rules?.managers, secrets, signal };
  return await unmanaged(request, {
    cluster,
    records: { syncs, read: (name) => records.read(name, { sparing: true }) },
    declared: async (name) => {
      if (head === undefined) throw new RetryableError('the head of Git cannot be read', { code: 'no-head' });
      return await desired.objects(name, head);
    },
  });
}

/** Undefined when Git does not answer: the cluster can be compared with the record all the same. */
async function headOf(desired: DesiredReader, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return await whileTime(desired.head(), signal);
  } catch (error) {
    if (!signal?.aborted) reasonOf(error);
    return undefined;
  }
}
