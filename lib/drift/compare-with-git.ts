import type { DriftRules } from '../kube/drift-rules.ts';
import { exceptionsOf } from '../kube/exceptions/exceptions.ts';
import { isSecret } from '../kube/hash.ts';
import { syncLabel } from '../kube/normalise.ts';
import type { KindSchema } from '../kube/schema.ts';
import { compareWithGit as compareObject, type GitComparison } from '../kube/semantic/compare-with-git.ts';
import type { Unknown } from '../model/drift.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { sorted, type Verdicts } from './compare-recorded.ts';
import type { DesiredReader, RecordReader } from './ports.ts';
import { neverPulled, readApplied, writing } from './read-applied.ts';
import { type Pair, type ReadPairs, readDeclared } from './read-declared.ts';
import type { Reading } from './read-live.ts';
import { reasonOf, whyNot } from './reason.ts';
import { ruleUses } from './rule-uses.ts';
import { whileTime } from './time-left.ts';

/** What a sync without a record is compared by. */
export interface WithoutRecord {
  sync: string;
  /** Git's head; undefined where it could not be read. */
  head: string | undefined;
  desired: DesiredReader;
  records: RecordReader;
  reading: Reading;
  /** `left`: Secrets are not looked at. */
  secrets?: 'left' | undefined;
  /** What Git says is no drift, and whose tools count. */
  rules?: DriftRules | undefined;
}

/** What was found; `basis` and how many objects Git has are there when Git was compared. */
export type GitVerdicts = Verdicts & { basis?: 'git'; objects?: number };

/**
 * Compares a sync of which there is no record with Git's head: another tool applies it, or the record was lost. Where nothing of it is in the
 * cluster it was never applied by anybody, and nothing is known.
 */
export async function compareWithGit(request: WithoutRecord): Promise<GitVerdicts> {
  const { sync, reading, records } = request;
  const declared = await declaredObjects(request);
  if ('reason' in declared) return nothingKnown([{ object: '*', reason: declared.reason }]);
  const read = await readDeclared(
    declared.objects.filter((object) => isCompared(object, request)),
    reading,
  );
  const unknown = read.unknown;
  if (!wasApplied(read, sync)) return nothingKnown([{ object: '*', reason: neverPulled }], unknown);
  const verdicts = await compareAll(read, request);
  const now = verdicts.drift.length === 0 ? undefined : await readApplied(sync, records);
  if (now === undefined || now.isNone) return { basis: 'git', objects: read.pairs.length, ...sorted(verdicts) };
  // Where a pull has begun, what differed may be what it writes; else it could not be asked whether one has.
  return nothingKnown(now.revision === undefined ? now.unknown : [writing('*')], unknown);
}

async function declaredObjects({
  sync,
  head,
  desired,
  reading: { signal },
}: WithoutRecord): Promise<{ objects: KubeObject[] } | { reason: string }> {
  if (head === undefined) return { reason: `${neverPulled}, and the head of Git cannot be read` };
  try {
    return { objects: await whileTime(desired.objects(sync, head), signal) };
  } catch (error) {
    return { reason: `${neverPulled}, and Git cannot be compared: ${whyNot(error, signal)}` };
  }
}

function nothingKnown(why: Unknown[], more: Unknown[] = []): GitVerdicts {
  return sorted({ drift: [], unknown: [...why, ...more], leftToControllers: [] });
}

function isCompared(object: KubeObject, { secrets }: WithoutRecord): boolean {
  if (secrets === 'left' && isSecret(object)) return false;
  return exceptionsOf(object).apply !== 'never';
}

/**
 * True when something of the sync is in the cluster that only an apply can have brought there: a Namespace is often made ahead, and what
 * another sync of ours applied was moved in Git and not pulled yet.
 */
function wasApplied({ pairs }: ReadPairs, sync: string): boolean {
  const telling = pairs.filter(({ git }) => git.kind !== 'Namespace');
  return (telling.length > 0 ? telling : pairs).some(({ live }) => {
    const applier = live?.metadata.labels?.[syncLabel];
    return live !== undefined && (applier === undefined || applier === sync);
  });
}

async function compareAll(read: ReadPairs, { records, reading, rules }: WithoutRecord): Promise<Verdicts> {
  const verdicts: Verdicts = { drift: [], unknown: [...read.unknown], leftToControllers: [] };
  const used: string[][] = [];
  const kinds = [...Map.groupBy(read.pairs, ({ git }) => `${git.apiVersion} ${git.kind}`).values()];
  const schemas = await Promise.all(kinds.map((pairs) => schemaOf(pairs[0]!.git, reading)));
  const hashKey = read.pairs.some(({ git }) => isSecret(git)) ? await savedHashKey(records, reading) : undefined;
  for (const [i, pairs] of kinds.entries()) {
    const schema = schemas[i]!;
    for (const pair of pairs) {
      if ('reason' in schema) verdicts.unknown.push({ object: nameOf(pair.git), reason: schema.reason });
      else if (pair.live !== undefined || !isHook(pair.git))
        used.push(compare(pair, { schema, hashKey, rules }, verdicts));
    }
  }
  const objects = read.pairs.map(({ git }) => nameOf(git));
  const uses = ruleUses(rules, { objects, unknown: verdicts.unknown, used });
  return { ...verdicts, ...(uses.length > 0 && { rules: uses }) };
}

/** Gives the rules that took something away. */
function compare(
  { git, live }: Pair,
  by: Pick<GitComparison, 'schema' | 'hashKey' | 'rules'>,
  verdicts: Verdicts,
): string[] {
  const { drift, leftToControllers, rulesUsed = [] } = compareObject({ git, live, ...by });
  if (drift !== undefined) verdicts.drift.push(drift);
  if (leftToControllers.length > 0) verdicts.leftToControllers.push(nameOf(git));
  return rulesUsed;
}

async function schemaOf(
  { apiVersion, kind }: KubeObject,
  { cluster, signal }: Reading,
): Promise<KindSchema | { reason: string }> {
  try {
    const schema = await whileTime(cluster.schema(apiVersion, kind), signal);
    return schema ?? { reason: `the API server does not publish a schema of ${kind} of ${apiVersion}` };
  } catch (error) {
    return { reason: whyNot(error, signal) };
  }
}

/** Without the key, values of Secrets are compared and not shown. */
async function savedHashKey(records: RecordReader, { signal }: Reading): Promise<Uint8Array | undefined> {
  try {
    return await whileTime(records.savedHashKey(), signal);
  } catch (error) {
    if (!signal?.aborted) reasonOf(error);
    return undefined;
  }
}

/** True for a hook of Helm or Argo CD, which goes away when it is done. */
function isHook({ metadata }: KubeObject): boolean {
  const annotations = metadata.annotations ?? {};
  return 'helm.sh/hook' in annotations || 'argocd.argoproj.io/hook' in annotations;
}
