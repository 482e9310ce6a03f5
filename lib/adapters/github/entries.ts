import * as z from 'zod';
import type { RepoFile } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { blobBytes, blobFields, blobShape } from './blob.ts';
import type { GitHubRepo } from './client.ts';
import { lost } from './failure.ts';

/** One entry of a tree. */
export interface Entry {
  /** The blob, tree or submodule's commit. */
  oid: string;
  /** As a number: `0o100644`, `0o100755`, `0o120000` (symbolic link), `0o160000` (submodule), `0o40000` (directory). */
  mode: number;
}

/** An entry with what a query told of its content. */
export const entryShape = z.object({ oid: z.string(), mode: z.number(), object: blobShape.nullish() });
type ToldEntry = z.infer<typeof entryShape>;

/** Files in one query: the answer stays small enough, and the number of requests too. */
const batch = 50;

/** True for what may be read and edited. */
export function isPlain({ mode }: Pick<Entry, 'mode'>): boolean {
  return mode === 0o100644 || mode === 0o100755;
}

/** What a commit has at the paths, in their order; undefined where there is nothing. With `text`, also what the query tells of the content. */
export async function entriesAt(
  repo: GitHubRepo,
  revision: string,
  paths: readonly string[],
  { text }: { text: boolean },
): Promise<(ToldEntry | undefined)[]> {
  const found: (ToldEntry | undefined)[] = [];
  for (let at = 0; at < paths.length; at += batch) {
    found.push(...(await entriesOfBatch(repo, revision, paths.slice(at, at + batch), text)));
  }
  return found;
}

async function entriesOfBatch(repo: GitHubRepo, revision: string, paths: readonly string[], text: boolean) {
  const names = paths.map((_, index) => `f${index}`);
  const variables = Object.fromEntries(paths.map((path, index) => [`p${index}`, path]));
  const fields = `oid mode${text ? ` object { ${blobFields} }` : ''}`;
  const query = `query Files($owner: String!, $repo: String!, $oid: GitObjectID!, ${paths.map((_, index) => `$p${index}: String!`).join(', ')}) {
    repository(owner: $owner, name: $repo) {
      object(oid: $oid) { ... on Commit { oid ${names.map((name, index) => `${name}: file(path: $p${index}) { ${fields} }`).join(' ')} } }
    }
  }`;
  const commit = z.looseObject({ oid: z.literal(revision) });
  const shape = z.object({ repository: z.object({ object: commit }) });
  const { repository } = await repo.query(query, { oid: revision, ...variables }, shape);
  return names.map((name) => {
    const entry = entryShape.nullable().safeParse(repository.object[name]);
    if (!entry.success) throw lost('the answer about a file cannot be read');
    return entry.data ?? undefined;
  });
}

/** The bytes of an entry. Throws `UserError` when it is no plain file, or larger than is read. */
export async function fileOf(
  repo: GitHubRepo,
  path: string,
  entry: ToldEntry,
  maxFileBytes: number,
): Promise<RepoFile> {
  if (!isPlain(entry)) throw notAFile(path);
  const size = entry.object?.byteSize;
  if (size !== undefined && size > maxFileBytes) {
    throw new UserError(`${path} has ${size} bytes, more than the ${maxFileBytes} that are read`, {
      code: 'file-too-large',
      subject: path,
    });
  }
  return { path, bytes: await blobBytes(repo, entry.oid, entry.object) };
}

/** The error for a symbolic link or submodule where a file is to be. */
export function notAFile(path: string): UserError {
  return new UserError(`${path} is a symbolic link or a submodule: make it a plain file`, {
    code: 'not-a-file',
    subject: path,
  });
}
