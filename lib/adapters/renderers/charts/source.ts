import * as z from 'zod';
import type { PublishedChart } from '../../../config/config.ts';
import { originOf } from '../../../desired/chart-sources.ts';
import type { ChartSource } from '../../../desired/ports.ts';
import { UserError } from '../../../model/errors.ts';
import type { ImageSource } from '../../../model/image-contents.ts';
import { download } from './http.ts';
import { findArchive } from './repository.ts';
import { openStore, type Store, sha256 } from './store.ts';
import { unpackChart } from './unpack.ts';

/** Where charts are fetched from and kept. */
export interface ChartSourceOptions {
  /** The documents of a repository in an OCI registry, verified against their digests. */
  images(repository: string): Promise<ImageSource>;
  /** Where archives are kept, by digest. */
  cacheDir: string;
  fetch?: typeof fetch;
}

const largestIndex = 64_000_000;
const largestArchive = 20_000_000;
const largestManifest = 1_000_000;
const contentType = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

const manifestShape = z.looseObject({ layers: z.array(z.looseObject({ mediaType: z.string(), digest: z.string() })) });

/** Charts of OCI registries and of chart repositories. What is kept is asked for nowhere: its digest says that it is right. */
export function openChartSource({ images, cacheDir, fetch = globalThis.fetch }: ChartSourceOptions): ChartSource {
  const store = openStore(cacheDir);
  return {
    files: async (chart) => {
      const archive =
        chart.kind === 'oci' ? await fromRegistry(chart, images, store) : await fromRepository(chart, fetch, store);
      return await unpackChart(archive, originOf(chart));
    },
  };
}

type OciChart = Extract<PublishedChart, { kind: 'oci' }>;
type RepoChart = Extract<PublishedChart, { kind: 'repo' }>;

/** https://helm.sh/docs/topics/registries/: a manifest with one layer that is the archive. */
async function fromRegistry(chart: OciChart, images: ChartSourceOptions['images'], store: Store): Promise<Uint8Array> {
  const manifest = await kept(store, chart.digest, originOf(chart), async () => {
    const source = await images(chart.repository);
    return (await source.manifest(chart.digest)).bytes;
  });
  const layer = layerOf(manifest, chart);
  return await kept(store, layer, originOf(chart), async () => (await images(chart.repository)).blob(layer));
}

function layerOf(manifest: Uint8Array, chart: OciChart): string {
  const refuse = (why: string) =>
    new UserError(`${originOf(chart)}@${chart.digest} is no Helm chart: ${why}`, {
      code: 'chart-unreadable',
      subject: originOf(chart),
    });
  if (manifest.length > largestManifest) throw refuse('its manifest has more than 1 MB');
  const parsed = manifestShape.safeParse(json(manifest));
  if (!parsed.success) throw refuse('its manifest cannot be read');
  const layer = parsed.data.layers.find(({ mediaType }) => mediaType === contentType);
  if (layer === undefined) throw refuse(`it has no layer of the type ${contentType}`);
  if (!/^sha256:[0-9a-f]{64}$/.test(layer.digest)) throw refuse('its layer has no sha256 digest');
  return layer.digest;
}

async function fromRepository(chart: RepoChart, fetch: typeof globalThis.fetch, store: Store): Promise<Uint8Array> {
  return await kept(store, chart.digest, originOf(chart), async () => {
    const address = new URL(`${chart.url}/index.yaml`);
    const { url, digest } = findArchive(
      await download(address, largestIndex, fetch),
      address,
      chart.name,
      chart.version,
    );
    if (digest !== undefined && digest !== chart.digest) throw otherDigest(chart, digest);
    return await download(url, largestArchive, fetch);
  });
}

async function kept(store: Store, digest: string, name: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const known = await store.get(digest);
  if (known !== undefined) return known;
  const bytes = await fetch();
  const found = sha256(bytes);
  if (found !== digest) {
    const message = `what was fetched as ${name} has the digest ${found}, and not ${digest}: nothing of it is used`;
    throw new UserError(message, { code: 'digest-wrong', subject: name });
  }
  await store.put(bytes);
  return bytes;
}

function otherDigest(chart: RepoChart, digest: string): UserError {
  const message = `${originOf(chart)} has the digest ${digest} in its repository, and not ${chart.digest}: nothing of it is used`;
  return new UserError(message, { code: 'digest-wrong', subject: originOf(chart) });
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
