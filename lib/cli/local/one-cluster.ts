import type { Config } from '../../config/config.ts';
import type { Heads } from '../../pull/heads.ts';

/** The same heads, of which only one cluster and its syncs count. */
export function headsOfCluster(heads: Heads, cluster: string): Heads {
  const only = (config: Config): Config => ({
    ...config,
    clusters: Object.fromEntries(Object.entries(config.clusters).filter(([name]) => name === cluster)),
    syncs: config.syncs.filter((sync) => sync.cluster === cluster),
  });
  return {
    ...heads,
    at: async (revision) => {
      const head = await heads.at(revision);
      return { ...head, config: only(head.config) };
    },
    config: () => {
      const config = heads.config();
      return config && only(config);
    },
  };
}
