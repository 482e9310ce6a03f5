import type { RecordsReader } from '../audit/ports.ts';
import type { ConfigRepo, Head } from '../bump/ports.ts';
import { imagesOfFlux } from '../config/flux-images.ts';
import { imageSurvey } from '../config/image-survey.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { UserError } from '../model/errors.ts';
import { amongKnown, nearest } from '../model/nearest.ts';
import { fewOf } from '../model/shorten.ts';
import type { SuspendSubject } from './suspend-target.ts';

/**
 * Throws `UserError` for an image or sync that the head does not have, with the one that may be meant, and for a windlass.yaml that cannot be read. The
 * repo is searched for Flux's image policies only for a name that windlass.yaml does not have.
 */
export async function checkName(repo: ConfigRepo, head: Head, { image, sync }: SuspendSubject): Promise<void> {
  const name = image ?? sync;
  // Everything can be stopped, also while windlass.yaml is broken.
  if (name === undefined) return;
  if (head.windlassFile === undefined) {
    throw new UserError(`the branch ${repo.branch} has no ${windlassFileName}, so there is no "${name}"`, {
      code: 'windlass-file-missing',
    });
  }
  const { config, problems } = readConfig(new TextDecoder().decode(head.windlassFile));
  if (config === undefined) {
    throw new UserError(`${windlassFileName} is broken, so nobody knows "${name}": mend it, or suspend all`, {
      code: 'config-invalid',
      problems,
    });
  }
  const own = Object.keys(config.images);
  const known = image === undefined ? config.syncs.flatMap((one) => [one.name, one.template]) : own;
  if (known.includes(name)) return;
  const flux = image === undefined ? [] : await fluxNames(repo, head.revision, config, own);
  if (flux.includes(name)) return;
  const what = image === undefined ? 'sync' : 'image';
  const close = nearest(name, [...known, ...flux]);
  const hint = close === undefined ? listed([...known, ...flux]) : `, did you mean "${what}/${close}"?`;
  throw new UserError(`there is no ${what} "${name}" in ${windlassFileName}${hint}`, {
    code: `unknown-${what}`,
    subject: name,
  });
}

/** In words, that the head does not have an image or sync: a slip, where nothing was to be done about it. That windlass.yaml cannot be read is none. */
export async function slipIn(repo: ConfigRepo, head: Head, subject: SuspendSubject): Promise<string[]> {
  try {
    await checkName(repo, head, subject);
  } catch (error) {
    if (error instanceof UserError && error.code.startsWith('unknown-')) return [error.message];
    if (!(error instanceof UserError)) throw error;
  }
  return [];
}

/**
 * Throws `UserError` for an image or sync that the records do not have, with the one that may be meant, and for a sync of windlass.yaml that stands for one
 * in each of several environments.
 */
export async function checkRecorded(
  kind: 'image' | 'sync',
  name: string,
  reader: Pick<RecordsReader, 'images' | 'syncs'>,
): Promise<void> {
  const syncs = kind === 'sync' ? await reader.syncs() : [];
  const known = kind === 'sync' ? syncs.map(({ sync }) => sync) : (await reader.images()).map(({ policy }) => policy);
  if (known.includes(name)) return;
  const several = syncs.filter(({ sync, environment }) => sync === `${name}-${environment}`);
  if (several.length > 1)
    throw standsForSeveral(
      name,
      several.map(({ sync }) => sync),
    );
  throw unknownName(kind, name, amongKnown(name, known));
}

/** What is thrown for the key of windlass.yaml of which there are several syncs. */
export function standsForSeveral(name: string, syncs: readonly string[]): UserError {
  const named = syncs.map((sync) => `sync/${sync}`).join(', ');
  return new UserError(`sync/${name} stands for several: ${named}`, { code: 'usage', subject: name });
}

/** What is thrown for a name of which the records have nothing; `hint` follows it. */
export function unknownName(kind: string, name: string, hint: string): UserError {
  return new UserError(`nothing is known of ${kind} "${name}"${hint}`, { code: `unknown-${kind}`, subject: name });
}

const mostListed = 20;

/** Behind a name that is near none of them, what there is. */
function listed(names: readonly string[]): string {
  const all = [...new Set(names)].sort();
  if (all.length === 0) return ', which has none';
  return `: there are ${fewOf(all, mostListed)}`;
}

async function fluxNames(
  repo: ConfigRepo,
  revision: string,
  config: Parameters<typeof imageSurvey>[0],
  own: readonly string[],
): Promise<string[]> {
  const { files } = await repo.survey(revision, imageSurvey(config));
  return Object.keys(imagesOfFlux(files, own).images);
}
