import { UserError } from './errors.ts';
import { type Child, type Manifest, readImageConfig, readManifest } from './image-manifest.ts';

/** Where the documents of one repository come from. Both verify what they give against its digest. */
export interface ImageSource {
  /** The repository, for messages. */
  repository: string;
  /** An index or manifest, by tag or digest. */
  manifest(reference: string): Promise<{ digest: string; bytes: Uint8Array }>;
  /** A config, by digest. */
  blob(digest: string): Promise<Uint8Array>;
}

/** What an image is: see `ImageDetails` of bump, which this gives. */
export interface ImageContents {
  digest: string;
  platforms: string[];
  labels: Record<string, string>;
}

/** Indexes of indexes are allowed, are never seen, and could be without end. */
const deepest = 3;
/** An index names what it likes, and each child that does not say its platform costs two documents. */
const mostDocuments = 130;

/**
 * Reads index, manifest and config of a tag or digest. Labels come from the first platform's config; an annotation of its manifest or of the index
 * counts where there is no label of its name. Throws `UserError` for what cannot be read or is nested or branched beyond reason.
 */
export async function lookInto(from: ImageSource, reference: string): Promise<ImageContents> {
  const source = bounded(from, reference);
  const { digest, bytes } = await source.manifest(reference);
  const manifest = readManifest(bytes, nameOf(source, reference));
  const images = await imagesOf(source, manifest, { reference, depth: 1 });
  const [first] = images;
  const platforms = [...new Set(images.flatMap(({ platform }) => platform ?? []))];
  return { digest, platforms, labels: { ...manifest.annotations, ...(await first?.labels()) } };
}

/** The digests of the images that an index names, those of nested indexes as well; undefined for a single image. Throws as `lookInto`. */
export async function partsOf(from: ImageSource, reference: string): Promise<string[] | undefined> {
  const source = bounded(from, reference);
  const { bytes } = await source.manifest(reference);
  const manifest = readManifest(bytes, nameOf(source, reference));
  if (manifest.kind === 'image') return undefined;
  const images = await imagesOf(source, manifest, { reference, depth: 1 });
  return images.map(({ digest }) => digest);
}

function bounded(source: ImageSource, reference: string): ImageSource {
  let read = 0;
  const count = () => {
    read++;
    if (read > mostDocuments) throw unreasonable(source, reference, `consists of more than ${mostDocuments} documents`);
  };
  return {
    repository: source.repository,
    manifest: async (name) => {
      count();
      return source.manifest(name);
    },
    blob: async (digest) => {
      count();
      return source.blob(digest);
    },
  };
}

interface Found {
  digest: string;
  platform: string | undefined;
  /** Reads them: only those of the first image are asked for. */
  labels(): Promise<Record<string, string>>;
}

interface At {
  reference: string;
  depth: number;
}

async function imagesOf(source: ImageSource, manifest: Manifest, at: At): Promise<Found[]> {
  if (manifest.kind === 'image') return [await imageOf(source, manifest, at.reference)];
  if (at.depth > deepest) throw unreasonable(source, at.reference, `has indexes in indexes more than ${deepest} deep`);
  const found: Found[] = [];
  for (const child of manifest.children) found.push(...(await childOf(source, child, at)));
  return found;
}

async function childOf(source: ImageSource, { digest, platform }: Child, at: At): Promise<Found[]> {
  const inside = async () => {
    const { bytes } = await source.manifest(digest);
    return imagesOf(source, readManifest(bytes, nameOf(source, digest)), { reference: digest, depth: at.depth + 1 });
  };
  if (platform === undefined) return inside();
  return [{ digest, platform, labels: async () => (await (await inside())[0]?.labels()) ?? {} }];
}

async function imageOf(
  source: ImageSource,
  manifest: Extract<Manifest, { kind: 'image' }>,
  digest: string,
): Promise<Found> {
  if (manifest.config === undefined) return { digest, platform: undefined, labels: async () => manifest.annotations };
  const bytes = await source.blob(manifest.config);
  const { platform, labels } = readImageConfig(bytes, nameOf(source, manifest.config));
  return { digest, platform, labels: async () => ({ ...manifest.annotations, ...labels }) };
}

function nameOf({ repository }: ImageSource, reference: string): string {
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

function unreasonable(source: ImageSource, reference: string, why: string): UserError {
  const name = nameOf(source, reference);
  return new UserError(`${name} ${why}`, { code: 'image-unreadable', subject: name });
}
