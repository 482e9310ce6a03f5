import { resolve } from 'node:path';
import { findMarkers } from '../../edit/find-markers.ts';
import { readAssignment, readLatest } from '../../edit/latest.ts';
import { type EditPlan, planEdits, withoutImage } from '../../edit/plan-edits.ts';
import { holdsToken, mayHoldMarkers, type SourceFile } from '../../edit/source-file.ts';
import { UserError } from '../../model/errors.ts';
import { formatImageRef, type ImageRef } from '../../model/image-ref.ts';
import { nearest } from '../../model/nearest.ts';
import { fewOf } from '../../model/shorten.ts';
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
    'A policy that --set names and no marker does is an error. Markers of other policies are left alone.',
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
  const { latest, set } = await imagesOf(args, io);
  const directory = resolve(io.cwd, args.need('dir'));
  const { readFilesIn, replaceFiles } = await localFiles();
  const walk = readFilesIn(directory, { name: mayHoldMarkers, content: holdsToken });
  const plan = planEdits(walk.files, latest, { partial: true });
  checkNamed(set, plan, walk.files);
  const unreadable = walk.unreadable.map(({ path, reason }) => ({
    file: path,
    line: 1,
    reason: `cannot be read: ${reason}`,
  }));
  const shown = { changes: plan.changes, skipped: [...plan.skipped, ...unreadable] };
  const write = args.flag('write');
  if (write) replaceFiles(directory, plan.files);
  if (args.flag('json')) printJson(io, shown);
  else print(io, shown, { written: write, others: set.length > 0 ? othersOf(walk.files, latest) : new Map() });
  return write || plan.changes.length === 0 ? 0 : 1;
}

/** What --latest says, and --set on top of it; `set` are the names of the latter. */
async function imagesOf(args: Args, io: Io): Promise<{ latest: Map<string, ImageRef>; set: string[] }> {
  const file = args.text('latest');
  const assignments = args.list('set');
  if (file === undefined && assignments.length === 0) {
    throw new UserError('windlass bump needs --latest FILE or --set NAME=REF', { code: 'usage' });
  }
  const latest = file === undefined ? new Map() : readLatest(await readInput(io, file), nameOfInput(file));
  const set = assignments.map(readAssignment);
  const twice = set.find(([name, ref], index) =>
    set.slice(0, index).some(([before, other]) => before === name && formatImageRef(other) !== formatImageRef(ref)),
  );
  if (twice !== undefined) {
    throw new UserError(`--set gives "${twice[0]}" two images: name one`, { code: 'usage', subject: twice[0] });
  }
  return { latest: new Map([...latest, ...set]), set: set.map(([name]) => name) };
}

/**
 * Throws `UserError` for a policy that was named by hand and that no marker names. A name that stands in a file with a marker that cannot be
 * read is not judged: the skipped marker tells.
 */
function checkNamed(set: readonly string[], plan: EditPlan, files: readonly SourceFile[]): void {
  const open = set.filter((name) => !plan.changes.some(({ policy }) => policy === name));
  if (open.length === 0) return;
  const found = files.map((file) => ({ file, marked: findMarkers(file) }));
  const policies = new Set(found.flatMap(({ marked }) => marked?.markers.map(({ policy }) => policy) ?? []));
  const odd = found.filter(({ marked }) => (marked?.skipped.length ?? 0) > 0).map(({ file }) => textOf(file));
  const unknown = open.find((name) => !policies.has(name) && !odd.some((text) => text.includes(name)));
  if (unknown === undefined) return;
  const close = nearest(unknown, policies);
  const hint =
    close !== undefined ? `, did you mean "${close}"?` : policies.size === 0 ? '' : `: there is ${listed(policies)}`;
  throw new UserError(`no marker names the policy "${unknown}"${hint}`, { code: 'policy-name', subject: unknown });
}

function textOf({ bytes }: SourceFile): string {
  return new TextDecoder().decode(bytes);
}

/** The policies that were not meant, by the reason that their markers are skipped with. One that may be a slip is not among them. */
function othersOf(files: readonly SourceFile[], latest: ReadonlyMap<string, ImageRef>): Map<string, string> {
  const policies = files.flatMap((file) => findMarkers(file)?.markers.map(({ policy }) => policy) ?? []);
  const others = policies.filter(
    (policy) => !latest.has(policy) && nearest(policy, latest.keys()) === undefined && !hasPartSlip(policy, latest),
  );
  return new Map(others.map((policy) => [withoutImage(policy, latest, true), policy]));
}

/** True for `web:nmae` beside `web`: a part that is misspelled belongs to the name. */
function hasPartSlip(policy: string, latest: ReadonlyMap<string, ImageRef>): boolean {
  const colon = policy.lastIndexOf(':');
  const isKnown = colon > 0 && latest.has(policy.slice(0, colon));
  return isKnown && nearest(policy.slice(colon + 1), ['tag', 'name', 'digest']) !== undefined;
}

/** At most ten names: the rest is counted. */
function listed(names: Iterable<string>): string {
  return fewOf([...new Set(names)].sort(), 10);
}

function print(
  io: Io,
  { changes, skipped }: Pick<EditPlan, 'changes' | 'skipped'>,
  { written, others }: { written: boolean; others: ReadonlyMap<string, string> },
): void {
  const style = styleFor(io.stdout, io.env);
  for (const { file, line, policy, from, to } of changes) {
    io.stdout.write(`${file}:${line} ${style.bold(policy)}: ${from} -> ${style.green(to)}\n`);
  }
  const telling = skipped.filter(({ reason }) => !others.has(reason));
  for (const { file, line, reason } of telling)
    io.stdout.write(`${file}:${line} ${style.yellow('skipped')}: ${reason}\n`);
  const left = skipped.length - telling.length;
  const names = left === 1 ? 'another policy' : 'other policies';
  if (left > 0) io.stdout.write(`${count(left, 'marker')} of ${names} (${listed(others.values())}) left alone\n`);
  const files = new Set(changes.map(({ file }) => file)).size;
  const done = changes.length === 0 ? '' : written ? ', written' : ', not written (--write does it)';
  io.stdout.write(
    `${count(changes.length, 'change')} in ${count(files, 'file')}${done}; ${count(telling.length, 'marker')} skipped\n`,
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
