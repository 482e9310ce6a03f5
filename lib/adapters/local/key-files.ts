import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';

/** The files of a mounted Secret, read anew each time, as Kubernetes replaces them; what is absent is left out. Throws `UserError` for one that cannot be read. */
export async function readKeyFiles<Name extends string>(
  directory: string,
  names: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
  const files: Partial<Record<Name, string>> = {};
  for (const name of names) {
    try {
      files[name] = await readFile(join(directory, name), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      throw new UserError(`cannot read ${join(directory, name)}: ${messageOf(error)}`, {
        code: 'git-key',
        cause: error,
      });
    }
  }
  return files;
}
