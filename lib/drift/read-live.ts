import type { ManagerRules } from '../kube/managers.ts';
import { needsValues } from '../kube/needs-values.ts';
import { syncLabel } from '../kube/normalise.ts';
import type { AppliedEntry } from '../kube/record.ts';
import type { Unknown } from '../model/drift.ts';
import { each } from '../model/each.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { kindName } from './kind-name.ts';
import type { ClusterReader, PageRequest, Resource } from './ports.ts';
import type { Applied } from './read-applied.ts';
import { isForbidden, reasonOf, whyNot } from './reason.ts';
import { whileTime } from './time-left.ts';

/** Is given each recorded object that has to be compared; undefined where the API server said that there is none. The same one may come again: the later one counts. */
export type Look = (entry: AppliedEntry, live: KubeObject | undefined) => void;

/** What a reading works with. */
export interface Reading {
  cluster: ClusterReader;
  /** Aborted when there is no time left to read. */
  signal?: AbortSignal | undefined;
  /** Whose tools count as what, where Git says so. */
  managers?: ManagerRules | undefined;
}

/** So many kinds are read at once: of each, one page is held. */
const kindsAtOnce = 6;
/** One object read by itself takes about as long as so many in a list (measured: 6 to 20). */
const listedPerRead = 10;
/** How many objects of a kind are read by themselves at once. */
const readsAtOnce = 32;

/**
 * Reads the recorded objects: one LIST of each kind by our label, metadata only, which settles most of them; whole those that need it, by another
 * LIST where they are many; by name those that the list lacks (a removed label is not a deleted object). Nothing is held that was looked at.
 * Gives what could not be read: that of one kind stops no other.
 */
export async function readLive(applied: Applied, reading: Reading, look: Look): Promise<Unknown[]> {
  const kinds = [...Map.groupBy(applied.entries, (entry) => `${entry.apiVersion} ${entry.kind}`).values()];
  const isNamespaces = ([entry]: AppliedEntry[]) => entry?.apiVersion === 'v1' && entry.kind === 'Namespace';
  const read = (entries: AppliedEntry[]) => readKind(applied.sync, entries, reading, look);
  // A namespace that is just being deleted must not be missed alone, with all that was in it read a moment before.
  const first = await each(kinds.filter(isNamespaces), kindsAtOnce, read);
  const others = kinds.filter((entries) => !isNamespaces(entries));
  return [...first, ...(await each(others, kindsAtOnce, read))].flat();
}

/** The recorded objects of one kind that were not looked at yet, and where they are. */
interface Kind extends Reading {
  resource: Resource;
  labelSelector: string;
  unread: Map<string, AppliedEntry>;
  /** What may be listed; undefined for the whole cluster. */
  scopes: (string | undefined)[];
}

async function readKind(sync: string, entries: AppliedEntry[], reading: Reading, look: Look): Promise<Unknown[]> {
  const { apiVersion, kind } = entries[0]!;
  const { cluster, signal } = reading;
  try {
    const resource = await whileTime(cluster.resource(apiVersion, kind), signal);
    if (resource === undefined) return unreadable(entries, `the API server does not know ${kind} of ${apiVersion}`);
    const unread = new Map(entries.map((entry) => [entry.object, entry]));
    const mine: Kind = { ...reading, resource, labelSelector: `${syncLabel}=${sync}`, unread, scopes: [undefined] };
    const moved = await settle(mine);
    if (moved.size * listedPerRead > entries.length) await readList(mine, moved, look);
    return await readSingly(mine, look);
  } catch (error) {
    return unreadable(entries, whyNot(error, signal));
  }
}

/** Takes away what metadata show to be as it was applied; gives the names of those that have to be read whole. */
async function settle(kind: Kind): Promise<Set<string>> {
  const all = new Map(kind.unread);
  const moved = new Set<string>();
  await listOurs(kind, 'metadata', (object) => {
    const name = nameOf(object);
    const entry = all.get(name);
    if (entry === undefined) return;
    if (needsValues(entry, object, kind.managers)) {
      moved.add(name);
      kind.unread.set(name, entry);
    } else {
      moved.delete(name);
      kind.unread.delete(name);
    }
  });
  return moved;
}

async function readList(kind: Kind, moved: ReadonlySet<string>, look: Look): Promise<void> {
  const all = new Map(kind.unread);
  await listOurs(kind, undefined, (object) => {
    const name = nameOf(object);
    const entry = moved.has(name) ? all.get(name) : undefined;
    if (entry === undefined) return;
    kind.unread.delete(name);
    look(entry, object);
  });
}

/** One list of the whole cluster, or of each namespace where only that is allowed. */
async function listOurs(kind: Kind, only: PageRequest['only'], visit: (object: KubeObject) => void): Promise<void> {
  const { cluster, resource, labelSelector, signal } = kind;
  let refusal: unknown;
  const list = async (namespace?: string): Promise<boolean> => {
    try {
      const request = { ...(only && { only }), labelSelector, namespace, signal };
      for await (const page of cluster.pages(resource, request)) for (const object of page) visit(object);
      return true;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      refusal = error;
      return false;
    }
  };
  const allowed = await each(kind.scopes, 1, list);
  kind.scopes = kind.scopes.filter((_, index) => allowed[index]);
  if (kind.scopes.length > 0 || !resource.namespaced || refusal === undefined) return;
  const namespaces = [...new Set([...kind.unread.values()].map(({ namespace }) => namespace))];
  const may = await each(namespaces, kindsAtOnce, list);
  kind.scopes = namespaces.filter((_, index) => may[index]);
  if (kind.scopes.length === 0) throw refusal;
}

function unreadable(entries: AppliedEntry[], reason: string): Unknown[] {
  return [{ object: kindName(entries[0]!), reason }];
}

async function readSingly({ cluster, resource, unread, signal }: Kind, look: Look): Promise<Unknown[]> {
  const unknown: Unknown[] = [];
  await each([...unread.values()], readsAtOnce, async (entry) => {
    const { object, apiVersion, kind, namespace, name } = entry;
    try {
      look(entry, await cluster.get(resource, { group: groupOf(apiVersion), kind, namespace, name }, signal));
    } catch (error) {
      signal?.throwIfAborted();
      unknown.push({ object, reason: reasonOf(error) });
    }
  });
  return unknown;
}
