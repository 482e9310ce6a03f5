import type { ConfigRepo } from '../../bump/ports.ts';
import type { Config } from '../../config/config.ts';
import { currentOf } from '../../edit/current.ts';
import { findMarkers } from '../../edit/find-markers.ts';
import { markerToken } from '../../edit/source-file.ts';

/** What the registry of this machine can be told. */
interface SeededRegistry {
  seed(repositories: Readonly<Record<string, readonly string[]>>, at: Date): Promise<void>;
}

/** Tells the local registry of every tag that Git has at a marker: what runs was pushed once. */
export async function seedTags(
  config: Config,
  repo: ConfigRepo,
  registry: SeededRegistry,
  revision: string,
  at: Date,
): Promise<void> {
  const { files } = await repo.filesContaining(revision, markerToken);
  const marked = files.map(findMarkers).filter((file) => file !== undefined);
  const tags: Record<string, string[]> = {};
  for (const { name, image } of Object.values(config.images)) {
    tags[image] = [...(tags[image] ?? []), ...currentOf(marked, name).tags];
  }
  await registry.seed(tags, at);
}
