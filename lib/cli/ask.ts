import { createInterface } from 'node:readline';
import { UserError } from '../model/errors.ts';
import type { Io } from './command.ts';

/**
 * Asks a person before something is done; only "y" and "yes" mean yes, and Ctrl-C means no. Throws `UserError` where there is nobody to ask and `--yes` was not given:
 * a script must say that it means it.
 */
export async function ask(io: Io, question: string, { yes }: { yes: boolean }): Promise<boolean> {
  if (yes) return true;
  if (io.stdin.isTTY !== true)
    throw new UserError(
      `${question} There is no terminal to ask at: give --yes to do it, or look at what is shown above`,
      {
        code: 'not-confirmed',
      },
    );
  io.stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: io.stdin, terminal: false, signal: io.signal });
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
