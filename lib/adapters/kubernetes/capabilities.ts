import type { Capabilities } from '../../desired/ports.ts';
import type { Client } from './client.ts';
import { readError } from './status.ts';

/** https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery: one answer for all groups. */
export const aggregatedDiscovery = [
  ...['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`),
  'application/json',
].join(',');

interface GroupList {
  kind?: string;
  items?: {
    metadata?: { name?: string };
    versions?: { version: string; resources?: { scope: string; responseKind?: { kind?: string } }[] }[];
  }[];
}

/**
 * The server's version and every kind that it serves. A group whose own server does not answer is left out by the API server itself. Throws
 * when the server cannot say, also one before Kubernetes 1.27, which answers in another form.
 */
export async function readCapabilities(client: Client): Promise<Capabilities> {
  const version = (await get(client, '/version')) as { gitVersion?: string };
  const kinds = [...kindsIn(await get(client, '/api')), ...kindsIn(await get(client, '/apis'))];
  return { version: version.gitVersion ?? '', kinds };
}

async function get(client: Client, path: string): Promise<unknown> {
  const accept = path === '/version' ? undefined : aggregatedDiscovery;
  const answer = await client.send({ verb: 'discover', method: 'GET', path, ...(accept && { accept }) });
  const list = answer.json as GroupList;
  if (answer.status !== 200) throw readError(client.server, `list what it serves (${path})`, answer);
  if (accept !== undefined && list.kind !== 'APIGroupDiscoveryList')
    throw readError(client.server, `list what it serves (${path})`, { ...answer, status: 406 });
  return list;
}

function kindsIn(list: unknown): Capabilities['kinds'] {
  return ((list as GroupList).items ?? []).flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.flatMap(({ scope, responseKind }) => {
        const apiVersion = metadata?.name ? `${metadata.name}/${version}` : version;
        return responseKind?.kind ? [{ apiVersion, kind: responseKind.kind, namespaced: scope === 'Namespaced' }] : [];
      }),
    ),
  );
}
