import { Writable } from 'node:stream';
import { RetryableError, UserError } from '../../model/errors.ts';
import { parseArguments } from '../arguments.ts';
import type { Command, Io } from '../command.ts';
import { NotDone } from './run-steps.ts';

/**
 * Runs another command as a part of a step: what it prints goes to the standard error output, beside the steps, and it asks there. Gives the lines that it
 * printed. Throws `UserError` or `RetryableError`, as its exit code says.
 */
export async function runCommand(io: Io, command: Command, argv: string[]): Promise<string[] | NotDone> {
  const { stdout, lines } = listening(io);
  const code = await command.run(parseArguments(command, argv), { ...io, stdout });
  const said = lines();
  if (code === 0) return said;
  if (code === 1) return new NotDone('declined', 'nothing was changed, as the answer was no');
  const why = said.findLast((line) => line.startsWith('error')) ?? 'it was refused';
  const details = { code: command.name, subject: argv.join(' ') };
  throw code === 3 ? new RetryableError(why, details) : new UserError(why, details);
}

function listening(io: Io): { stdout: Io['stdout']; lines(): string[] } {
  let text = '';
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      io.stderr.write(chunk);
      done();
    },
  });
  const { isTTY, columns } = io.stderr;
  return { stdout: Object.assign(stdout, { isTTY, columns }), lines: () => text.split('\n').filter(Boolean) };
}
