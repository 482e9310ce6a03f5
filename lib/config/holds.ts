import { z } from 'zod';
import type { Problem } from '../model/errors.ts';
import { isTag } from '../model/image-ref.ts';
import { isDateOrTime } from '../model/until.ts';
import type { Hold } from '../policy/spec.ts';
import { readYamlSource } from './yaml-source.ts';
import { findingsOf } from './zod-findings.ts';

/** The directories of the config repo that holds and suspends are in, one file each. */
export const holdsDirectory = 'holds';
export const suspendsDirectory = 'suspends';

/** Somebody's word that an image is not bumped, or a sync not pulled, until the file is deleted or `until` has passed. */
export interface Suspend {
  /** From the file's name, `suspends/<image or sync>.<id>.yaml`. */
  id: string;
  image?: string;
  sync?: string;
  by: string;
  why: string;
  /** A date (it lasts to its end, UTC) or an ISO 8601 time. */
  until?: string;
  at?: string;
}

/** A file of `holds/` or `suspends/` as it is in the repo. */
export interface StopFile {
  path: string;
  bytes: Uint8Array;
}

/** A file that cannot be read. What it may have meant must stop: `name` is the image or sync, undefined when it could be any. */
export interface Unreadable {
  name?: string;
  problems: Problem[];
}

const tag = z.string().refine(isTag, { error: 'must be a tag' });
const time = z
  .string()
  .refine(isDateOrTime, { error: 'must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z' });
const text = z.string().min(1);
const until = time.optional().describe('The file is void after this date (UTC) or time.');
const at = time.optional().describe('When it was made.');

/** `holds/<image>.<id>.yaml` */
export const holdSchema = z.strictObject({
  image: text.describe('The key in images.'),
  tag: tag.describe('The tag to keep.'),
  past: tag.describe('The highest tag that was seen: only tags after it are taken again.'),
  who: text.describe('Who asked for it.'),
  why: text.describe('Why.'),
  until,
  at,
});

/** `suspends/<image or sync>.<id>.yaml` */
export const suspendSchema = z
  .strictObject({
    image: text.optional().describe('The key in images that is not bumped.'),
    sync: text.optional().describe('The sync that is not pulled: a key in syncs, or an expanded name.'),
    who: text.describe('Who asked for it.'),
    why: text.describe('Why.'),
    until,
    at,
  })
  .refine((suspend) => (suspend.image === undefined) !== (suspend.sync === undefined), {
    error: 'needs one of image and sync',
  });

/** Reads one hold. All problems at once; never throws for what is written in it. */
export function parseHold(content: string, path: string): { hold?: Hold; problems: Problem[] } {
  const { value, id, problems } = parseStop(holdSchema, content, path);
  if (value === undefined) return { problems };
  const { who, ...rest } = value;
  const named = nameProblems(path, value.image);
  return named.length > 0 ? { problems: named } : { hold: { id, ...rest, by: who }, problems };
}

/** Reads one suspend. All problems at once; never throws for what is written in it. */
export function parseSuspend(content: string, path: string): { suspend?: Suspend; problems: Problem[] } {
  const { value, id, problems } = parseStop(suspendSchema, content, path);
  if (value === undefined) return { problems };
  const { who, ...rest } = value;
  const named = nameProblems(path, value.image ?? value.sync ?? '');
  return named.length > 0 ? { problems: named } : { suspend: { id, ...rest, by: who }, problems };
}

/** Reads the files of `holds/`. An unreadable one is never left out: the caller stops the bumps of its image, or all of them. */
export function readHolds(files: readonly StopFile[]): { holds: Hold[]; unreadable: Unreadable[] } {
  const read = readStops(files, (content, path) => {
    const { hold, problems } = parseHold(content, path);
    return { value: hold, problems };
  });
  return { holds: read.values, unreadable: read.unreadable };
}

/** Reads the files of `suspends/`. An unreadable one is never left out: the caller stops what it names, or everything. */
export function readSuspends(files: readonly StopFile[]): { suspends: Suspend[]; unreadable: Unreadable[] } {
  const read = readStops(files, (content, path) => {
    const { suspend, problems } = parseSuspend(content, path);
    return { value: suspend, problems };
  });
  return { suspends: read.values, unreadable: read.unreadable };
}

function readStops<T>(
  files: readonly StopFile[],
  parse: (content: string, path: string) => { value?: T; problems: Problem[] },
): { values: T[]; unreadable: Unreadable[] } {
  const values: T[] = [];
  const unreadable: Unreadable[] = [];
  for (const { path, bytes } of files) {
    if (isRemark(path)) continue;
    const { value, problems } = parse(new TextDecoder().decode(bytes), path);
    if (value !== undefined) values.push(value);
    else unreadable.push(...namesOf(path, bytes).map((name) => ({ name, problems })));
  }
  return { values, unreadable };
}

function parseStop<S extends z.ZodObject>(
  schema: S,
  content: string,
  path: string,
): { value?: z.infer<S>; id: string; problems: Problem[] } {
  const id = partsOf(path)?.id ?? '';
  const { source, problems } = readYamlSource(content, path);
  if (source === undefined) return { id, problems };
  const parsed = schema.safeParse(source.value);
  if (parsed.success) return { value: parsed.data, id, problems: [] };
  return { id, problems: findingsOf(schema, source.value, parsed.error.issues).map(source.problem) };
}

function nameProblems(path: string, name: string): Problem[] {
  const parts = partsOf(path);
  const code = 'bad-file-name';
  if (parts === undefined)
    return [{ code, file: path, message: 'the name of this file must be <name>.<id>.yaml', hint: `${name}.1.yaml` }];
  if (parts.name === name) return [];
  return [
    {
      code,
      file: path,
      message: `the file is named for ${parts.name} and is about ${name}`,
      hint: 'rename it, or correct it',
    },
  ];
}

/** `web.7f3a.yaml` is about `web`; a dot in an image's name stays in it. */
function partsOf(path: string): { name: string; id: string } | undefined {
  const match = /^(?:.*\/)?([^/]+)\.([A-Za-z0-9_-]+)\.yaml$/.exec(path);
  return match ? { name: match[1]!, id: match[2]! } : undefined;
}

/** All names that an unreadable file may be about: the one of its own name, and the one that it still says; undefined when neither is known. */
function namesOf(path: string, bytes: Uint8Array): (string | undefined)[] {
  const parts = partsOf(path);
  if (parts === undefined) return [undefined];
  const said = /^(?:image|sync):[ \t]*["']?([^\s"'#]+)/m.exec(new TextDecoder().decode(bytes))?.[1];
  return said === undefined || said === parts.name ? [parts.name] : [parts.name, said];
}

/** Files that keep the directory or explain it. */
function isRemark(path: string): boolean {
  return /(?:^|\/)(?:\.gitkeep|\.gitignore|README(?:\.md)?)$/.test(path);
}
