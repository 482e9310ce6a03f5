import type { ImageEntry } from '../config/config.ts';
import { wantedOf } from '../edit/plan-edits.ts';
import { type PutBack, putBack, writtenOf } from '../edit/put-back.ts';
import type { FileChange } from '../model/config-repo.ts';
import type { ImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Conflict } from './conflict.ts';
import type { Look } from './look.ts';
import { isOneValue, matchTexts } from './match.ts';
import { type RolledBackFile, short } from './order.ts';
import type { RollbackRepo } from './ports.ts';
import { formerPaths, type ImageText, textsNow, textsThen } from './texts.ts';

/** A text of the head, and what it is to say. */
export interface Wish extends PutBack {
  text: ImageText;
}

/** What the texts of an image are to say. With a conflict nothing is to be done. */
export interface Wishes {
  wishes: Wish[];
  conflicts: Conflict[];
}

/** An image's texts as an older commit had them. */
export async function wishesOfThen(
  repo: RollbackRepo,
  look: Look,
  entry: ImageEntry,
  { older, changes, now }: { older: string; changes: readonly FileChange[]; now: readonly ImageText[] },
): Promise<Wishes> {
  const texts = await textsThen(repo, { older, changes, config: look.config }, entry.name, now);
  const { pairs, added, gone } = matchTexts(now, texts, formerPaths(changes));
  const conflicts = gone.map((text) => goneConflict(text, entry, older));
  const wishes = pairs.map(({ now: text, old }) => wishOf(text, old));
  for (const text of added) {
    const like = texts.filter(({ marker }) => marker.part === text.marker.part);
    if (like.length > 0 && isOneValue(like)) wishes.push({ text, marker: text.marker, value: like[0]!.marker.value });
    else conflicts.push(newConflict(text, like, older));
  }
  return { wishes, conflicts };
}

/** The texts of a head with one reference for all of them; a digest only where there is one. */
export function wishesOfRef(entry: ImageEntry, ref: ImageRef, now: readonly ImageText[]): Wishes {
  const latest = new Map([[entry.name, ref]]);
  const found: Wishes = { wishes: [], conflicts: [] };
  for (const text of now) {
    const wanted = wantedOf(text.marker, latest, { keepForm: new Set([entry.name]) });
    if ('value' in wanted) found.wishes.push({ text, marker: text.marker, value: wanted.value });
    else found.conflicts.push({ file: text.path, line: text.marker.line, reason: wanted.reason });
  }
  return found;
}

/** A text as it was written then. */
export function wishOf(text: ImageText, old: ImageText): Wish {
  return { text, marker: text.marker, value: old.marker.value, written: writtenOf(old.file, old.marker) };
}

/** True where a text says something else than it is to say. */
export function isChange({ marker, value }: Wish): boolean {
  return marker.value !== value;
}

/** Writes the texts that are to change into their files. A file that does not take them is a conflict. */
export function edit(wishes: readonly Wish[]): {
  files: RolledBackFile[];
  changes: ImageChange[];
  conflicts: Conflict[];
} {
  const result = { files: [] as RolledBackFile[], changes: [] as ImageChange[], conflicts: [] as Conflict[] };
  for (const [path, group] of Map.groupBy(wishes.filter(isChange), ({ text }) => text.path)) {
    const done = putBack(group[0]!.text.file, group);
    if ('reason' in done) {
      result.conflicts.push(...group.map(({ marker }) => ({ file: path, line: marker.line, reason: done.reason })));
      continue;
    }
    result.files.push({ path, before: done.file.before, after: done.file.after });
    result.changes.push(
      ...group.map(({ marker, value }) => {
        const { policy, line } = marker;
        return { file: path, line, policy, from: marker.value, to: value };
      }),
    );
  }
  return result;
}

/** The image's texts of the head; a conflict for each of its targets that cannot be edited. */
export async function imageAtHead(
  repo: RollbackRepo,
  look: Look,
  { name }: ImageEntry,
): Promise<{ now: ImageText[]; conflicts: Conflict[] }> {
  const conflicts = look.files.flatMap(({ path, facts }) =>
    facts.skipped
      .filter(({ policies }) => policies?.includes(name))
      .map(({ line, reason }) => ({ file: path, line, reason })),
  );
  return { now: await textsNow(repo, look, name), conflicts };
}

function goneConflict({ path, marker }: ImageText, { name }: ImageEntry, then: string): Conflict {
  const reason = `at ${short(then)} line ${marker.line} had ${marker.value} for "${name}", and this place is not there any more`;
  return { file: path, reason };
}

function newConflict({ path, marker }: ImageText, like: readonly ImageText[], then: string): Conflict {
  const had = [...new Set(like.map((text) => text.marker.value))];
  const why = had.length === 0 ? `nothing in Git had such a text` : `Git had ${had.join(' and ')}`;
  return { file: path, line: marker.line, reason: `this place was not there at ${short(then)}, and ${why}` };
}
