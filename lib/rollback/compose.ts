import type { ImageEntry } from '../config/config.ts';
import { holdFile, holdPath } from '../config/holds.ts';
import type { Marker } from '../edit/find-markers.ts';
import { storyIn } from '../model/bump-story.ts';
import type { LineCommit } from '../model/config-repo.ts';
import { parseImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { RollbackStory, RolledBackImage } from '../model/rollback-story.ts';
import { rollbackTrailers } from '../model/rollback-story.ts';
import type { Hold } from '../policy/spec.ts';
import type { Conflict } from './conflict.ts';
import { heldAlready, holdFor } from './held.ts';
import type { Look } from './look.ts';
import { bodyOf, subjectOf } from './message.ts';
import {
  type NoRollback,
  type RollbackOrder,
  type RollbackPlan,
  type RolledBackFile,
  targetName,
  type UndoneCommit,
} from './order.ts';
import type { RollbackRegistry } from './ports.ts';
import { replacedBy, replacedText } from './replaced.ts';
import { siblingsThatStay, stayingOf } from './undoes.ts';

type Said = Pick<Marker, 'policy' | 'part' | 'value'>;

/** An image that goes back, with what it had and gets at the places that change. */
export interface Moved {
  entry: ImageEntry;
  from: Said[];
  to: Said[];
}

/** What a plan is made of. */
export interface Parts {
  order: RollbackOrder;
  look: Look;
  back?: LineCommit;
  had?: LineCommit;
  moved: Moved[];
  files: RolledBackFile[];
  changes: ImageChange[];
  reverts: LineCommit[];
  alsoChanges: string[];
  remarks: string[];
}

/** Puts a plan together: the holds, the story, and the one commit. A hold that cannot be is a conflict. */
export async function compose(
  { order, look, moved, files, ...rest }: Parts,
  registry: RollbackRegistry | undefined,
): Promise<RollbackPlan | NoRollback> {
  const [holds, replaced]: [Hold[], Hold[]] = [[], []];
  const conflicts: Conflict[] = [];
  const remarks = [...rest.remarks];
  const policies = new Set(moved.map(({ entry }) => entry.name));
  for (const { entry, from, to } of moved) {
    const facts = { entry, from, to, holds: look.holds };
    const made = await holdFor(facts, { ...order, head: look.head }, registry);
    remarks.push(...made.remarks, ...siblingsThatStay(look, { entry, from }, policies));
    if ('hold' in made) {
      holds.push(made.hold);
      replaced.push(...replacedBy(made.hold, entry, { holds: look.holds, now: order.now }));
      remarks.push(...heldAlready(made.hold, look.holds));
    } else
      conflicts.push({
        file: rest.changes.find(({ policy }) => policy === entry.name)?.file ?? '',
        reason: made.reason,
      });
  }
  if (conflicts.length > 0) return conflict(order, conflicts);
  remarks.push(...replaced.map(replacedText));
  const written = holds.map((hold) => holdFile(hold));
  const releases = replaced.map(holdPath);
  const story: RollbackStory = {
    target: targetName(order),
    images: moved.map((one) => storyOf(one)),
    reverts: rest.reverts.filter((commit) => storyIn(commit) !== undefined).map(({ revision }) => revision),
    events: eventsOf(rest.reverts),
    holds: written.map(({ path }) => path),
    ...(releases.length === 0 ? {} : { releases }),
    ...(order.who === undefined ? {} : { who: order.who }),
    ...(order.automatic === undefined ? {} : { automatic: order.automatic }),
  };
  const encoder = new TextEncoder();
  const commit = {
    parent: look.head,
    files: [
      ...files.map(({ path, after }) => ({ path, bytes: after })),
      ...written.map(({ path, content }) => ({ path, bytes: encoder.encode(content) })),
      ...releases.map((path) => ({ path, bytes: undefined })),
    ],
    subject: subjectOf(story, order.why),
    body: bodyOf({ changes: rest.changes, files, back: rest.back, why: order.why, holds, replaced }),
    trailers: rollbackTrailers(story),
  };
  const reverts = rest.reverts.map((one): UndoneCommit => {
    const stays = stayingOf(one, policies);
    return { ...one, ...(stays === undefined ? {} : { inPart: stays }) };
  });
  return { result: 'plan', order, head: look.head, story, holds, files, ...rest, reverts, remarks, commit };
}

/** Nothing is done, because of these places; `instead` is what can be done. */
export function conflict(order: RollbackOrder, conflicts: Conflict[], instead?: string): NoRollback {
  const [first] = conflicts;
  const more = conflicts.length === 1 ? '' : ` (and ${conflicts.length - 1} more)`;
  const where = first!.line === undefined ? first!.file : `${first!.file}:${first!.line}`;
  const reason = `${targetName(order)} cannot go back: ${where}: ${first!.reason}${more}${instead === undefined ? '' : `; ${instead}`}`;
  return { result: 'none', code: 'conflict', reason, conflicts };
}

/** Nothing is to be done. */
export function nothing(code: NoRollback['code'], reason: string, conflicts: Conflict[] = []): NoRollback {
  return { result: 'none', code, reason, conflicts };
}

function storyOf({ entry: { name, image }, from, to }: Moved): RolledBackImage {
  const [had, gets] = [from, to].map((texts) => [...new Set(texts.flatMap((text) => shortText(text, image)))]);
  return { policy: name, repository: image, from: had!, to: gets! };
}

/** A text without its repository: `1.4.0`, `1.4.0@sha256:...`, `sha256:...`. */
function shortText({ part, value }: Said, repository: string): string[] {
  if (part === 'name' || value === '') return [];
  if (part !== 'image') return [value];
  const ref = parseImageRef(value);
  if (ref === undefined) return [value];
  const text = [ref.tag, ref.digest].filter((one) => one !== undefined).join('@');
  return [ref.repository === repository && text !== '' ? text : value];
}

function eventsOf(reverts: readonly LineCommit[]): string[] {
  return [...new Set(reverts.flatMap((commit) => storyIn(commit)?.events ?? []))];
}
