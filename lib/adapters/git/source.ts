import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SourceTree, TreeFile } from '../../desired/ports.ts';
import { UserError } from '../../model/errors.ts';
import { strayPath } from '../../model/tree-path.ts';
import type { Source } from '../../pull/ports.ts';
import { ancestryByCommits, ancestryOf } from './ancestry.ts';
import { checkRevision, type Depth, type Mirror, type MirrorOptions, openMirror } from './mirror.ts';
import { parseRemote } from './remote.ts';
import { listTree, readBlobs, type TreeEntry } from './tree.ts';

/** How a source is opened, and how large one revision of it may be. */
export interface GitSourceOptions extends MirrorOptions {
  /** 50,000 unless told. */
  maxFiles?: number;
  /** Bytes of all files of a revision; 512 MiB unless told. */
  maxBytes?: number;
  /**
   * What the copy has: `latest` (unless told, for a repository elsewhere) fetches the head alone; `whole` (for one on this machine) the
   * history too, and is the copy that a config repo with the same `cacheDir` has.
   */
  depth?: Depth;
  /** Where revisions are checked out, once they have to be, while they are open; the system's temporary directory unless told. */
  treesDir?: string;
}

/** The config repo as pull and drift read it, by the git binary. Throws `UserError` for an impossible URL or branch name. */
export function openGitSource(options: GitSourceOptions): Source {
  const depth = options.depth ?? (parseRemote(options.url).directory === undefined ? 'latest' : 'whole');
  const mirror = openMirror(options, depth);
  return {
    head: () => mirror.head(),
    open: async (revision) => {
      await mirror.ensure(revision);
      const entries = await listTree(mirror, revision);
      checkSize(mirror, revision, entries, options);
      checkPaths(revision, entries);
      const links = await linkTargets(mirror, entries);
      const checkOutOnce = once(() => checkOut(mirror, revision, options.treesDir ?? tmpdir()));
      return gitTree(mirror, revision, entries, links, checkOutOnce);
    },
    isAncestor: depth === 'whole' ? ancestryOf(mirror) : ancestryByCommits(mirror, options.cacheDir),
  };
}

/** So many files are asked of git one by one. Who reads more, as a renderer does, has the whole tree checked out: that costs two calls. */
const fewFiles = 12;
/** Bytes of a file that is asked for so. */
const smallFile = 1024 * 1024;

/** Something that is made when it is first asked for, and again after a failure. `made` is undefined before. */
interface Once<T> {
  (): Promise<T>;
  made(): Promise<T> | undefined;
}

function once<T>(make: () => Promise<T>): Once<T> {
  let made: Promise<T> | undefined;
  const ask = () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(ask, { made: () => made });
}

function gitTree(
  mirror: Mirror,
  revision: string,
  entries: readonly TreeEntry[],
  links: ReadonlyMap<string, string>,
  checkedOut: Once<string>,
): SourceTree & { close(): Promise<void> } {
  const plain = new Map(entries.filter(({ mode }) => mode.startsWith('100')).map((entry) => [entry.path, entry]));
  let asked = 0;
  const all = entries.map((entry) => treeFile(entry, links)).sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    revision,
    checkOut: checkedOut,
    files: async (below) => {
      const prefix = below === '.' || below === '' ? '' : `${below.replace(/\/+$/, '')}/`;
      return all.filter((file) => file.path.startsWith(prefix));
    },
    read: async (path) => {
      const file = plain.get(path);
      if (file === undefined)
        throw new UserError(`${path} is not a file of commit ${revision}`, { code: 'file-missing', subject: path });
      const isFew = checkedOut.made() === undefined && file.size <= smallFile && asked++ < fewFiles;
      if (isFew) return (await readBlobs(mirror, [file.oid]))[0]!;
      return new Uint8Array(await readFile(join(await checkedOut(), path)));
    },
    close: async () => {
      const directory = await checkedOut.made()?.catch(() => undefined);
      if (directory !== undefined) await rm(dirname(directory), { recursive: true, force: true });
    },
  };
}

function treeFile(entry: TreeEntry, links: ReadonlyMap<string, string>): TreeFile {
  const { path, size, oid: id } = entry;
  if (entry.mode === '160000') return { path, size: 0, kind: 'submodule', id };
  const target = links.get(path);
  return target === undefined ? { path, size, kind: 'file', id } : { path, size, kind: 'symlink', target, id };
}

async function linkTargets(mirror: Mirror, entries: readonly TreeEntry[]): Promise<Map<string, string>> {
  const links = entries.filter((entry) => entry.mode === '120000');
  const blobs = await readBlobs(
    mirror,
    links.map((entry) => entry.oid),
  );
  return new Map(links.map((entry, index) => [entry.path, Buffer.from(blobs[index]!).toString('utf8')]));
}

/** Writes the tree into the directory `tree` of a directory of its own: bytes as they are in Git, links as links, nothing for a submodule. */
async function checkOut(mirror: Mirror, revision: string, treesDir: string): Promise<string> {
  await mkdir(treesDir, { recursive: true });
  const root = await mkdtemp(join(treesDir, 'windlass-tree-'));
  const directory = join(root, 'tree');
  const index = join(root, 'index');
  try {
    await mkdir(directory);
    const env = { GIT_INDEX_FILE: index, GIT_WORK_TREE: directory };
    await mirror.run({ args: ['read-tree', checkRevision(revision)], env });
    await mirror.run({ args: ['checkout-index', '--all', '--quiet', `--prefix=${directory}/`], env, timeout: 300_000 });
    return directory;
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

function checkPaths(revision: string, entries: readonly TreeEntry[]): void {
  const stray = strayPath(entries.map(({ path }) => path));
  if (stray === undefined) return;
  throw new UserError(`commit ${revision} has the path ${JSON.stringify(stray)}, which is refused`, {
    code: 'tree-path',
    subject: revision,
  });
}

function checkSize(mirror: Mirror, revision: string, entries: readonly TreeEntry[], options: GitSourceOptions): void {
  const maxFiles = options.maxFiles ?? 50_000;
  const maxBytes = options.maxBytes ?? 512 * 1024 * 1024;
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (entries.length <= maxFiles && bytes <= maxBytes) return;
  throw new UserError(
    `${mirror.remote.shown} has ${entries.length} files with ${bytes} bytes at ${revision.slice(0, 12)}, more than the ${maxFiles} files or ${maxBytes} bytes that are read`,
    { code: 'repo-too-large', subject: revision },
  );
}
