import { Writable } from 'node:stream';
import { RetryableError, UserError } from '../../model/errors.ts';
import { parseArguments } from '../arguments.ts';
import type { Command, Io } from '../command.ts';
import { NotDone } from './run-steps.ts';

/** What a command printed, line by line. */
export interface Said {
  lines: string[];
  /** What it remarked on the standard error output, as `note: `, without that word. */
  notes: string[];
}

/**
 * Runs another command as a part of a step: what it prints goes to the standard error output, beside the steps, and it asks there. Gives what it said.
 * Throws `UserError` or `RetryableError`, as its exit code says.
 */
export async function runCommand(io: Io, command: Command, argv: string[]): Promise<Said | NotDone> {
  const [stdout, stderr] = [listening(io), listening(io)];
  const code = await command.run(parseArguments(command, argv), {
    ...io,
    stdout: stdout.stream,
    stderr: stderr.stream,
  });
  const lines = stdout.lines();
  if (code === 0) return { lines, notes: stderr.lines().flatMap((line) => /^note: (.+)$/.exec(line)?.[1] ?? []) };
  if (code === 1) return new NotDone('declined', 'nothing was changed, as the answer was no');
  const why = lines.findLast((line) => line.startsWith('error')) ?? 'it was refused';
  const details = { code: command.name, subject: argv.join(' ') };
  throw code === 3 ? new RetryableError(why, details) : new UserError(why, details);
}

/** Passes on to the standard error output what is written, and keeps it. */
function listening(io: Io): { stream: Io['stderr']; lines(): string[] } {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      io.stderr.write(chunk);
      done();
    },
  });
  const { isTTY, columns } = io.stderr;
  return { stream: Object.assign(stream, { isTTY, columns }), lines: () => text.split('\n').filter(Boolean) };
}
