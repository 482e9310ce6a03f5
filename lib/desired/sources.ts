import type { SyncSpec } from '../config/config.ts';

/** What `desired` is asked for a sync. */
export function sourcesOf({ path, helm, variables }: Pick<SyncSpec, 'path' | 'helm' | 'variables'>) {
  return { path, chart: helm, variables };
}
