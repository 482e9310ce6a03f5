import type { ObjectDrift } from '../model/drift.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { fewOf } from '../model/shorten.ts';
import { toSeconds } from '../model/until.ts';
import type { DriftRules } from './drift-rules.ts';
import { ignoredIn } from './exceptions/ignored.ts';
import { childrenOf, type FieldPath, type FieldsV1, pathText } from './fields.ts';
import { type Fight, type Finding, type Judgement, judge } from './fight.ts';
import { fieldsOf, type ManagerRules, ourFields } from './managers.ts';
import { takeOverPatch } from './ownership.ts';
import type { ApplyDecision } from './planned-apply.ts';
import type { AppliedEntry } from './record.ts';
import type { Scaling } from './scalers.ts';

/** What to do about one object. */
export type Decision = 'unchanged' | { skip: string } | ApplyDecision;

/** An object of which Git still says what was applied. */
interface Applied {
  desired: KubeObject;
  live: KubeObject | undefined;
  entry: AppliedEntry;
  drift: ObjectDrift | undefined;
  /** Fields that others added and that a rule says may stay. */
  kept?: readonly FieldPath[];
  /** True when its replicas are ours with an autoscaler's number, and there is no autoscaler any more. */
  freed: boolean;
  scaling: Scaling | undefined;
  /** The autoscaler that sets its replicas, or rests while they are 0. */
  scaler: string | undefined;
}

/** What healing has to tell beside its decision. */
interface Told {
  fights: Fight[];
  notHealed: Set<string>;
  noted: AppliedEntry[];
}

/** Decides what to do about an object that may have drifted: put it right, or leave it, wholly or in part, because it was put right too often. */
export function heal(
  applied: Applied,
  options: { selfHeal: boolean; takeOver?: boolean; now?: Date; rules?: DriftRules | undefined },
  told: Told,
): Decision {
  const { entry, live, drift } = applied;
  if (applied.live === undefined && applied.entry.expires) return 'unchanged';
  if (!options.selfHeal) return unhealed(applied, told);
  const managers = options.rules?.managers;
  const judged = judgeDrift(applied, options.now, managers);
  told.fights.push(...judged.fights);
  if (drift === undefined || live === undefined) return withoutFields(applied, judged, told);
  const { paused } = judged;
  const texts = new Set(paused.map(pathText));
  if (texts.size > 0) told.notHealed.add(entry.object);
  const fields = drift.fields.filter(({ path }) => !texts.has(path));
  if (fields.length === 0 && drift.reason === undefined) return { skip: pausedReason(judged.fights) };
  const except = [...ignoredIn(applied.desired, live), ...(applied.kept ?? []), ...paused];
  const removable = () => takeOverPatch(live, 'people', except, managers) !== undefined;
  const isAdded = fields.length > 0 && fields.every(({ note }) => note === 'added') && drift.reason === undefined;
  if (isAdded && !(options.takeOver && removable())) return 'unchanged';
  return {
    action: 'configured',
    reason: [
      'drift',
      drift.reason,
      fewOf(
        fields.map(({ path }) => path),
        3,
      ),
    ]
      .filter(Boolean)
      .join(': '),
    rewrites: judged.rewrites,
    ...(isStripped(live) && { adopt: true }),
    ...(paused.length > 0 && { paused, before: entry.fields }),
  };
}

function unhealed({ entry, live, drift, scaling }: Applied, told: Told): Decision {
  const { rewrites = [] } = entry;
  if (live !== undefined && isNews(entry, scaling)) told.noted.push(notedEntry(entry, { rewrites }, scaling));
  if (live === undefined) return { skip: 'it is missing, and self-heal is off' };
  return drift === undefined ? 'unchanged' : { skip: 'it drifted, and self-heal is off' };
}

/** Nothing of the object differs, or all of it: it is missing. */
function withoutFields({ entry, live, freed, scaling, scaler }: Applied, judged: Judgement, told: Told): Decision {
  const { rewrites } = judged;
  if (live === undefined && judged.paused.length > 0) {
    told.notHealed.add(entry.object);
    return { skip: pausedReason(judged.fights) };
  }
  if (live === undefined) return { action: 'created', reason: 'it was missing', rewrites };
  if (ourFields(live) === undefined)
    return {
      action: 'configured',
      reason: 'our ownership of its fields was taken away',
      rewrites,
      ...(isStripped(live) && { adopt: true }),
    };
  if (freed) return { action: 'configured', reason: freedReason(scaler), rewrites };
  if (judged.ended || isNews(entry, scaling)) told.noted.push(notedEntry(entry, judged, scaling));
  return 'unchanged';
}

/** True where an autoscaler came or went since the record was written. */
function isNews({ scaled }: AppliedEntry, scaling: Scaling | undefined): boolean {
  return scaling !== undefined && scaling !== 'unknown' && (scaling === 'scaled') !== (scaled ?? false);
}

/** True where nobody's fields are known: the API server credits them to `before-first-apply` then, and they have to become ours again. */
function isStripped({ metadata }: KubeObject): boolean {
  return (metadata.managedFields ?? []).length === 0;
}

function freedReason(scaler: string | undefined): string {
  return scaler === undefined ? 'no autoscaler sets its replicas any more' : `${scaler} rests, as replicas are 0`;
}

/** The entry with what is known now of who else writes the object. */
function notedEntry(
  { rewrites: _before, scaled, ...rest }: AppliedEntry,
  judged: Pick<Judgement, 'rewrites'>,
  scaling?: Scaling,
): AppliedEntry {
  const isScaled = scaling === 'scaled' || (scaled === true && scaling !== 'free');
  const { rewrites } = judged;
  return { ...rest, ...(isScaled && { scaled: true as const }), ...(rewrites.length > 0 && { rewrites }) };
}

function judgeDrift({ entry, live, drift }: Applied, now: Date | undefined, managers?: ManagerRules): Judgement {
  if (now === undefined) return { paused: [], rewrites: [], ended: false, fights: [] };
  return judge(entry.object, entry.rewrites ?? [], findingsOf(entry, live, drift), now, managers);
}

function findingsOf(entry: AppliedEntry, live: KubeObject | undefined, drift: ObjectDrift | undefined): Finding[] {
  if (drift === undefined) return [];
  if (live === undefined) return [{ path: [] }];
  const paths = pathsByText([entry.fields, ...(live.metadata.managedFields ?? []).map((one) => fieldsOf(one) ?? {})]);
  return drift.fields.flatMap((field) => {
    const path = paths.get(field.path);
    return path === undefined ? [] : [{ path, field }];
  });
}

function pathsByText(sets: readonly FieldsV1[]): Map<string, FieldPath> {
  const paths = new Map<string, FieldPath>();
  const walk = (node: FieldsV1, path: FieldPath): void => {
    for (const [element, child] of childrenOf(node)) {
      const here = [...path, element];
      paths.set(pathText(here), here);
      walk(child, here);
    }
  };
  for (const set of sets) walk(set, []);
  return paths;
}

function pausedReason(fights: readonly Fight[]): string {
  const writers = [...new Set(fights.map(({ manager }) => manager ?? 'another writer'))].join(' and ');
  const until = fights
    .map((fight) => fight.until)
    .sort()
    .at(-1);
  return `${writers} keeps changing it: left as it is until ${until && toSeconds(until)}`;
}
