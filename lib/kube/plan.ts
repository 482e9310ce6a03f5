import { isDeepStrictEqual } from 'node:util';
import type { ObjectChange } from '../model/change-set.ts';
import type { FieldDrift, ObjectDrift } from '../model/drift.ts';
import { UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { compareObject, type Verdict } from './compare.ts';
import type { DriftRules } from './drift-rules.ts';
import { exceptionsOf } from './exceptions/exceptions.ts';
import { hasMember, pathText } from './fields.ts';
import type { Fight } from './fight.ts';
import type { WaitingPrune } from './guard.ts';
import { desiredHashOf } from './hash.ts';
import { type Decision, heal } from './heal.ts';
import { holderOf } from './holder.ts';
import { ourFields } from './managers.ts';
import { belongsTo, idAnnotation } from './normalise.ts';
import { orderGroups } from './order.ts';
import { applyOf, type PlannedApply } from './planned-apply.ts';
import { type PlannedPrune, type PruneOptions, planPrune, type Skipped } from './prune.ts';
import type { AppliedEntry, AppliedRecord } from './record.ts';
import { replicasPath, type Scaling, scaledInGit } from './scalers.ts';

export type { PlannedApply } from './planned-apply.ts';

/** An object that is in the cluster and is left as it is, but belongs in the record. */
export interface Remembered {
  id: string;
  desired: KubeObject;
  live: KubeObject;
}

/** What a pull is going to do with one sync: a value, shown, performed and reported. */
export interface Plan {
  /** In order: a group is applied before the next, its members in any order. */
  apply: PlannedApply[][];
  /** Objects that are as the record says. */
  unchanged: string[];
  /** Objects that Git declares and says to leave alone. */
  leftAlone: Skipped[];
  /** Some of `leftAlone`: the record has to know them. */
  remember: Remembered[];
  /** In order, the reverse of applying. */
  prune: PlannedPrune[][];
  /** Those of the record stay in the record. */
  skipped: Skipped[];
  /** Objects of the record that left Git and are gone already, moved to another sync, or are not to be touched any more: they leave the record. */
  gone: string[];
  /** Some of `skipped`: they left Git, and are pruned when somebody approves. */
  waiting: WaitingPrune[];
  /** The same, with those that were approved: for the record, until they are pruned. */
  guarded: WaitingPrune[];
  /** What live shows against the record, before anything is healed. */
  drift: ObjectDrift[];
  /** Fields that are left to controllers: not drift. */
  leftToControllers: { id: string; fields: FieldDrift[] }[];
  /** Objects of which another writer keeps changing what Git says. */
  fights: Fight[];
  /** Some of `drift`, by object: it is left as it is, in part at least. */
  notHealed: Set<string>;
  /** Drifting objects of which Git says by now what is live. */
  adopted: Set<string>;
  /** Entries for the record of objects that need no apply: a fight about them is over, or an autoscaler came or went. */
  noted: AppliedEntry[];
}

/** How to plan. */
export interface PlanOptions extends PruneOptions {
  /** Put right what drifted although Git did not change. */
  selfHeal: boolean;
  hashKey: Uint8Array;
  /** True when the caller can send `PlannedApply.ownership`. Without it, what people added is drift that stays. */
  takeOver?: boolean;
  /** By object, whether an autoscaler sets its replicas; without it the managed fields alone decide. */
  scaling?: ReadonlyMap<string, Scaling>;
  /** By object, the autoscaler that sets its replicas, or rests while they are 0. */
  scalers?: ReadonlyMap<string, string>;
  /** What Git says is no drift, and whose tools count. */
  rules?: DriftRules | undefined;
  /** The time of the pull: with it, what another writer keeps changing is left for a growing time between two rewrites. */
  now?: Date;
}

/** What a plan is made from. */
export interface PlanInput {
  desired: KubeObject[];
  live: ReadonlyMap<string, KubeObject | undefined>;
  record: AppliedRecord | undefined;
  options: PlanOptions;
}

/**
 * What must happen so that `live` becomes `desired`.
 * `desired` are normalised objects with their namespaces; `live` has a key for every object of `desired` and of the record (its entries
 * and intent), undefined where the API server said that there is none. Throws a `UserError` (`duplicate-object`) when two objects have
 * one name, and an `Error` when an object was not looked up: not knowing is not the same as not there.
 */
export function plan({ desired, live, record, options }: PlanInput): Plan {
  refuseDuplicates(desired);
  const entries = new Map(record?.entries.map((entry) => [entry.object, entry]));
  const interrupted = new Set(record?.intent?.objects);
  const scaled = scaledInGit(desired, live);
  const result: Plan = emptyPlan();

  for (const group of orderGroups(desired)) {
    const applies: PlannedApply[] = [];
    for (const object of group) {
      const id = nameOf(object);
      const known = interrupted.has(id) ? undefined : entries.get(id);
      const subject: Subject = {
        id,
        desired: object,
        live: lookUp(live, id),
        entry: known,
        asApplied: known !== undefined && desiredHashOf(object, options.hashKey) === known.desiredHash,
        cutOff: interrupted.has(id),
        recorded: entries.has(id),
        ...(scaled.has(id) && { scaledInGit: true }),
      };
      if (leaveAlone(subject, result, options)) continue;
      const findings = compare(subject, options);
      note(result, id, findings, options);
      if (findings !== undefined && isAdopted(subject, findings, options)) result.adopted.add(id);
      const decision = decide(subject, findings, options, result);
      if (decision === 'unchanged') result.unchanged.push(id);
      else if ('skip' in decision) result.skipped.push({ id, reason: decision.skip });
      else {
        const apply = applyOf(subject, { ...decision, kept: findings?.ignoredAdditions }, options);
        applies.push(subject.scaledInGit ? { ...apply, scaling: 'scaled' } : apply);
      }
    }
    if (applies.length > 0) result.apply.push(applies);
  }
  const left = leftGit(entries, interrupted, desired);
  const pruning = planPrune(
    { left, live: (id) => lookUp(live, id), recorded: entries.size, desired, options },
    result.skipped,
  );
  return { ...result, ...pruning, gone: [...result.gone, ...pruning.gone] };
}

/** A plan that does nothing. */
export function emptyPlan(): Plan {
  return {
    apply: [],
    unchanged: [],
    leftAlone: [],
    remember: [],
    prune: [],
    skipped: [],
    gone: [],
    waiting: [],
    guarded: [],
    drift: [],
    leftToControllers: [],
    fights: [],
    notHealed: new Set(),
    adopted: new Set(),
    noted: [],
  };
}

/** The plan as changes, in the order of doing; for a dry run and `diff`. */
export function changesOf(plan: Plan): ObjectChange[] {
  const rest = restOf(plan);
  return [
    ...plan.apply.flat().map(({ id, action, reason }): ObjectChange => ({ object: id, action, reason })),
    ...rest.filter(({ action }) => action === 'unchanged'),
    ...plan.prune.flat().map(({ id, reason }): ObjectChange => ({ object: id, action: 'pruned', reason })),
    ...rest.filter(({ action }) => action === 'skipped'),
  ];
}

/** What a plan does nothing about, as changes. */
export function restOf({ unchanged, leftAlone, skipped, leftToControllers }: Plan): ObjectChange[] {
  const left = new Map(leftToControllers.map(({ id, fields }) => [id, fields.map(leftText).join('; ')]));
  return [
    ...unchanged.map((object): ObjectChange => {
      const reason = left.get(object);
      return { object, action: 'unchanged', ...(reason !== undefined && { reason }) };
    }),
    ...leftAlone.map(({ id, reason }): ObjectChange => ({ object: id, action: 'unchanged', reason })),
    ...skipped.map(({ id, reason }): ObjectChange => ({ object: id, action: 'skipped', reason })),
  ];
}

function leftText({ path, manager }: FieldDrift): string {
  return `${path} is left to ${manager ?? 'a controller'}`;
}

/** One object with all that is known about it. */
interface Subject {
  id: string;
  desired: KubeObject;
  live: KubeObject | undefined;
  /** Undefined when it was never applied, or a pull was cut off while it was being applied. */
  entry: AppliedEntry | undefined;
  /** True when Git still says what was applied. */
  asApplied: boolean;
  /** True when the last pull was cut off while this object was being applied. */
  cutOff: boolean;
  /** True when the record has it. */
  recorded: boolean;
  /** True when an autoscaler of Git's sets its replicas. */
  scaledInGit?: true;
}

/** True for an object that Git declares and says not to touch: at all, or because it is there. */
function leaveAlone(
  { id, desired, live, entry, cutOff, recorded: known }: Subject,
  result: Plan,
  options: PlanOptions,
): boolean {
  const { apply } = exceptionsOf(desired);
  if (apply === 'never') {
    if (known || cutOff) result.gone.push(id);
    result.leftAlone.push({ id, reason: 'an annotation says never to apply it' });
    return true;
  }
  if (apply !== 'once' || live === undefined || live.metadata.deletionTimestamp) return false;
  result.leftAlone.push({ id, reason: 'an annotation says to apply it once, and it is there' });
  const isOurs = belongsTo(live, options.sync) && ourFields(live) !== undefined;
  const isKnown = entry?.uid === live.metadata.uid;
  if (isOurs && !(isKnown && entry?.ignored?.some((path) => path.length === 0)))
    result.remember.push({ id, desired, live });
  else if (!isKnown && (known || cutOff)) result.gone.push(id);
  return true;
}

function compare({ id, entry, live, desired, asApplied }: Subject, options: PlanOptions): Verdict | undefined {
  if (entry === undefined) return undefined;
  const { hashKey, scaling, rules } = options;
  return compareObject({ entry, live, hashKey, ...(asApplied && { desired }), scaling: scaling?.get(id), rules });
}

/** True where Git changed, and says by now what is live in each field that differs from what was applied. */
function isAdopted(
  { id, entry, live, desired, asApplied }: Subject,
  { drift }: Verdict,
  options: PlanOptions,
): boolean {
  if (asApplied || entry === undefined || drift === undefined || drift.reason !== undefined) return false;
  const { hashKey, scaling, rules } = options;
  const shown = compareObject({ entry, live, hashKey, head: desired, scaling: scaling?.get(id), rules });
  const { fields = [] } = shown.drift ?? {};
  return fields.length > 0 && fields.every((field) => isDeepStrictEqual(field.git, field.live));
}

function note(result: Plan, id: string, findings: Verdict | undefined, { scaling, scalers }: PlanOptions): void {
  if (findings?.drift !== undefined) result.drift.push(findings.drift);
  if (findings !== undefined && findings.leftToControllers.length > 0) {
    const scaler = scaling?.get(id) === 'scaled' ? scalers?.get(id) : undefined;
    const fields = findings.leftToControllers.map((field) =>
      scaler !== undefined && field.path === pathText(replicasPath) ? { ...field, manager: scaler } : field,
    );
    result.leftToControllers.push({ id, fields });
  }
}

function decide(subject: Subject, findings: Verdict | undefined, options: PlanOptions, result: Plan): Decision {
  const { desired, live, entry, asApplied, cutOff, recorded } = subject;
  if (live?.metadata.deletionTimestamp) return { skip: 'it is being deleted' };
  if (live === undefined && entry === undefined) return { action: 'created', reason: 'not there yet' };
  if (live !== undefined && cutOff)
    return { action: 'configured', reason: 'the last pull was cut off', adopt: !recorded };
  if (live !== undefined && entry === undefined)
    return { action: 'configured', reason: adoptionReason(live, options.sync), adopt: true };
  const isMissing = live === undefined && !entry?.expires;
  if (!asApplied && isMissing) return { action: 'created', reason: 'it was missing' };
  if (!asApplied && live === undefined) return { action: 'created', reason: 'changed in Git' };
  if (!asApplied) return { action: 'configured', reason: 'changed in Git' };
  if (findings?.unknown !== undefined) return { action: 'configured', reason: findings.unknown };
  const scaling = options.scaling?.get(subject.id);
  const scaler = options.scalers?.get(subject.id);
  const freed = live !== undefined && isFreed(entry!, live, scaling);
  const { drift, ignoredAdditions: kept = [] } = findings ?? {};
  const known = subject.scaledInGit && !freed ? 'scaled' : scaling;
  return heal({ desired, live, entry: entry!, drift, kept, freed, scaling: known, scaler }, options, result);
}

/** As long as an autoscaler targeted the object, its replicas were applied as they were. */
function isFreed({ left = [] }: AppliedEntry, live: KubeObject, scaling: Scaling | undefined): boolean {
  if (scaling !== 'free' || !left.includes(pathText(replicasPath))) return false;
  // Who scales to 0 through the subresource holds nothing.
  return hasMember(ourFields(live) ?? {}, replicasPath) || holderOf(live, replicasPath) === undefined;
}

function adoptionReason(live: KubeObject, sync: string): string {
  const other = live.metadata.annotations?.[idAnnotation]?.split(':')[0];
  if (other !== undefined && other !== sync && belongsTo(live, other)) return `taken over from sync ${other}`;
  return belongsTo(live, sync) ? 'not in the record' : 'it was there before this sync';
}

function leftGit(entries: Map<string, AppliedEntry>, interrupted: Set<string>, desired: KubeObject[]): string[] {
  const wanted = new Set(desired.map(nameOf));
  return [...new Set([...entries.keys(), ...interrupted])].filter((id) => !wanted.has(id));
}

function lookUp(live: ReadonlyMap<string, KubeObject | undefined>, id: string): KubeObject | undefined {
  if (!live.has(id)) throw new Error(`${id} was not looked up in the cluster`);
  return live.get(id);
}

function refuseDuplicates(desired: KubeObject[]): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const id of desired.map(nameOf)) (seen.has(id) ? twice : seen).add(id);
  if (twice.size === 0) return;
  const problems = [...twice].map((object) => ({
    code: 'duplicate-object',
    message: 'is declared more than once',
    object,
    hint: 'keep one of them: which one would win is chance',
  }));
  throw new UserError(`${[...twice].join(', ')}: declared more than once`, { code: 'duplicate-object', problems });
}
