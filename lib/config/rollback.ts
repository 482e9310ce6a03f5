import type { Config } from './config.ts';

/** True where windlass.yaml asks for automatic rollbacks in a sync of a cluster: the sync does, or an image that it may have. */
export function mayRollBack(
  { images, syncs }: Pick<Config, 'images' | 'syncs'>,
  { cluster, sync }: { cluster: string; sync: string },
): boolean {
  const found = syncs.find((one) => one.name === sync && one.cluster === cluster);
  if (found === undefined) return false;
  return found.rollback !== undefined || Object.values(images).some(({ rollback }) => rollback !== undefined);
}
