import { storyIn } from '../../model/bump-story.ts';
import type { RecentCommit } from '../../model/config-repo.ts';
import { printable } from '../../model/drift-text.ts';
import { toSeconds } from '../../model/until.ts';
import type { NoRollback, RollbackPlan, RolledBackFile, UndoneCommit } from '../../rollback/order.ts';
import { targetName } from '../../rollback/order.ts';
import type { Io } from '../command.ts';
import type { ChangedObject } from '../rollback-objects.ts';
import { filled, printNotes } from './filled.ts';
import { printJson } from './json.ts';
import { styleFor } from './style.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A plan as it is shown, and what became of it. */
export interface ShownRollback {
  plan: RollbackPlan;
  objects: ChangedObject[];
  /** Why objects are not told. */
  notes: string[];
}

/** How it ended. */
export interface RollbackEnd {
  result: 'planned' | 'declined' | 'committed' | 'proposed';
  revision?: string;
  branch?: string;
  url?: string;
  warnings?: string[];
  /** What is to be pushed by hand, in words: it was committed in a clone on this machine alone. */
  toPush?: string[];
}

/** Prints what a rollback would do: images, objects, files with their lines, holds, and what else is to be known. */
export function printRollbackPlan(io: Io, { plan, objects, notes }: ShownRollback, now: Date): void {
  const style = styleFor(io.stdout, io.env);
  const print = (line: string) => io.stdout.write(`${line}\n`);
  const { back, had, story, files, holds, reverts } = plan;
  const then = back ?? had;
  const of = then && `${then.revision.slice(0, 12)} (${then.subject}, ${age(then.at, now)})`;
  const when = of === undefined ? '' : back === undefined ? `, as Git had it at ${of}` : ` to ${of}`;
  const target = `${printable(targetName(plan.order))} `;
  print(filled(io, { begin: target, paint: style.bold, indent: 2 }, `goes back${when}`));
  for (const { policy, from, to } of story.images)
    print(`  ${printable(`${policy}: ${from.join(', ') || 'nothing'} -> ${to.join(', ') || 'nothing'}`)}`);
  for (const commit of reverts) print(filled(io, beside, undoes(commit)));
  for (const { sync, object, act } of objects) print(`  ${printable(`${object} ${act} (${sync})`)}`);
  for (const file of files) printDiff(io, file);
  for (const { image, tag, past } of holds)
    print(filled(io, beside, `a hold keeps ${image} on ${tag}, until there is a tag after ${past}`));
  printNotes(io, remarksOf(plan, notes));
}

/** Below the target; where a line is full it goes on further in. */
const beside = { begin: '  ', indent: 4 };

/** Prints how it ended. */
export function printRollbackEnd(io: Io, plan: RollbackPlan, end: RollbackEnd): void {
  const style = styleFor(io.stdout, io.env);
  const target = `${printable(targetName(plan.order))} `;
  const said = {
    planned: 'would go back (a dry run, nothing was written)',
    declined: 'stays as it is',
    committed: `went back (${end.revision?.slice(0, 12)})`,
    proposed: `is proposed to go back: ${end.url ?? end.branch}`,
  }[end.result];
  io.stdout.write(`${filled(io, { begin: target, paint: style.bold, indent: 2 }, said)}\n`);
  printNotes(io, [...(end.warnings ?? []), ...(end.toPush ?? [])]);
}

/** Prints why nothing is done. */
export function printNoRollback(io: Io, { code, reason, conflicts }: NoRollback): void {
  io.stdout.write(`${filled(io, { begin: '' }, reason)}\n`);
  // The reason of a conflict begins with the first place.
  for (const { file, line, reason: why } of conflicts.slice(code === 'conflict' ? 1 : 0))
    io.stdout.write(`${filled(io, beside, `${file}${line === undefined ? '' : `:${line}`}: ${why}`)}\n`);
}

/** Prints a rollback as one JSON object. */
export function printRollbackJson(io: Io, { plan, objects, notes }: ShownRollback, end: RollbackEnd): void {
  const { back, had, story, holds, files, changes, reverts, alsoChanges } = plan;
  const { target, images } = story;
  const { toPush = [], ...told } = end;
  printJson(io, {
    ...{ target, ...told, images, objects, changes, alsoChanges },
    back: commitJson(back),
    had: commitJson(had),
    files: files.map((file) => ({ path: file.path, act: actOf(file) })),
    holds: holds.map(({ image, tag, past, by, why, at }, index) => ({
      ...{ file: story.holds[index], image, tag, past, who: by, why, at },
    })),
    reverts: reverts.map((commit) => ({ ...commitJson(commit), inPart: commit.inPart })),
    remarks: [...remarksOf(plan, notes), ...(end.warnings ?? []), ...toPush],
    pushNeeded: toPush.length > 0,
  });
}

/** Prints why nothing is done, as JSON. */
export function printNoRollbackJson(io: Io, target: string, { code, reason, conflicts }: NoRollback): void {
  printJson(io, { target, result: 'none', code, reason, conflicts });
}

function remarksOf({ alsoChanges, remarks }: RollbackPlan, notes: readonly string[]): string[] {
  const others = alsoChanges.map((name) => `sync/${name} is built of a file that goes back, and changes with it`);
  return [...others, ...remarks, ...notes];
}

function commitJson(commit: RecentCommit | undefined) {
  return commit && { revision: commit.revision, at: commit.at, author: commit.author, subject: commit.subject };
}

/** A bump's subject says what it is; of any other commit it is told whose it is. */
function undoes(commit: UndoneCommit): string {
  const { revision, subject, author, inPart } = commit;
  const whose = storyIn(commit) === undefined ? ` (${author})` : '';
  return `undoes ${revision.slice(0, 12)} ${subject}${whose}${inPart === undefined ? '' : `, in part: ${inPart}`}`;
}

function actOf({ before, after }: RolledBackFile): 'change' | 'delete' | 'add' {
  return after === undefined ? 'delete' : before === undefined ? 'add' : 'change';
}

const mostLines = 40;

function printDiff(io: Io, { path, before, after }: RolledBackFile): void {
  const style = styleFor(io.stdout, io.env);
  const lines = unifiedDiff(path, textOf(before), textOf(after), 1).split('\n').filter(Boolean);
  for (const line of lines.slice(0, mostLines)) {
    const paint = line.startsWith('-') ? style.red : line.startsWith('+') ? style.green : style.dim;
    io.stdout.write(`  ${paint(printable(line))}\n`);
  }
  if (lines.length > mostLines)
    io.stdout.write(`  ${style.dim(`and ${lines.length - mostLines} more lines of ${printable(path)}`)}\n`);
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

/** `from 2026-11-22T10:00:00Z, 3 days ago` */
function age(at: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(at)) / 60_000));
  const from = `from ${toSeconds(new Date(at).toISOString())}`;
  if (minutes === 0) return `${from}, just now`;
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / 1440), 'day'];
  return `${from}, ${count} ${unit}${count === 1 ? '' : 's'} ago`;
}
