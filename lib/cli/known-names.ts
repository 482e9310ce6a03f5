import { imagesOfFlux } from '../bump/flux.ts';
import type { ConfigRepo, Head } from '../bump/ports.ts';
import { bumpSurvey } from '../bump/survey.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
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
  config: Parameters<typeof bumpSurvey>[0],
  own: readonly string[],
): Promise<string[]> {
  const { files } = await repo.survey(revision, bumpSurvey(config));
  return Object.keys(imagesOfFlux(files, own).images);
}
