import { createHash } from 'node:crypto';

/** What is pushed. */
export interface PushedImage {
  /** `linux/amd64` unless told. */
  platform?: string;
  labels?: Record<string, string>;
  /** Of the manifest. */
  annotations?: Record<string, string>;
}

/** A document of an image, as it lies in a registry. */
export interface Document {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

/** An OCI image without content, as the two documents that it consists of. */
export function imageDocuments(image: PushedImage): { manifest: Document; config: Document } {
  const [os, architecture, variant] = (image.platform ?? 'linux/amd64').split('/');
  const config = documentOf('application/vnd.oci.image.config.v1+json', {
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    config: { Labels: image.labels ?? {} },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = documentOf(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config),
    layers: [],
    ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
  });
  return { manifest, config };
}

/** An OCI index of manifests; a platform of `undefined` is left out of it. */
export function indexDocument(children: readonly { manifest: Document; platform: string | undefined }[]): Document {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const manifests = children.map(({ manifest, platform }) => {
    const [os, architecture, variant] = platform?.split('/') ?? [];
    const named = variant === undefined ? { os, architecture } : { os, architecture, variant };
    return { ...descriptorOf(manifest), ...(platform === undefined ? {} : { platform: named }) };
  });
  return documentOf(mediaType, { schemaVersion: 2, mediaType, manifests });
}

/** Any JSON as a document. */
export function documentOf(mediaType: string, content: object): Document {
  const bytes = Buffer.from(JSON.stringify(content));
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

/** Pushes an image by the OCI API of `url`, and gives its digest. */
export async function pushTo(
  url: string,
  path: string,
  tag: string,
  image: PushedImage = {},
  headers: Record<string, string> = {},
): Promise<string> {
  const { manifest, config } = imageDocuments(image);
  const place = { url: `${url}/v2/${path}`, headers };
  await putBlob(place, config);
  await putManifest(place, tag, manifest);
  return manifest.digest;
}

/** Pushes an index of images, and gives the index's digest. */
export async function pushIndexTo(
  url: string,
  path: string,
  tag: string,
  images: readonly PushedImage[],
): Promise<string> {
  const place = { url: `${url}/v2/${path}`, headers: {} };
  const children: { manifest: Document; platform: string }[] = [];
  for (const image of images) {
    const { manifest, config } = imageDocuments(image);
    await putBlob(place, config);
    await putManifest(place, manifest.digest, manifest);
    children.push({ manifest, platform: image.platform ?? 'linux/amd64' });
  }
  const index = indexDocument(children);
  await putManifest(place, tag, index);
  return index.digest;
}

interface Place {
  url: string;
  headers: Record<string, string>;
}

function descriptorOf({ mediaType, digest, bytes }: Document): object {
  return { mediaType, digest, size: bytes.byteLength };
}

async function putBlob({ url, headers }: Place, { digest, bytes }: Document): Promise<void> {
  const begun = await send(202, `${url}/blobs/uploads/`, { method: 'POST', headers });
  const place = new URL(begun.headers.get('location')!, url);
  place.searchParams.set('digest', digest);
  await send(201, place.href, { method: 'PUT', headers, body: new Uint8Array(bytes) });
}

async function putManifest({ url, headers }: Place, reference: string, { bytes, mediaType }: Document): Promise<void> {
  const typed = { ...headers, 'content-type': mediaType };
  await send(201, `${url}/manifests/${reference}`, { method: 'PUT', headers: typed, body: new Uint8Array(bytes) });
}

async function send(wanted: number, url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (answer.status !== wanted) throw new Error(`${init.method} ${url} answered ${answer.status}: ${text}`);
  return answer;
}
