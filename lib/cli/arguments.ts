import { parseArgs } from 'node:util';
import { UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import type { Args, Command } from './command.ts';

/** Parses what follows a command's name. Throws `UserError` for an unknown option, a missing value or a missing required option. */
export function parseArguments(command: Command, argv: string[]): Args {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple ? { multiple } : {}) },
    ]),
  );
  const { values, positionals } = parse(command, argv, options);
  for (const [name, option] of Object.entries(command.options)) {
    if (option.required && values[name] === undefined) {
      throw new UserError(`windlass ${command.name} needs --${name} ${option.value ?? 'VALUE'}`, { code: 'usage' });
    }
  }
  if (command.positionals === undefined && positionals.length > 0) {
    const meant = 'repo' in command.options ? `: if it is the config repo, write --repo ${positionals[0]}` : '';
    throw new UserError(`windlass ${command.name} takes no argument: "${positionals[0]}"${meant}`, { code: 'usage' });
  }
  return {
    flag: (name) => values[name] === true,
    text: (name) => values[name] as string | undefined,
    need: (name) => values[name] as string,
    list: (name) => (values[name] as string[] | undefined) ?? [],
    positionals,
  };
}

function parse(command: Command, args: string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UserError(explain(command, error), { code: 'usage' });
  }
}

/** Node's own messages speak of its API; these speak of the command. */
function explain(command: Command, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(-{1,2}[^']*)'/.exec(text)?.[1];
  const dashed = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument is ambiguous/.exec(text)?.[1];
  if (dashed !== undefined)
    return `windlass ${command.name}: ${dashed} needs a value; one that begins with a dash is written ${dashed}=-VALUE`;
  if (unknown === undefined) return `windlass ${command.name}: ${text.split('\n')[0]?.replace(/\.$/, '')}`;
  const close = nearest(unknown.replace(/^-+/, ''), Object.keys(command.options));
  const hint = close === undefined ? '' : `, did you mean --${close}?`;
  return `windlass ${command.name} has no option ${unknown}${hint} (windlass ${command.name} --help lists them)`;
}
