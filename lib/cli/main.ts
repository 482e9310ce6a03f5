import packageJson from '../../package.json' with { type: 'json' };
import { printable } from '../model/drift-text.ts';
import { formatProblem, messageOf, RetryableError, UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { parseArguments } from './arguments.ts';
import type { ExitCode, Io } from './command.ts';
import { type CommandEntry, commandGroups, commands } from './commands/index.ts';
import { fileTrouble } from './file-trouble.ts';
import { commandHelp, overview } from './help.ts';
import { styleFor } from './output/style.ts';

/** The whole CLI in process: runs one command line and gives the exit code. Only this prints an error. */
export async function main(argv: string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return report(error, io);
  }
}

async function dispatch(argv: string[], io: Io): Promise<ExitCode> {
  const style = styleFor(io.stdout, io.env);
  const width = io.stdout.isTTY ? io.stdout.columns : undefined;
  const [first] = argv;
  if (first === undefined || first === '--help' || first === '-h' || (first === 'help' && argv.length === 1)) {
    io.stdout.write(overview(commandGroups, style, width));
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === '-V') {
    io.stdout.write(`${packageJson.version}\n`);
    return 0;
  }
  const words = first === 'help' ? argv.slice(1) : argv;
  const entry = find(words);
  const command = await entry.load();
  const rest = words.slice(entry.name.split(' ').length);
  const end = rest.indexOf('--');
  const asked =
    first === 'help' || (end < 0 ? rest : rest.slice(0, end)).some((word) => word === '--help' || word === '-h');
  if (asked) {
    io.stdout.write(commandHelp(command, style, width));
    return 0;
  }
  return await command.run(parseArguments(command, rest), io);
}

/** The command with the longest name that the words begin with: `local push` before `local`. */
function find(words: string[]): CommandEntry {
  const fits = commands.filter((entry) => entry.name.split(' ').every((word, index) => words[index] === word));
  const entry = fits.sort((a, b) => b.name.length - a.name.length)[0];
  if (entry !== undefined) return entry;
  throw new UserError(unknownCommand(words), { code: 'usage' });
}

function unknownCommand(words: readonly string[]): string {
  const [first = '', second] = words;
  if (first.startsWith('-')) {
    const close = nearest(first, ['--version', '--help']);
    const hint = close === undefined ? ': options follow a command' : `, did you mean ${close}?`;
    return `windlass has no option ${first}${hint} (windlass --help lists the commands)`;
  }
  const names = commands.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${first} `));
  const typed = group.length > 0 && second !== undefined ? `${first} ${second}` : first;
  const close =
    nearest(typed, names) ??
    names.find((name) => name.startsWith(typed)) ??
    nearest(words.slice(0, 2).join(' '), names);
  const meant = close === undefined ? '' : `, did you mean "${close}"?`;
  const there = group.length === 0 ? '' : `, there is ${group.map((name) => `"windlass ${name}"`).join(' and ')}`;
  const hint = typed === first ? there || meant : meant || there;
  return `windlass has no command "${typed}"${hint} (windlass --help lists them)`;
}

/** Prints an error for its audience: a user's with what to do, a failure with its causes, a bug with its stack. */
function report(thrown: unknown, io: Io): ExitCode {
  const error = fileTrouble(thrown, io.env) ?? thrown;
  const style = styleFor(io.stderr, io.env);
  const print = (text: string) => io.stderr.write(`${text}\n`);
  if (error instanceof UserError) {
    print(`${style.red('error')}: ${shown(messageOf(error))}`);
    for (const problem of error.problems) print(shown(formatProblem(problem)));
    return 2;
  }
  if (error instanceof RetryableError) {
    print(`${style.red('failed')}: ${shown(messageOf(error))}`);
    return 3;
  }
  if (io.signal.aborted) return 3;
  print(`${style.red('bug')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  print('This is a fault of Windlass itself: please report it with the lines above.');
  return 3;
}

/** What people, Git and clusters wrote stands in a message: none of it may steer the terminal. Lines and tabs stay. */
function shown(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}
