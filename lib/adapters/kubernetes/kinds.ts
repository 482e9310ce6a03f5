import type { KindsThere, Resource } from '../../drift/ports.ts';
import { aggregatedDiscovery } from './capabilities.ts';
import type { Client } from './client.ts';
import { readError } from './status.ts';

/** What an API server says of its groups, in aggregated discovery. */
export interface GroupList {
  kind?: string;
  items?: { metadata?: { name?: string }; versions?: GroupVersion[] }[];
}

/** One version of a group. */
export interface GroupVersion {
  version: string;
  /** `Stale`: the server of the group does not answer, and this is what it said last, if anything. */
  freshness?: string;
  resources?: {
    resource: string;
    scope: string;
    verbs?: string[];
    responseKind?: { kind?: string };
    subresources?: { subresource: string }[];
  }[];
}

/**
 * The namespaced kinds of which a client can make objects and list them, each once, at the version that the server prefers. Kinds that can only be
 * read are views of something else. Throws when the server cannot say, also one before Kubernetes 1.27, which answers in another form.
 */
export async function readKinds(client: Client): Promise<KindsThere> {
  const groups = await discoverGroups(client);
  const kinds = new Map<string, Resource>();
  for (const { metadata, versions = [] } of groups) {
    const group = metadata?.name ?? '';
    for (const resource of versions.flatMap((version) => resourcesOf(group, version))) {
      const key = `${group}/${resource.kind}`;
      if (!kinds.has(key)) kinds.set(key, resource);
    }
  }
  const silent = groups.filter(({ versions = [] }) => versions.some(isSilent));
  return { kinds: [...kinds.values()], unread: silent.map(({ metadata }) => metadata?.name ?? '').sort() };
}

/** All groups that a server has. Throws when it cannot say, also one before Kubernetes 1.27, which answers in another form. */
export async function discoverGroups(client: Client): Promise<NonNullable<GroupList['items']>> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => ask(client, path)));
  return lists.flatMap(({ items = [] }) => items);
}

async function ask(client: Client, path: string): Promise<GroupList> {
  const answer = await client.send({
    ...{ verb: 'discover', method: 'GET', path },
    accept: aggregatedDiscovery,
  });
  const list = answer.json as GroupList;
  const isWhole = answer.status === 200 && list.kind === 'APIGroupDiscoveryList';
  if (!isWhole)
    throw readError(client.server, `list what it serves (${path})`, {
      ...answer,
      status: answer.status === 200 ? 406 : answer.status,
    });
  return list;
}

function resourcesOf(group: string, { version, resources = [] }: GroupVersion): Resource[] {
  return resources.flatMap(({ resource, scope, verbs = [], responseKind }): Resource[] => {
    const isListed = scope === 'Namespaced' && verbs.includes('list') && verbs.includes('create');
    if (!isListed || responseKind?.kind === undefined) return [];
    const apiVersion = group === '' ? version : `${group}/${version}`;
    return [{ apiVersion, kind: responseKind.kind, plural: resource, namespaced: true }];
  });
}

/** True where the group's own server does not answer, and nothing is known of it. */
export function isSilent({ freshness, resources = [] }: GroupVersion): boolean {
  return freshness === 'Stale' && resources.length === 0;
}
