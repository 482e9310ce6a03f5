import { pathsBuiltOn } from '../config/built-on.ts';
import { targetsOf } from '../config/image-survey.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { storyIn } from '../model/bump-story.ts';
import type { FileChange, LineCommit } from '../model/config-repo.ts';
import { isWithin } from '../model/tree-path.ts';
import { changedBy, type MovedText } from './changed-by.ts';
import type { Conflict } from './conflict.ts';
import { type Wish, wishOf } from './image.ts';
import { type Look, syncNamed } from './look.ts';
import { matchTexts } from './match.ts';
import { type RollbackOrder, short } from './order.ts';
import { asOwn } from './own.ts';
import type { RollbackRepo } from './ports.ts';
import { formerPaths, type ImageText, textsIn } from './texts.ts';

/** What exactly undoes a bump. */
export interface Undo {
  /** The bumps, newest first, and the commit before them, whose texts come back. */
  bumps: LineCommit[];
  back: LineCommit;
  /** Of each image of it that the target uses. */
  byImage: Map<string, Wish[]>;
  conflicts: Conflict[];
}

/**
 * Finds the texts that the commits of bumps changed, as they stand at the head. What others did to one of them, in between, since, or in a commit of these, is
 * a conflict. Undefined where one is no bump, or they moved nothing that the target uses.
 */
export async function undoBumps(
  repo: RollbackRepo,
  look: Look,
  { target, undo: { bump, also = [] } }: Pick<RollbackOrder, 'target'> & { undo: Undoing },
): Promise<Undo | undefined> {
  const found = (await Promise.all([bump, ...also].map((one) => repo.history(one, { limit: 1 })))).flat();
  const bumps = await Promise.all(found.map((one) => asOwn(repo, one)));
  const isBumps = bumps.every((one) => one.parent !== undefined && storyIn(one) !== undefined);
  const [back] = isBumps && bumps.length > 0 ? await repo.history(bumps.at(-1)!.parent!, { limit: 1 }) : [];
  if (back === undefined) return undefined;
  const steps: Step[] = [];
  const conflicts: Conflict[] = [];
  for (const one of bumps) {
    const since = await repo.changes(one.revision, look.head);
    const { moved, beside } = await changedBy(repo, look, one, since);
    const named = new Set(storyIn(one)!.images.map(({ policy }) => policy));
    const own = moved.filter(({ now }) => named.has(now.marker.policy));
    steps.push(...(await atHead(repo, look, one, own, since)));
    const others = moved.filter((text) => !own.includes(text)).map(({ now }) => now.path);
    conflicts.push(...besideIn(look, target, one, [...beside, ...others]));
  }
  const policies = new Set(steps.map(policyOf).filter((policy) => isMeant(look, target, policy, steps)));
  const meant = steps.filter((step) => policies.has(policyOf(step)));
  if (meant.length === 0) return undefined;
  const wishes: Wish[] = [];
  for (const line of Map.groupBy(meant, placeOf).values()) {
    const found = undone(line);
    if ('reason' in found) conflicts.push(found);
    else wishes.push(found);
  }
  return { bumps, back, byImage: Map.groupBy(wishes, ({ text }) => text.marker.policy), conflicts };
}

type Undoing = NonNullable<RollbackOrder['undo']>;

/** What one bump did to a text. */
interface Step extends MovedText {
  bump: LineCommit;
  /** The same text at the head; absent where it is not there any more. */
  there?: ImageText;
}

/** What a bump's commit has beside what its trailers tell of, as one that people merged with changes of theirs: only they know whether that may stay. */
function besideIn(look: Look, target: RollbackOrder['target'], { revision }: LineCommit, paths: string[]): Conflict[] {
  const counts = (path: string) => path === windlassFileName || isUsed(look, target, path);
  const reason = `${short(revision)} is no bump alone: it changed something else here`;
  return [...new Set(paths.filter(counts))].map((file) => ({ file, reason }));
}

function isMeant(look: Look, target: RollbackOrder['target'], policy: string, steps: readonly Step[]): boolean {
  if ('image' in target) return policy === target.image;
  return steps.some((step) => policyOf(step) === policy && isUsed(look, target, (step.there ?? step.now).path));
}

function isUsed(look: Look, target: RollbackOrder['target'], path: string): boolean {
  if ('image' in target) return false;
  return pathsBuiltOn(syncNamed(look, target.sync), look.files).some((one) => isWithin(one, path));
}

/** The same texts at the head. */
async function atHead(
  repo: RollbackRepo,
  look: Look,
  bump: LineCommit,
  moved: readonly MovedText[],
  since: readonly FileChange[],
): Promise<Step[]> {
  const former = formerPaths(since);
  const paths = look.files.map(({ path }) => path).filter((path) => moved.some(({ now }) => now.path === former(path)));
  const texts = (await repo.read(look.head, paths)).flatMap((file) => textsIn(file, targetsOf(look.config)));
  const { pairs } = matchTexts(
    texts,
    moved.map(({ now }) => now),
    former,
  );
  return moved.map(({ now, old }) => {
    const there = pairs.find((pair) => pair.old === now)?.now;
    return { bump, now, old, ...(there === undefined ? {} : { there }) };
  });
}

function policyOf({ now }: Step): string {
  return now.marker.policy;
}

/** One text of the head; each of those that are gone is a place of its own. */
function placeOf({ there, now, bump }: Step): string {
  const { path, marker } = there ?? now;
  return JSON.stringify([there === undefined ? bump.revision : '', path, marker.spot.start]);
}

/** What bumps did to one text, newest first, the other way round. One that says something else by now, or did in between, is a conflict: somebody was there. */
function undone(line: readonly Step[]): Wish | Conflict {
  const [newest, oldest] = [line[0]!, line.at(-1)!];
  const { there, now, bump } = newest;
  const set = `${short(bump.revision)} set ${now.marker.value} here`;
  if (there === undefined) {
    const reason = `${set} for "${now.marker.policy}", and this place is not there any more`;
    return { file: now.path, line: now.marker.line, reason };
  }
  const conflict = (reason: string): Conflict => ({ file: there.path, line: there.marker.line, reason });
  const { value } = there.marker;
  if (value !== now.marker.value && value !== oldest.old.marker.value)
    return conflict(`${set}, and since then it was changed to ${value}`);
  const between = line.find((step, index) => index > 0 && step.now.marker.value !== line[index - 1]!.old.marker.value);
  if (between === undefined) return wishOf(there, oldest.old);
  const { value: other } = line[line.indexOf(between) - 1]!.old.marker;
  return conflict(`${set}, and before that it was changed to ${other} by somebody else`);
}
