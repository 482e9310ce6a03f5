import type { Config, SyncSpec, UnmanagedRules } from '../config/config.ts';
import { isPassing, isSomebodys, originOf } from '../kube/drift-rules-unmanaged.ts';
import type { ManagerRules } from '../kube/managers.ts';
import type { ObjectDrift, Unknown } from '../model/drift.ts';
import { each } from '../model/each.ts';
import { matchesGlob } from '../model/glob.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf, parseObjectId } from '../model/object-id.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { type AllRecords, allRecorded, type RecordedSync } from './all-recorded.ts';
import { sorted, type Verdicts } from './compare-recorded.ts';
import { kindName } from './kind-name.ts';
import type { ClusterReader, Resource } from './ports.ts';
import { whyNot } from './reason.ts';
import { whileTime } from './time-left.ts';

/** What windlass.yaml says of objects that nobody declared. */
export interface Unmanaged {
  rules: UnmanagedRules;
  /** All syncs of the cluster that are checked: one of them tells of a namespace. */
  syncs: string[];
  /** What the syncs had applied when the check of the cluster began, asked once for all of them; unless told, each check asks itself. */
  recorded?: (() => Promise<RecordedSync[]>) | undefined;
}

/** What a check looks for objects with that nobody declared. */
export interface UnmanagedRequest extends Unmanaged {
  sync: string;
  managers?: ManagerRules | undefined;
  /** `left`: Secrets are not looked at. */
  secrets?: 'left' | undefined;
  signal?: AbortSignal | undefined;
}

/** What was found. */
export interface Strays {
  drift: ObjectDrift[];
  unknown: Unknown[];
}

/** Lists under way at once. */
const listsAtOnce = 16;

/** What a check of a sync has to know of objects that nobody declared; undefined where windlass.yaml does not ask for them. */
export function unmanagedOf({ drift, syncs }: Config, { cluster }: Pick<SyncSpec, 'cluster'>): Unmanaged | undefined {
  if (drift.unmanaged === undefined) return undefined;
  const names = syncs.filter((sync) => sync.cluster === cluster).map(({ name }) => name);
  return { rules: drift.unmanaged, syncs: names };
}

/** What a look for objects works with that nobody declared. */
export interface UnmanagedDeps {
  cluster: Pick<ClusterReader, 'kinds' | 'pages'>;
  records: AllRecords;
  /** What Git's head declares of a sync; only asked for a sync that has no record. Throws when it cannot be told. */
  declared(sync: string): Promise<KubeObject[]>;
}

/**
 * Finds the objects that no sync of the cluster declares, in the namespaces that this sync tells of. Only reads, and only metadata. What
 * cannot be listed is unknown.
 */
export async function unmanaged(request: UnmanagedRequest, deps: UnmanagedDeps): Promise<Strays> {
  const { cluster, records } = deps;
  const { signal } = request;
  try {
    const before = await whileTime(request.recorded?.() ?? allRecorded(records), signal);
    const namespaces = namespacesOf(request, before);
    if (namespaces.length === 0) return { drift: [], unknown: [] };
    const { kinds, unread } = await whileTime(cluster.kinds(), signal);
    const found = await listStrays(kinds, namespaces, request, cluster);
    const strays = withoutRecorded(found.strays, before);
    // A pull says in its record what it is about to write before it does.
    const after = strays.length === 0 ? before : await whileTime(allRecorded(records), signal);
    const { drift, unknown } = await toldOf(withoutRecorded(strays, after), after, request, deps);
    return { drift, unknown: [...unread.map(unknownGroup), ...found.unknown, ...unknown].map(ofUndeclared) };
  } catch (error) {
    const reason = whyNot(error, signal);
    return { drift: [], unknown: [ofUndeclared({ object: '*', reason: `objects that nobody declared: ${reason}` })] };
  }
}

/** The patterns of `drift.unmanaged.namespaces` that fit no namespace of any sync of the cluster: there is nothing to look for. */
export function uselessNamespaces({ namespaces }: UnmanagedRules, recorded: readonly RecordedSync[]): string[] {
  const managed = [...ownersOf(recorded).keys()];
  return namespaces.filter((pattern) => !managed.some((name) => matchesGlob(pattern, name)));
}

/** The verdicts about a sync with what was found beside its objects. */
export function withStrays<T extends Verdicts>(verdicts: T, { drift, unknown }: Strays): T {
  if (drift.length + unknown.length === 0) return verdicts;
  const all = { ...verdicts, drift: [...verdicts.drift, ...drift], unknown: [...verdicts.unknown, ...unknown] };
  return { ...all, ...sorted(all) };
}

