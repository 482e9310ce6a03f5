import type { Config } from '../config/config.ts';
import type { SourceTree } from '../desired/ports.ts';

/** One revision of the config repo, open for reading. */
export interface Head {
  tree: SourceTree;
  /** windlass.yaml of that revision, or the last valid one. */
  config: Config;
}
