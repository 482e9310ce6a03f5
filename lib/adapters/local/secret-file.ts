import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';

/** What a person may have written in its place: printable, and long enough not to be guessed. */
const usable = /^[\x21-\x7e]{16,512}$/;

/** The secret that is kept in a file that only its owner can read; made at the first use. Throws `UserError` for a file that holds none. */
export async function openSecret(file: string): Promise<string> {
  const made = randomBytes(24).toString('base64url');
  try {
    await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const kept = (await readFile(file, 'utf8')).trim();
  if (usable.test(kept)) return kept;
  throw new UserError(
    `${file} holds no token (16 to 512 characters without blanks): delete it, and a new one is made`,
    {
      code: 'secret-file',
      subject: file,
    },
  );
}
