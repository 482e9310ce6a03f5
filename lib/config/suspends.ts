import { stringify } from 'yaml';
import * as z from 'zod';
import { formatProblem, type Problem, UserError } from '../model/errors.ts';
import { hasPassed } from '../model/until.ts';
import { nameOfAll } from './scalars.ts';
import {
  escapedName,
  nameProblems,
  parseStop,
  readStops,
  type StopFile,
  stopKeys,
  type Unreadable,
  unusualPath,
} from './stop-files.ts';

/** The directory of the config repo that suspends are in, one file each. */
export const suspendsDirectory = 'suspends';

/** What a suspend for all stops: the bumps of all images, the pulls of all syncs, or both. */
export type SuspendedAll = 'images' | 'syncs' | true;

/** Somebody's word that an image is not bumped, or a sync not pulled, until the file is deleted or `until` has passed. One of `image`, `sync` and `all` is there. */
export interface Suspend {
  /** From the file's name, `suspends/<image, sync or all>.<id>.yaml`. */
  id: string;
  image?: string;
  /** A key in `syncs`, which stands for all that it expands to, or an expanded name. */
  sync?: string;
  all?: SuspendedAll;
  by: string;
  why: string;
  /** A date (it lasts to its end, UTC) or an ISO 8601 time. */
  until?: string;
  at?: string;
  /** Where its file is, if not where `suspendFile` writes it: a name with a colon may stand unescaped. */
  path?: string;
}

/** What a suspend may stop: an image by its key, or a sync by its expanded name and the key that it was expanded from. */
export type Suspendable = { image: string } | { sync: string; template?: string };

/** `suspends/<image, sync or all>.<id>.yaml` */
export const suspendSchema = z
  .strictObject({
    image: z.string().min(1).optional().describe('The key in images that is not bumped.'),
    sync: z.string().min(1).optional().describe('The sync that is not pulled: a key in syncs, or an expanded name.'),
    all: z.literal(['images', 'syncs', true]).optional().describe('images, syncs, or true for both.'),
    ...stopKeys,
  })
  .refine(({ image, sync, all }) => [image, sync, all].filter((key) => key !== undefined).length === 1, {
    error: 'needs one of image, sync and all',
  });

/** Reads one suspend. All problems at once; never throws for what is written in it. */
export function parseSuspend(content: string, path: string): { suspend?: Suspend; problems: Problem[] } {
  const { value, id, problems } = parseStop(suspendSchema, content, path);
  if (value === undefined) return { problems };
  const { who, ...rest } = value;
  const named = nameProblems(path, nameOf(value));
  if (named.length > 0) return { problems: named };
  const suspend = { id, ...rest, by: who };
  return { suspend: { ...suspend, ...unusualPath(path, suspendPath(suspend)) }, problems };
}

/** Reads the files of `suspends/`. An unreadable one is never left out: the caller stops what it names, or everything. */
export function readSuspends(files: readonly StopFile[]): { suspends: Suspend[]; unreadable: Unreadable[] } {
  const read = readStops(files, (content, path) => {
    const { suspend, problems } = parseSuspend(content, path);
    return { value: suspend, problems };
  });
  return { suspends: read.values, unreadable: read.unreadable };
}

/** True while a suspend stops an image or a sync: it names it, or all of its kind, and its `until` has not passed. */
export function suspendMatches(suspend: Suspend, subject: Suspendable, now: Date): boolean {
  return !hasPassed(suspend.until, now) && names(suspend, subject);
}

/** Why an image is not bumped, in words: who suspended it, until when and why. */
export function suspendedBy({ by, why, until }: Suspend): string {
  return `suspended by ${by}${until === undefined ? '' : ` until ${until}`}: ${why}`;
}

/** The path of a suspend's file. */
export function suspendPath(suspend: Suspend): string {
  return suspend.path ?? `${suspendsDirectory}/${escapedName(nameOf(suspend))}.${suspend.id}.yaml`;
}

/** Writes a suspend as the file that `parseSuspend` reads. Throws `UserError` for one that it would refuse: a name or id that no file can have, an `until` that is no date. */
export function suspendFile(suspend: Suspend): { path: string; content: string } {
  const { id: _inItsName, path: _ofAnother, by: who, why, until, at, ...subject } = suspend;
  const path = suspendPath({ ...suspend, path: undefined });
  const written = Object.entries({ ...subject, who, why, until, at }).filter(([, value]) => value !== undefined);
  // Quoted where a reader of YAML 1.1 would see a boolean or a number; a long line is not folded, so that it stays one in a diff.
  const content = stringify(Object.fromEntries(written), { compat: 'yaml-1.1', lineWidth: 0 });
  const { problems } = parseSuspend(content, path);
  if (problems.length > 0) {
    throw new UserError(`this suspend cannot be written: ${formatProblem(problems[0]!)}`, {
      code: 'bad-suspend',
      subject: nameOf(suspend),
      problems,
    });
  }
  return { path, content };
}

function nameOf({ image, sync }: Pick<Suspend, 'image' | 'sync' | 'all'>): string {
  return image ?? sync ?? nameOfAll;
}

function names({ image, sync, all }: Suspend, subject: Suspendable): boolean {
  if ('image' in subject) return image === subject.image || all === true || all === 'images';
  const named = sync !== undefined && (sync === subject.sync || sync === subject.template);
  return named || all === true || all === 'syncs';
}
