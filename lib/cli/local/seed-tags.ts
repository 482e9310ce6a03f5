import type { ConfigRepo } from '../../bump/ports.ts';
import type { Config } from '../../config/config.ts';
import { imageSurvey } from '../../config/image-survey.ts';
import { currentOf } from '../../edit/current.ts';

/** What the registry of this machine can be told. */
interface SeededRegistry {
  seed(repositories: Readonly<Record<string, readonly string[]>>, at: Date): Promise<void>;
}

/** Tells the local registry of every tag that Git has at a marker: what runs was pushed once. Real registries know theirs. */
export async function seedTags(
  config: Config,
  repo: ConfigRepo,
  registry: SeededRegistry,
  { revision, at, isReal }: { revision: string; at: Date; isReal: (image: string) => boolean },
): Promise<void> {
  const { files } = await repo.survey(revision, imageSurvey(config));
  const marked = files.flatMap(({ facts }) => facts.markers);
  const tags: Record<string, string[]> = {};
  for (const { name, image } of Object.values(config.images)) {
    if (!isReal(image)) tags[image] = [...(tags[image] ?? []), ...currentOf(marked, name).tags];
  }
  await registry.seed(tags, at);
}