/** Those namespaces that this sync tells of, so that each is told by one. */
function namespacesOf({ sync, syncs, rules }: UnmanagedRequest, recorded: readonly RecordedSync[]): string[] {
  const owners = ownersOf(recorded.filter((one) => syncs.includes(one.sync)));
  return [...owners].flatMap(([namespace, owner]) => {
    const isAsked = rules.namespaces.some((pattern) => matchesGlob(pattern, namespace));
    return isAsked && owner === sync ? [namespace] : [];
  });
}

/** By namespace the sync that declares it, else the first by name that has something in it. What is Windlass's own has none. */
function ownersOf(recorded: readonly RecordedSync[]): Map<string, string> {
  const declared = new Map<string, string>();
  const used = new Map<string, string>();
  for (const { sync, objects } of [...recorded].sort((a, b) => (a.sync < b.sync ? -1 : 1))) {
    for (const id of objects.map(parseObjectId)) {
      if (id?.group === '' && id.kind === 'Namespace' && !declared.has(id.name)) declared.set(id.name, sync);
      if (id !== undefined && id.namespace !== '' && !used.has(id.namespace)) used.set(id.namespace, sync);
    }
  }
  const owners = new Map([...used, ...declared]);
  owners.delete(systemNamespace);
  return owners;
}

async function listStrays(
  kinds: readonly Resource[],
  namespaces: readonly string[],
  { rules, managers, secrets, signal }: UnmanagedRequest,
  cluster: Pick<ClusterReader, 'pages'>,
): Promise<{ strays: KubeObject[]; unknown: Unknown[] }> {
  const strays = new Map<string, KubeObject>();
  const unknown = new Map<string, Unknown>();
  const looked = kinds.filter(({ apiVersion, kind }) => {
    const group = groupOf(apiVersion);
    return !isPassing(group, kind) && !(secrets === 'left' && group === '' && kind === 'Secret');
  });
  const lists = looked.flatMap((resource) => namespaces.map((namespace) => ({ resource, namespace })));
  await each(lists, listsAtOnce, async ({ resource, namespace }) => {
    try {
      for await (const page of cluster.pages(resource, { only: 'metadata', namespace, signal })) {
        for (const object of page)
          if (isSomebodys(object, { managers, ignore: rules.ignore }))
            strays.set(object.metadata.uid ?? nameOf(object), object);
      }
    } catch (error) {
      const object = kindName(resource);
      unknown.set(object, { object, reason: whyNot(error, signal) });
    }
  });
  return { strays: [...strays.values()], unknown: [...unknown.values()] };
}

function withoutRecorded(objects: readonly KubeObject[], recorded: readonly RecordedSync[]): KubeObject[] {
  const names = new Set(recorded.flatMap((one) => one.objects));
  const uids = new Set(recorded.flatMap((one) => one.uids));
  return objects.filter((object) => !names.has(nameOf(object)) && !uids.has(object.metadata.uid ?? ''));
}

/** What is to be told of objects that are in no record: what a sync declares that was never pulled, another tool may have applied. */
async function toldOf(
  strays: readonly KubeObject[],
  recorded: readonly RecordedSync[],
  { syncs, managers, signal }: UnmanagedRequest,
  { declared }: UnmanagedDeps,
): Promise<Strays> {
  const names = new Set<string>();
  const bare = strays.length === 0 ? [] : syncs.filter((name) => !recorded.some(({ sync }) => sync === name));
  for (const sync of bare) {
    try {
      for (const object of await whileTime(declared(sync), signal)) names.add(nameOf(object));
    } catch (error) {
      const why = whyNot(error, signal);
      const reason = `nobody knows whether sync ${sync} declares it, which was never pulled: ${why}`;
      return { drift: [], unknown: strays.map((object) => ({ object: nameOf(object), reason })) };
    }
  }
  const undeclared = strays.filter((object) => !names.has(nameOf(object)));
  return { drift: undeclared.map((object) => driftOf(object, managers)), unknown: [] };
}

function driftOf(object: KubeObject, managers: ManagerRules | undefined): ObjectDrift {
  const { reason, field } = originOf(object, managers);
  return { object: nameOf(object), state: 'unmanaged', fields: field === undefined ? [] : [field], reason };
}

// Declared objects were compared, whatever could not be listed here.
function ofUndeclared(unknown: Unknown): Unknown {
  return { ...unknown, undeclared: true };
}

function unknownGroup(group: string): Unknown {
  return {
    object: group,
    reason: `the API server cannot say which kinds ${group} has: its own server does not answer`,
  };
}
