import type { KindsThere, Resource } from '../../drift/ports.ts';
import type { Client } from './client.ts';
import { readError } from './status.ts';

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery: one answer for all groups. */
const aggregated = ['v2', 'v2beta1'].map(
  (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
);

interface GroupList {
  kind?: string;
  items?: { metadata?: { name?: string }; versions?: GroupVersion[] }[];
}

interface GroupVersion {
  version: string;
  /** `Stale`: the server of the group does not answer, and this is what it said last, if anything. */
  freshness?: string;
  resources?: { resource: string; scope: string; verbs?: string[]; responseKind?: { kind?: string } }[];
}

/**
 * The namespaced kinds of which a client can make objects and list them, each once, at the version that the server prefers. Kinds that can only be
 * read are views of something else. Throws when the server cannot say, also one before Kubernetes 1.27, which answers in another form.
 */
export async function readKinds(client: Client): Promise<KindsThere> {
  const lists = await Promise.all(['/api', '/apis'].map((path) => ask(client, path)));
  const groups = lists.flatMap(({ items = [] }) => items);
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

async function ask(client: Client, path: string): Promise<GroupList> {
  const answer = await client.send({
    ...{ verb: 'discover', method: 'GET', path },
    accept: `${aggregated.join(',')},application/json`,
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

function isSilent({ freshness, resources = [] }: GroupVersion): boolean {
  return freshness === 'Stale' && resources.length === 0;
}
