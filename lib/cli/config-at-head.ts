import type { ConfigRepo, Head } from '../bump/ports.ts';
import type { Config, SyncSpec } from '../config/config.ts';
import { imagesOfFlux } from '../config/flux-images.ts';
import { imageSurvey, type SurveyedFile } from '../config/image-survey.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { desired } from '../desired/desired.ts';
import type { SourceTree } from '../desired/ports.ts';
import { sourcesOf } from '../desired/sources.ts';
import { UserError } from '../model/errors.ts';
import { isWithin } from '../model/tree-path.ts';
import type { Io } from './command.ts';
import { writableRepo } from './wiring-bump.ts';
import type { Where } from './wiring-history.ts';

/** The config repo at its head: windlass.yaml with Flux's image policies, and where images stand. */
export interface ConfigAtHead {
  repo: ConfigRepo;
  head: Head;
  config: Config;
  files: SurveyedFile[];
}

/** Reads it. Throws `UserError` where windlass.yaml is not there or broken. */
export async function configAtHead(io: Io, where: Where): Promise<ConfigAtHead> {
  const { repo } = await writableRepo(io, where);
  const head = await repo.head();
  if (head.windlassFile === undefined)
    throw new UserError(`the branch ${repo.branch} has no ${windlassFileName}`, { code: 'windlass-file-missing' });
  const { config, problems } = readConfig(new TextDecoder().decode(head.windlassFile));
  if (config === undefined) throw new UserError(`${windlassFileName} is broken`, { code: 'config-invalid', problems });
  const { files } = await repo.survey(head.revision, imageSurvey(config));
  const flux = imagesOfFlux(files, Object.keys(config.images));
  return { repo, head, config: { ...config, images: { ...config.images, ...flux.images } }, files };
}

/** The files in which an image stands, by its markers and targets. */
export function filesOfImage({ files }: Pick<ConfigAtHead, 'files'>, image: string): string[] {
  return files.filter(({ facts }) => facts.markers.some(({ policy }) => policy === image)).map(({ path }) => path);
}

/** The directories and files that decide what a sync declares: its path, and what that builds on. Nothing is rendered for it. */
export async function pathsOfSync(tree: SourceTree, sync: SyncSpec): Promise<string[]> {
  const kustomizer = { build: async () => '', version: async () => '' };
  const { inputs } = await desired({ tree, ...sourcesOf(sync), kustomizer });
  const all = [...new Set([sync.path, ...inputs])];
  return all.filter((path) => !all.some((other) => other !== path && isWithin(other, path)));
}
