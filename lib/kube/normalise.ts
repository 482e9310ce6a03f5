import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { isSecret } from './hash.ts';
import { copyOf, isMap, type JsonMap, mapOf } from './values.ts';

/** The label that every applied object carries: the name of its sync. */
export const syncLabel = 'windlass.dev/sync';

/** The annotation that names sync and object, so that a copy of an object does not pass for it. */
export const idAnnotation = 'windlass.dev/id';

/** Set by the API server: it refuses them, or holds them against us, when an exported manifest brings them. */
const serverMetadata = ['uid', 'resourceVersion', 'generation', 'selfLink', 'managedFields', 'deletionTimestamp'];

/**
 * Git's object as it is applied, hashed and compared: `cleaned`, with our label and tracking id put in. The object itself is not changed.
 */
export function normalise(object: KubeObject, { sync }: { sync: string }): KubeObject {
  const result = cleaned(object);
  result.metadata.labels = { ...result.metadata.labels, [syncLabel]: sync };
  result.metadata.annotations = { ...result.metadata.annotations, [idAnnotation]: trackingId(result, sync) };
  return result;
}

/**
 * Git's object without what the API server sets or refuses, and with what makes false differences written as the API server keeps it. The object
 * itself is not changed.
 */
export function cleaned(object: KubeObject): KubeObject {
  const { status: _status, ...copy } = copyOf(object);
  const result = copy as KubeObject;
  cleanMetadata(result.metadata);
  for (const name of serverMetadata) delete result.metadata[name];
  delete result.metadata.creationTimestamp;
  for (const metadata of templateMetadata(result)) cleanMetadata(metadata);
  if (isMap(result['aggregationRule'])) delete result['rules'];
  if (isSecret(result)) encodeStringData(result);
  return result;
}

/** True when a live object carries the sync's label and a tracking id that names this very object. */
export function belongsTo(live: KubeObject, sync: string): boolean {
  const { labels, annotations } = live.metadata;
  return labels?.[syncLabel] === sync && annotations?.[idAnnotation] === trackingId(live, sync);
}

function trackingId(object: KubeObject, sync: string): string {
  return `${sync}:${nameOf(object)}`;
}

/** Empty maps are owned as a whole, and lost to the first controller that puts an annotation in. */
function cleanMetadata(metadata: JsonMap): void {
  for (const name of ['labels', 'annotations']) {
    const value = metadata[name];
    if (value === null || (isMap(value) && Object.keys(value).length === 0)) delete metadata[name];
  }
  if (metadata['creationTimestamp'] === null) delete metadata['creationTimestamp'];
}

/** Metadata of what the object is a template for: tools write `creationTimestamp: null` there too. */
function templateMetadata(object: KubeObject): JsonMap[] {
  const spec = mapOf(object['spec']);
  const job = mapOf(spec['jobTemplate']);
  const claims = Array.isArray(spec['volumeClaimTemplates']) ? spec['volumeClaimTemplates'] : [];
  const holders = [spec['template'], job, mapOf(job['spec'])['template'], ...claims];
  return holders.map((holder) => mapOf(holder)['metadata']).filter(isMap);
}

/**
 * `stringData` never exists live: fields under it would be owned and never found again. It wins over `data`, as the API server has it.
 * A Secret that is malformed stays as it is: the API server says what is wrong with it.
 */
function encodeStringData(secret: KubeObject): void {
  const { stringData, data } = secret;
  if (stringData === null) delete secret['stringData'];
  if (!isMap(stringData) || (data !== undefined && data !== null && !isMap(data))) return;
  const entries = Object.entries(stringData).map(([key, value]) => [key, value ?? '']);
  if (entries.some(([, value]) => typeof value !== 'string')) return;
  const encoded = entries.map(([key, value]) => [key, base64(value as string)]);
  secret['data'] = { ...mapOf(data), ...Object.fromEntries(encoded) };
  delete secret['stringData'];
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
