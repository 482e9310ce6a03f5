import type { Head } from '../../bump/ports.ts';
import type { Config } from '../../config/config.ts';
import type { WindlassOutputs } from '../../config/stack-outputs.ts';
import { readConfig, windlassFileName } from '../../config/windlass-file.ts';
import { UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { configTree, originOf } from '../wiring.ts';
import type { Seen } from './run-steps.ts';

/** Reads windlass.yaml as the functions will. Throws `UserError` with all its problems. */
export function configAt({ revision }: Pick<Head, 'revision'>, windlassFile: Uint8Array): Seen<Config> {
  const { config, problems } = readConfig(new TextDecoder().decode(windlassFile));
  if (config === undefined || problems.length > 0)
    throw new UserError(`${windlassFileName} at ${short(revision)} cannot be used`, {
      code: 'config-invalid',
      problems,
    });
  const parts = { image: Object.keys(config.images), cluster: Object.keys(config.clusters), sync: config.syncs };
  const counted = Object.entries(parts).map(([what, { length }]) => `${length} ${what}${length === 1 ? '' : 's'}`);
  return { text: `${windlassFileName} at ${short(revision)}: ${counted.join(', ')}`, value: config };
}

/** Throws `UserError` for a directory that is a clone of something else, or of nothing: what is done there would be done to that. */
export async function checkOrigin(
  io: Io,
  { dir, url }: { dir: string; url: string | undefined },
  { repo }: Pick<WindlassOutputs, 'repo'>,
): Promise<void> {
  const origin = url ?? (await originOf(io, dir));
  if (origin !== undefined && isOf(origin, repo)) return;
  throw new UserError(
    `${dir} is ${origin === undefined ? 'no clone' : `a clone of ${origin}`}, and the stack is of ${repo}: give --repo, a clone of that`,
    { code: 'other-repo', subject: dir },
  );
}

/** Holds a clone against what GitHub has: rights are worked out from the files of the clone. Throws `UserError` for a clone at another commit. */
export async function checkClone(
  io: Io,
  dir: string,
  { branch }: Pick<WindlassOutputs, 'branch'>,
  head: Pick<Head, 'revision'>,
): Promise<void> {
  const { tree, close } = await configTree(io, { repo: dir, branch, plainDirectory: false });
  await close();
  if (tree.revision === head.revision) return;
  throw new UserError(
    `${branch} of ${dir} is at ${short(tree.revision)}, and GitHub has ${short(head.revision)}: pull or push first, so that both are the same`,
    { code: 'clone-differs', subject: dir },
  );
}

/** True where an address ends with the repository's name, whatever the host. */
function isOf(origin: string, repo: string): boolean {
  const path = origin.replace(/\.git\/?$/, '').toLowerCase();
  return path.endsWith(`/${repo.toLowerCase()}`) || path.endsWith(`:${repo.toLowerCase()}`);
}

/** A commit for people. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}
