import { systemNamespace } from '../../model/system-namespace.ts';
import type { Answer, Client } from './client.ts';
import { isAbsent, readError } from './status.ts';
import { makeSystemNamespace } from './system-namespace.ts';

const manager = 'windlass-record';
const recordOf = 'windlass.dev/record-of';
const generationOf = 'windlass.dev/record-generation';
const maps = `/api/v1/namespaces/${systemNamespace}/configmaps`;
const metadataOnly = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

/** Which object, and how it was when it was read. */
export interface MapVersion {
  uid: string;
  resourceVersion: string;
}

/** A ConfigMap that holds a record, or a part of one. */
export interface RecordMap {
  metadata: MapVersion & { name: string; annotations?: Record<string, string> };
  binaryData?: Record<string, string>;
}

/** What is written of one. */
export interface RecordContent {
  name: string;
  sync: string;
  bytes: Buffer;
  generation: number;
  annotations?: Record<string, string>;
}

/** Undefined when there is none. Throws when it cannot be read. */
export async function readMap(client: Client, name: string): Promise<RecordMap | undefined> {
  return await getMap(client, name);
}

/** How it is, without its content; undefined when there is none. */
export async function versionOfMap(client: Client, name: string): Promise<MapVersion | undefined> {
  return (await getMap(client, name, metadataOnly('PartialObjectMetadata')))?.metadata;
}

async function getMap(client: Client, name: string, accept?: string): Promise<RecordMap | undefined> {
  const answer = await client.send({ verb: 'get', method: 'GET', path: `${maps}/${name}`, ...(accept && { accept }) });
  if (answer.status === 200) return answer.json as RecordMap;
  if (isAbsent(answer, name) || isAbsent(answer, systemNamespace)) return undefined;
  throw readError(client.server, `read the applied record ${name}`, answer, client.hint('forbidden'));
}

/**
 * Writes one on condition that it is as it was read, or without a version that it does not exist; gives the new version. Undefined when somebody
 * else wrote it.
 */
export async function writeMap(
  client: Client,
  content: RecordContent,
  version: MapVersion | undefined,
): Promise<MapVersion | undefined> {
  const body = JSON.stringify(objectOf(content, version));
  const isNew = version === undefined;
  const send = () =>
    client.send({
      verb: 'write-record',
      method: isNew ? 'POST' : 'PATCH',
      path: isNew ? `${maps}?fieldManager=${manager}` : `${maps}/${content.name}?fieldManager=${manager}&force=true`,
      body,
      contentType: isNew ? 'application/json' : 'application/apply-patch+yaml',
    });
  let answer = await send();
  if (isNew && isAbsent(answer, systemNamespace)) {
    await makeSystemNamespace(client);
    answer = await send();
  }
  if (answer.status === 200 || answer.status === 201) return versionIn(answer);
  if (answer.status === 409 || isAbsent(answer, content.name)) return undefined;
  throw readError(client.server, `write the applied record ${content.name}`, answer);
}

/** Removes one, if it is there. */
export async function removeMap(client: Client, name: string): Promise<void> {
  const answer = await client.send({ verb: 'write-record', method: 'DELETE', path: `${maps}/${name}` });
  if (answer.status !== 200 && !isAbsent(answer, name))
    throw readError(client.server, `remove the old record ${name}`, answer);
}

/** The names and generations of all of a sync's; undefined where listing them is forbidden. */
export async function listMaps(
  client: Client,
  sync: string,
): Promise<{ name: string; generation: number }[] | undefined> {
  const path = `${maps}?labelSelector=${encodeURIComponent(`${recordOf}=${sync}`)}`;
  const answer = await client.send({
    verb: 'list',
    method: 'GET',
    path,
    accept: metadataOnly('PartialObjectMetadataList'),
  });
  if (answer.status === 403) return undefined;
  if (answer.status !== 200) throw readError(client.server, `list the parts of the record of ${sync}`, answer);
  const { items } = answer.json as { items: RecordMap[] | null };
  return (items ?? []).map(({ metadata: { name, annotations } }) => ({
    name,
    generation: Number(annotations?.[generationOf] ?? 0),
  }));
}

/** The syncs that have a record, sorted. Throws where they cannot be listed. */
export async function syncsWithMaps(client: Client): Promise<string[]> {
  const answer = await client.send({
    verb: 'list',
    method: 'GET',
    path: `${maps}?labelSelector=${encodeURIComponent(recordOf)}`,
    accept: metadataOnly('PartialObjectMetadataList'),
  });
  if (answer.status !== 200)
    throw readError(client.server, 'list the applied records', answer, client.hint('forbidden'));
  const { items } = answer.json as { items: { metadata: { labels?: Record<string, string> } }[] | null };
  return [...new Set((items ?? []).flatMap(({ metadata }) => metadata.labels?.[recordOf] ?? []))].sort();
}

/** The content of one as it was written. */
export function bytesOf(map: RecordMap | undefined): Buffer {
  return Buffer.from(map?.binaryData?.['record'] ?? '', 'base64');
}

/** The generation that one belongs to. */
export function generationIn(map: RecordMap): number {
  return Number(map.metadata.annotations?.[generationOf]);
}

function versionIn({ json }: Answer): MapVersion {
  return (json as RecordMap).metadata;
}

function objectOf({ name, sync, bytes, generation, annotations }: RecordContent, version: MapVersion | undefined) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: systemNamespace,
      // With the resourceVersion alone, one that was deleted would be made anew.
      ...(version && { uid: version.uid, resourceVersion: version.resourceVersion }),
      labels: { 'app.kubernetes.io/managed-by': 'windlass', [recordOf]: sync },
      annotations: { ...annotations, [generationOf]: String(generation) },
    },
    binaryData: { record: bytes.toString('base64') },
  };
}
