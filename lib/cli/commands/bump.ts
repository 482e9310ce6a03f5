import { resolve } from 'node:path';
import { readAssignment, readLatest } from '../../edit/latest.ts';
import { type EditPlan, planEdits } from '../../edit/plan-edits.ts';
import { holdsToken, mayHoldMarkers } from '../../edit/source-file.ts';
import { UserError } from '../../model/errors.ts';
import type { ImageRef } from '../../model/image-ref.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { nameOfInput, readInput } from '../read-input.ts';
import { localFiles } from '../wiring.ts';

/** `windlass bump`: the edit alone, on a directory. */
export const bump: Command = {
  name: 'bump',
  summary: 'edit the image markers of a directory',
  details: [
    'Sets the value beside each marker (# {"$imagepolicy": "NAME"}) to the image given for its policy, and changes no other byte.',
    'The directory needs no windlass.yaml. Directories named .git and node_modules are not entered, links are not followed.',
    'JSON: { changes: [{ file, line, policy, from, to }], skipped: [{ file, line, reason }] }.',
    "Exit code: 0 when nothing is to change or --write did it, 1 when changes were found but not written, 2 for the user's error.",
  ].join('\n'),
  options: {
    dir: { type: 'string', value: 'DIR', help: 'the directory with the manifests', required: true },
    latest: { type: 'string', value: 'FILE|-', help: 'JSON: { "NAME": "repo:tag[@digest]" }' },
    set: { type: 'string', value: 'NAME=REF', help: 'the image of one policy; goes before --latest', multiple: true },
    write: { type: 'boolean', help: 'edit the files in place' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass bump --dir . --set web=ghcr.io/acme/web:1.5.0',
    'windlass bump --dir . --latest latest.json --write',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const latest = await latestOf(args, io);
  const directory = resolve(io.cwd, args.need('dir'));
  const { readFilesIn, replaceFile } = await localFiles();
  const walk = readFilesIn(directory, { name: mayHoldMarkers, content: holdsToken });
  const plan = planEdits(walk.files, latest);
  const unreadable = walk.unreadable.map(({ path, reason }) => ({
    file: path,
    line: 1,
    reason: `cannot be read: ${reason}`,
  }));
  const shown = { changes: plan.changes, skipped: [...plan.skipped, ...unreadable] };
  const write = args.flag('write');
  if (write) for (const file of plan.files) replaceFile(directory, file);
  if (args.flag('json')) printJson(io, shown);
  else print(io, shown, write);
  return write || plan.changes.length === 0 ? 0 : 1;
}

/** What --latest says, and --set on top of it. */
async function latestOf(args: Args, io: Io): Promise<Map<string, ImageRef>> {
  const file = args.text('latest');
  const assignments = args.list('set');
  if (file === undefined && assignments.length === 0) {
    throw new UserError('windlass bump needs --latest FILE or --set NAME=REF', { code: 'usage' });
  }
  const latest = file === undefined ? new Map() : readLatest(await readInput(io, file), nameOfInput(file));
  return new Map([...latest, ...assignments.map(readAssignment)]);
}

function print(io: Io, { changes, skipped }: Pick<EditPlan, 'changes' | 'skipped'>, written: boolean): void {
  const style = styleFor(io.stdout, io.env);
  for (const { file, line, policy, from, to } of changes) {
    io.stdout.write(`${file}:${line} ${style.bold(policy)}: ${from} -> ${style.green(to)}\n`);
  }
  for (const { file, line, reason } of skipped)
    io.stdout.write(`${file}:${line} ${style.yellow('skipped')}: ${reason}\n`);
  const files = new Set(changes.map(({ file }) => file)).size;
  const done = changes.length === 0 ? '' : written ? ', written' : ', not written (--write does it)';
  io.stdout.write(
    `${count(changes.length, 'change')} in ${count(files, 'file')}${done}; ${count(skipped.length, 'marker')} skipped\n`,
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
