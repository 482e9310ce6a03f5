import type { RecordsReader } from '../../audit/ports.ts';
import type { Config } from '../../config/config.ts';

/** What commands call by name: `image/web`, `sync/shop-prod`, `cluster/prod`, in the order of windlass.yaml. */
export function namesIn({ images, syncs, clusters }: Pick<Config, 'images' | 'syncs' | 'clusters'>): string[] {
  return [
    ...Object.keys(images).map((name) => `image/${name}`),
    ...syncs.map(({ name }) => `sync/${name}`),
    ...Object.keys(clusters).map((name) => `cluster/${name}`),
  ];
}

/** The same of the records: those that a loop has looked at so far, by name. Throws what the reader throws. */
export async function namesRecorded(records: Pick<RecordsReader, 'images' | 'syncs' | 'clusters'>): Promise<string[]> {
  const [images, syncs, clusters] = await Promise.all([records.images(), records.syncs(), records.clusters()]);
  const known = [...syncs, ...clusters.filter(({ left }) => left !== true)].map(({ cluster }) => cluster);
  return [
    ...images.map(({ policy }) => `image/${policy}`),
    ...syncs.map(({ sync }) => `sync/${sync}`),
    ...[...new Set(known)].map((name) => `cluster/${name}`),
  ];
}
