import * as z from 'zod';
import type { Problem } from '../model/errors.ts';
import { date, nameOfAll } from './scalars.ts';
import { readYamlSource } from './yaml-source.ts';
import { findingsOf } from './zod-findings.ts';

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

/** The keys that holds and suspends share. */
export const stopKeys = {
  who: z.string().min(1).describe('Who asked for it.'),
  why: z.string().min(1).describe('Why.'),
  until: date.optional().describe('The file is void after this date (UTC) or time.'),
  at: date.optional().describe('When it was made.'),
};

/** Reads all files of a directory. An unreadable one is under each name that it may be about. */
export function readStops<T>(
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

/** Reads one file by a schema; `id` is from its name. All problems at once; never throws for what is written in it. */
export function parseStop<S extends z.ZodObject>(
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

/**
 * A name as file names have it: what Windows cannot have in one (`:` of a Flux policy) is escaped as in URLs, and so is `%`, so that two names are never
 * one file. A slash is no part of a name.
 */
export function escapedName(name: string): string {
  return name.replace(/[%:<>"\\|?*]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${code}`;
  });
}

/** Where the file is, in a form to be kept beside what it says: nothing for its usual path. */
export function unusualPath(path: string, usual: string): { path?: string } {
  return path === usual ? {} : { path };
}

function unescapedName(text: string): string {
  return text.replace(/%(25|3A|3C|3E|22|5C|7C|3F|2A)/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** What is wrong with the name of a file that is about `name`. */
export function nameProblems(path: string, name: string): Problem[] {
  const parts = partsOf(path);
  const code = 'bad-file-name';
  if (parts === undefined)
    return [
      {
        code,
        file: path,
        message: 'the name of this file must be <name>.<id>.yaml',
        hint: `${escapedName(name)}.1.yaml`,
      },
    ];
  if (parts.name === name || unescapedName(parts.name) === name) return [];
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

/** All names that an unreadable file may be about: the one of its own name (as it is, and unescaped), and the one that it still says; undefined when it may be about any. */
function namesOf(path: string, bytes: Uint8Array): (string | undefined)[] {
  const parts = partsOf(path);
  const [, key, said] = /^(all|image|sync):[ \t]*["']?([^\s"'#]+)/m.exec(new TextDecoder().decode(bytes)) ?? [];
  if (parts === undefined || parts.name === nameOfAll || key === 'all') return [undefined];
  return [...new Set([parts.name, unescapedName(parts.name), ...(said === undefined ? [] : [said])])];
}

/** Files that keep the directory or explain it. */
function isRemark(path: string): boolean {
  return /(?:^|\/)(?:\.gitkeep|\.gitignore|README(?:\.md)?)$/.test(path);
}
