import type { Config, ImageEntry, SyncSpec } from '../config/config.ts';
import { imagesOfFlux } from '../config/flux-images.ts';
import { readHolds } from '../config/holds.ts';
import { imageSurvey, type SurveyedFile } from '../config/image-survey.ts';
import type { Unreadable } from '../config/stop-files.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import type { RecentCommit } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { fewOf } from '../model/shorten.ts';
import type { Hold } from '../policy/spec.ts';
import type { RollbackHead, RollbackRepo } from './ports.ts';

/** What the config repo says at its head, as far as a rollback needs it. */
export interface Look {
  head: string;
  /** With the image policies of Flux that markers name. */
  config: Config;
  holds: Hold[];
  /** Files of `holds/` that nobody can read: each may hold its image, and one without a name any. */
  unreadable: Unreadable[];
  files: SurveyedFile[];
  recent: RecentCommit[];
}

/** Reads the head. Throws `UserError` where windlass.yaml is missing or broken: what a hold is to be nobody knows then. */
export async function lookAtHead(repo: Pick<RollbackRepo, 'branch' | 'head' | 'survey'>): Promise<Look> {
  return await lookAt(repo, await repo.head());
}

/** The same for a head that was read. */
export async function lookAt(
  repo: Pick<RollbackRepo, 'branch' | 'survey'>,
  { revision: head, windlassFile, holds, recent }: RollbackHead,
): Promise<Look> {
  if (windlassFile === undefined)
    throw new UserError(`the branch ${repo.branch} has no ${windlassFileName}`, { code: 'windlass-file-missing' });
  const { config, problems } = readConfig(new TextDecoder().decode(windlassFile));
  if (config === undefined)
    throw new UserError(`${windlassFileName} is broken, and nothing is rolled back until it is mended`, {
      code: 'config-invalid',
      problems,
    });
  const { files } = await repo.survey(head, imageSurvey(config));
  const flux = imagesOfFlux(files, Object.keys(config.images));
  const images = { ...config.images, ...flux.images };
  return { head, config: { ...config, images }, ...readHolds(holds), files, recent };
}

/** The image of that name. Throws `UserError` with the one that may be meant. */
export function imageNamed({ config }: Pick<Look, 'config'>, name: string): ImageEntry {
  const found = Object.hasOwn(config.images, name) ? config.images[name] : undefined;
  return found ?? unknown('image', name, Object.keys(config.images));
}

/** The sync of that expanded name. Throws `UserError`: of a name that stands for several, with these. */
export function syncNamed({ config }: Pick<Look, 'config'>, name: string): SyncSpec {
  const found = config.syncs.find((sync) => sync.name === name);
  if (found !== undefined) return found;
  const expanded = config.syncs.filter(({ template }) => template === name).map((sync) => `sync/${sync.name}`);
  if (expanded.length > 0)
    throw new UserError(`sync "${name}" stands for ${expanded.join(', ')}: name one of them`, {
      code: 'sync-expanded',
      subject: name,
    });
  const names = config.syncs.map((sync) => sync.name);
  return unknown('sync', name, names);
}

function unknown(what: 'image' | 'sync', name: string, names: readonly string[]): never {
  const close = nearest(name, names);
  const there = names.length === 0 ? ', which has none' : `: there are ${fewOf([...names].sort(), 20)}`;
  const hint = close === undefined ? there : `, did you mean "${what}/${close}"?`;
  throw new UserError(`there is no ${what} "${name}" in ${windlassFileName}${hint}`, {
    code: `unknown-${what}`,
    subject: name,
  });
}
