import { stringify } from 'yaml';
import * as z from 'zod';
import { formatProblem, type Problem, UserError } from '../model/errors.ts';
import { isDigest, isTag } from '../model/image-ref.ts';
import type { Hold } from '../policy/spec.ts';
import type { Config } from './config.ts';
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

/** The directory of the config repo that holds are in, one file each. */
export const holdsDirectory = 'holds';

const held = z.string().refine((text) => isTag(text) || digestIn(text) !== undefined, {
  error: 'must be a tag, or a digest like sha256:...',
});

/** `holds/<image>.<id>.yaml` */
export const holdSchema = z.strictObject({
  image: z.string().min(1).describe('The key in images.'),
  tag: held.describe('The tag to keep; the digest, where the policy is digest.'),
  past: held.describe(
    'The highest tag that was seen: only tags after it are taken again. With digest: the digest that is not taken again.',
  ),
  ...stopKeys,
});

/** Reads one hold. All problems at once; never throws for what is written in it. */
export function parseHold(content: string, path: string): { hold?: Hold; problems: Problem[] } {
  const { value, id, problems } = parseStop(holdSchema, content, path);
  if (value === undefined) return { problems };
  const { who, ...rest } = value;
  const named = nameProblems(path, value.image);
  if (named.length > 0) return { problems: named };
  const hold = { id, ...rest, by: who };
  return { hold: { ...hold, ...unusualPath(path, holdPath(hold)) }, problems };
}

/** Reads the files of `holds/`. An unreadable one is never left out: the caller stops the bumps of its image, or all of them. */
export function readHolds(files: readonly StopFile[]): { holds: Hold[]; unreadable: Unreadable[] } {
  const read = readStops(files, (content, path) => {
    const { hold, problems } = parseHold(content, path);
    return { value: hold, problems };
  });
  return { holds: read.values, unreadable: read.unreadable };
}

/** The path of a hold's file. */
export function holdPath({ image, id, path }: Pick<Hold, 'image' | 'id' | 'path'>): string {
  return path ?? `${holdsDirectory}/${escapedName(image)}.${id}.yaml`;
}

/** Writes a hold as the file that `parseHold` reads. Throws `UserError` for one that it would refuse: a tag that is none, a name or id that no file can have. */
export function holdFile(hold: Hold): { path: string; content: string } {
  const { image, tag, past, by: who, why, until, at } = hold;
  const path = holdPath({ ...hold, path: undefined });
  const written = Object.entries({ image, tag, past, who, why, until, at }).filter(([, value]) => value !== undefined);
  // As in suspends: a tag such as 1.10 is quoted, and a long line stays one.
  const content = stringify(Object.fromEntries(written), { compat: 'yaml-1.1', lineWidth: 0 });
  const { problems } = parseHold(content, path);
  if (problems.length === 0) return { path, content };
  throw new UserError(`this hold cannot be written: ${formatProblem(problems[0]!)}`, {
    code: 'bad-hold',
    subject: image,
    problems,
  });
}

/** What is wrong with a hold beside windlass.yaml: a digest policy is held by digests, every other one by tags. Undefined for an image that is not there. */
export function holdProblem(hold: Hold, images: Config['images']): Problem | undefined {
  const entry = images[hold.image];
  if (entry === undefined) return undefined;
  const byDigest = entry.digest !== undefined;
  const wrong = (['tag', 'past'] as const).filter((key) => (digestIn(hold[key]) !== undefined) !== byDigest);
  if (wrong.length === 0) return undefined;
  const [is, not] = byDigest ? ['follows a digest', 'a tag'] : ['chooses a tag', 'a digest'];
  const message = `${hold.image} ${is}, and ${wrong.join(' and ')} of the hold ${wrong.length > 1 ? 'are' : 'is'} ${not}`;
  const hint = byDigest ? 'write it as sha256:..., or TAG@sha256:...' : 'write the tag alone';
  return { code: 'bad-hold', file: holdPath(hold), message, hint };
}

/** The digest in `sha256:...` or `tag@sha256:...`; undefined for any other text. */
function digestIn(text: string): string | undefined {
  const at = text.indexOf('@');
  if (at >= 0 && !isTag(text.slice(0, at))) return undefined;
  const digest = text.slice(at + 1);
  return isDigest(digest) ? digest : undefined;
}
