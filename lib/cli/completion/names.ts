import type { Config } from '../../config/config.ts';

/** What commands call by name: `image/web`, `sync/shop-prod`, `cluster/prod`, in the order of windlass.yaml. */
export function namesIn({ images, syncs, clusters }: Pick<Config, 'images' | 'syncs' | 'clusters'>): string[] {
  return [
    ...Object.keys(images).map((name) => `image/${name}`),
    ...syncs.map(({ name }) => `sync/${name}`),
    ...Object.keys(clusters).map((name) => `cluster/${name}`),
  ];
}
