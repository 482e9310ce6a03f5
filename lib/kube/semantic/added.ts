import type { KubeObject, ManagedFieldsEntry } from '../../model/kube-object.ts';
import { type FieldPath, type FieldsV1, pathText, union } from '../fields.ts';
import { type Addition, foreignAdditions } from '../foreign.ts';
import { classOfEntry, type ManagerRules } from '../managers.ts';
import { cleaned } from '../normalise.ts';
import type { KindSchema } from '../schema.ts';
import { type Appliers, isCreator, lastAppliedTo, withEntries } from './appliers.ts';
import { declaredFields } from './declared.ts';
import { childPlace, isFree, itemPlace, type Place, rootPlace } from './place.ts';

/** What additions are looked for by. */
export interface Beside {
  /** As rendered. */
  git: KubeObject;
  /** What Git declares. */
  ours: FieldsV1;
  schema: KindSchema;
  appliers: Appliers;
  ignored: readonly FieldPath[];
  managers?: ManagerRules | undefined;
}

/** Fields that people put on an object beside what Git declares, each once, sorted by path. */
export function addedBesideGit(live: KubeObject, beside: Beside): Addition[] {
  const { appliers, managers } = beside;
  const others = appliers.others.filter((entry) => entry.operation === 'Apply' || !isCreator(entry, live));
  const all = [
    ...additionsOf(live, others, beside),
    ...byCreators(live, beside),
    ...(appliers.kind === 'kubectl-apply' ? byApply(live, beside) : []),
    ...(appliers.kind === 'kubectl-client' ? byClientSideApply(live, beside) : []),
  ].filter(({ path, entry }) => classOfEntry(entry, managers) === 'person' && !isServers(path));
  const once = new Map(all.map((addition) => [pathText(addition.path), addition]));
  return [...once.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, addition]) => addition);
}

function additionsOf(
  live: KubeObject,
  entries: ManagedFieldsEntry[],
  { ours, ignored, managers }: Pick<Beside, 'ours' | 'ignored' | 'managers'>,
): Addition[] {
  return foreignAdditions(withEntries(live, entries), ours, ['person'], ignored, { managers });
}

/** Who creates an object gets the server's defaults into the entry. No default puts a key into a map, so these are the creator's own. */
function byCreators(live: KubeObject, beside: Beside): Addition[] {
  const { appliers, schema } = beside;
  const entries = [...appliers.entries, ...appliers.others].filter((entry) => isCreator(entry, live));
  if (appliers.kind === 'kubectl-client') return [];
  return additionsOf(live, entries, beside).filter(({ path }) => isKeyOfMap(path, schema));
}

/** A server-side apply owns all that it sent, also nothing. */
function byApply(live: KubeObject, beside: Beside): Addition[] {
  const sent = declaredFields(beside.git, beside.schema, { nulls: true });
  return additionsOf(live, beside.appliers.entries, { ...beside, ours: union(beside.ours, sent) });
}

/** A client-side apply notes all that it applied. */
function byClientSideApply(live: KubeObject, beside: Beside): Addition[] {
  const noted = lastAppliedTo(live);
  if (noted === undefined) return [];
  const applied = declaredFields(cleaned({ ...noted, apiVersion: live.apiVersion, kind: live.kind }), beside.schema);
  const entries = beside.appliers.entries.slice(0, 1).map((entry) => ({ ...entry, fieldsV1: applied }));
  return additionsOf(live, entries, beside);
}

/** Labels that the API server sets by itself, in the name of who creates the object. */
function isServers(path: FieldPath): boolean {
  return path.at(-1) === 'f:kubernetes.io/metadata.name';
}

function isKeyOfMap(path: FieldPath, schema: KindSchema): boolean {
  let place: Place | undefined = rootPlace(schema);
  for (const element of path) {
    if (place === undefined) return false;
    place = element.startsWith('f:') ? childPlace(place, element.slice(2)) : itemPlace(place);
  }
  return place !== undefined && path.at(-1)?.startsWith('f:') === true && isFree(place);
}
