import type { FieldDrift } from '../../model/drift.ts';
import { type KubeObject, type ManagedFieldsEntry, nameOf } from '../../model/kube-object.ts';
import type { Verdict } from '../compare.ts';
import type { DriftRules } from '../drift-rules.ts';
import { ObjectRules, type SameBut } from '../drift-rules-object.ts';
import { withoutPlaces } from '../drift-rules-value.ts';
import { exceptionsOf } from '../exceptions/exceptions.ts';
import { ignoredIn, put, takenIn } from '../exceptions/ignored.ts';
import { withoutIgnored } from '../exceptions/without-ignored.ts';
import { expires } from '../expires.ts';
import { type Shower, showerOf } from '../field-drift.ts';
import { type FieldPath, pathText } from '../fields.ts';
import { holderOf, holds } from '../holder.ts';
import { isLeft } from '../left.ts';
import { fieldsOf, type ManagerRules, managerText } from '../managers.ts';
import { cleaned } from '../normalise.ts';
import { resolvePath } from '../resolve.ts';
import type { KindSchema } from '../schema.ts';
import { addedBesideGit } from './added.ts';
import { type Appliers, appliersOf, lastAppliedTo, withEntries } from './appliers.ts';
import { conceal } from './conceal.ts';
import { declaredFields, orderOf } from './declared.ts';
import { type Difference, differences } from './differences.ts';

/** One comparison of a live object with Git, where there is no record of what was applied. */
export interface GitComparison {
  /** As rendered. */
  git: KubeObject;
  /** Read at Git's apiVersion; undefined only when the API server said that it is not there. */
  live: KubeObject | undefined;
  /** As the API server publishes it. */
  schema: KindSchema;
  /** For the values of Secrets; without one they are not shown at all. */
  hashKey?: Uint8Array | undefined;
  /** What Git says is no drift, and whose tools count. */
  rules?: DriftRules | undefined;
}

/**
 * Compares an object with Git by the meaning of values, and by `managedFields`: what people put beside Git is `added`. Git's value may not have
 * been applied yet, so a difference says only that Git and the cluster differ, and whose the field is now.
 */
export function compareWithGit({ git, live, schema, hashKey, rules: inForce }: GitComparison): Verdict {
  const object = nameOf(git);
  const managers = inForce?.managers;
  const nothing: Verdict = { leftToControllers: [], addedByOthers: [], ownershipLost: [] };
  const { apply } = exceptionsOf(git);
  if (apply === 'never') return nothing;
  if (live === undefined && expires(git)) return nothing;
  if (live === undefined) return { ...nothing, drift: { object, state: 'missing', fields: [], reason: missingInGit } };
  if (apply === 'once') return nothing;
  const wanted = withoutIgnored(cleaned(git));
  const ignored = ignoredIn(git, live);
  const appliers = appliersOf(live, managers);
  const show = showerOf(live, wanted, hashKey ?? new Uint8Array());
  const judge: Judge = { live, appliers, show, taken: takenIn(git, live), managers };
  const ours = declaredFields(wanted, schema);
  const rules = new ObjectRules(
    { object, projection: orderOf(ours), ignored: ignored.map((path) => [...path]) },
    inForce,
  );
  const isHidden = ({ path, holder, what }: Judged) => {
    const same = what === 'value' ? sameAt(path, wanted, live, schema) : undefined;
    return rules.hides(path, holder && managerText(holder), same);
  };
  const found = differences(wanted, live, schema)
    .map((difference) => judged(difference, judge))
    .filter((one) => one.is !== 'changed' || !isHidden(one));
  const added =
    apply === 'merge'
      ? []
      : addedBesideGit(live, { git, ours, schema, appliers, ignored, managers }).flatMap(rules.keep);
  const conceals = (field: FieldDrift) => (hashKey === undefined ? conceal(field) : field);
  const changed = found.flatMap(({ field, is }) => (is === 'changed' ? [field()] : []));
  const fields = [...changed, ...added.map(show.added)].map(conceals).sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    ...nothing,
    rulesUsed: rules.used,
    leftToControllers: found.flatMap(({ field, is }) => (is === 'left' ? [conceals(field())] : [])),
    ...(fields.length > 0 && { drift: { object, state: changed.length > 0 ? 'changed' : 'added', fields } }),
  };
}

/** What differences are judged by. */
interface Judge {
  live: KubeObject;
  appliers: Appliers;
  show: Shower;
  taken: readonly FieldPath[];
  managers: ManagerRules | undefined;
}

interface Judged extends Pick<Difference, 'path' | 'what'> {
  is: 'changed' | 'left' | 'nothing';
  /** Whose the field is now, where that is not who applies. */
  holder: ManagedFieldsEntry | undefined;
  field(): FieldDrift;
}

/** Compares a value that is one once more, without what rules mean inside of it. What a default filled in is no difference. */
function sameAt(path: FieldPath, wanted: KubeObject, live: KubeObject, schema: KindSchema): SameBut {
  return (places) => {
    const [one, other] = [wanted, live].map((object) => withoutPlacesAt(path, object, places));
    const rest = differences(one, other, schema).filter((difference) => difference.doubt === undefined);
    return !rest.some((difference) => pathText(difference.path) === pathText(path));
  };
}

function withoutPlacesAt(path: FieldPath, object: KubeObject, places: Parameters<SameBut>[0]): KubeObject {
  const found = resolvePath(object, path, true);
  if (found.count !== 'one') return object;
  const copy = structuredClone(object);
  put(copy, path, withoutPlaces(found.value, places));
  return copy;
}

function judged(difference: Difference, judge: Judge): Judged {
  const { live, appliers, taken, managers } = judge;
  const { path, what, doubt } = difference;
  const other = holderOf(withEntries(live, appliers.others), path, managers);
  const field = () => fieldOf(difference, other, judge);
  if (isLeft(path, other, { scaling: 'unknown', taken, managers })) {
    return { is: doubt === undefined ? 'left' : 'nothing', path, what, holder: other, field };
  }
  const isReal = doubt === undefined || other !== undefined || isLost(path, live, appliers);
  return { is: isReal ? 'changed' : 'nothing', path, what, holder: other, field };
}

function fieldOf({ path, what }: Difference, other: ManagedFieldsEntry | undefined, judge: Judge): FieldDrift {
  const { live, appliers, show, managers } = judge;
  if (what === 'order') return show.changed({ path, what });
  if (what === 'absent') {
    const applied = resolvePath(lastAppliedTo(live), path, true).count !== 'none';
    return { ...show.lost({ path, value: 'removed' }), ...(!applied && { note: removedOrNeverApplied }) };
  }
  const holder = other ?? holderOf(withEntries(live, appliers.entries), path, managers);
  const own = appliers.entries.find((entry) => holds(fieldsOf(entry) ?? {}, path));
  return show.lost({ path, value: 'changed', holder: holder ?? own });
}

/** Nobody noted whether it was ever there. */
const missingInGit = 'not there: deleted, or not applied yet';

const removedOrNeverApplied = 'not there: whether it was removed or never applied is not recorded';

/**
 * True for a field that the tool that applies has not, although it applied server-side: then its entry has all that it set, also what the API
 * server left out for being empty, and somebody else changed the field since.
 */
function isLost(path: FieldPath, live: KubeObject, { entries }: Appliers): boolean {
  const applied = entries.some(({ operation, apiVersion }) => operation === 'Apply' && apiVersion === live.apiVersion);
  return applied && !entries.some((entry) => holds(fieldsOf(entry) ?? {}, path));
}
