import { join } from 'node:path';
import { isTrouble, UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import type { CompletedCommand } from '../completion/table.ts';
import { readInput } from '../read-input.ts';
import { onlyTarget } from './repo-options.ts';

/** The script of each shell; loaded when it is asked for. */
const shells: Record<string, () => Promise<(table: readonly CompletedCommand[]) => string>> = {
  bash: async () => (await import('../completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../completion/fish.ts')).fishCompletion,
};

/** `windlass completion`: the script that makes a shell complete commands, options and names. `all` loads what it completes. */
export const completionOf = (all: () => Promise<readonly Command[]>): Command => ({
  name: 'completion',
  summary: 'print the completion of commands, options and names for a shell',
  positionals: 'bash|zsh|fish|names',
  details: [
    'Prints a script for the shell: put the line of the examples into ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish. The script has all',
    'commands and options of this version in it; only for the names of images, syncs and clusters it asks "windlass completion names".',
    'names: prints what windlass.yaml has, a line each: image/web, sync/shop-prod, cluster/prod. Where there is no such file and a loop runs on this',
    'directory, what the loop knows. Nothing where there is neither, or it cannot be read.',
    'docs/completion.md says more.',
  ].join('\n'),
  options: {
    repo: {
      type: 'string',
      value: 'DIR',
      help: 'with names: the directory of windlass.yaml (default: this directory)',
    },
  },
  examples: [
    'source <(windlass completion bash)',
    'source <(windlass completion zsh)',
    'windlass completion fish | source',
    'windlass completion names --repo ../shop-config',
  ],
  run: (args, io) => run(args, io, all),
});

async function run(args: Args, io: Io, all: () => Promise<readonly Command[]>): Promise<ExitCode> {
  const wanted = onlyTarget('completion', args);
  if (wanted === 'names') return await printNames(args, io);
  const script = wanted !== undefined && Object.hasOwn(shells, wanted) ? await shells[wanted]!() : undefined;
  if (script === undefined)
    throw new UserError(`windlass completion needs a shell: ${Object.keys(shells).join(', ')}`, { code: 'usage' });
  const { completionTable } = await import('../completion/table.ts');
  io.stdout.write(script(completionTable(await all())));
  return 0;
}

/** A person who presses a key is not told what is wrong with a file: where it cannot be read there are no names. */
async function printNames(args: Args, io: Io): Promise<ExitCode> {
  const { readConfig, windlassFileName } = await import('../../config/windlass-file.ts');
  const { namesIn } = await import('../completion/names.ts');
  const repo = args.text('repo');
  const text = await readInput(io, join(repo ?? '.', windlassFileName)).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
  });
  const { config } = text === undefined ? {} : readConfig(text);
  const own = config === undefined ? [] : namesIn(config);
  const names = text === undefined && repo === undefined ? await namesOfLoop(io) : own;
  io.stdout.write(names.map((name) => `${name}\n`).join(''));
  return 0;
}

/** What the loop on this directory knows, without asking its config repo, which may be far away; nothing where none runs. */
async function namesOfLoop(io: Io): Promise<string[]> {
  const { namesRecorded } = await import('../completion/names.ts');
  const { recordsOfLoop } = await import('../wiring-records.ts');
  try {
    const { records, close } = await recordsOfLoop(io, undefined);
    return await namesRecorded(records).finally(close);
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return [];
  }
}
