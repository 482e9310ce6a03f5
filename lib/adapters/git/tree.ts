import { UserError } from '../../model/errors.ts';
import { checkRevision, type Mirror } from './mirror.ts';

/** One entry of a commit's tree, at any depth. */
export interface TreeEntry {
  path: string;
  /** `100644`, `100755`, `120000` (symbolic link) or `160000` (submodule). */
  mode: string;
  /** The blob, or the submodule's commit. */
  oid: string;
  /** Bytes; 0 for a submodule. */
  size: number;
}

/** All entries of a commit, in git's order. Paths that are not UTF-8 are a `UserError`. */
export async function listTree(mirror: Mirror, revision: string): Promise<TreeEntry[]> {
  const output = await mirror.run({ args: ['ls-tree', '-r', '-l', '-z', '--full-tree', checkRevision(revision)] });
  return decode(output, revision)
    .split('\0')
    .filter((line) => line !== '')
    .map(parseEntry);
}

/** The bytes of blobs, in the order asked for. */
export async function readBlobs(mirror: Mirror, oids: readonly string[]): Promise<Uint8Array[]> {
  if (oids.length === 0) return [];
  const output = await mirror.run({ args: ['cat-file', '--batch'], input: oids.map((oid) => `${oid}\n`).join('') });
  const blobs: Uint8Array[] = [];
  let at = 0;
  for (const oid of oids) {
    const end = output.indexOf(0x0a, at);
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(output.toString('latin1', at, end))?.[1];
    if (size === undefined) throw new Error(`git does not have the blob ${oid}`);
    blobs.push(new Uint8Array(output.subarray(end + 1, end + 1 + Number(size))));
    at = end + 1 + Number(size) + 1;
  }
  return blobs;
}

/** Those of the paths whose bytes contain the text. */
export async function pathsContaining(
  mirror: Mirror,
  revision: string,
  text: string,
  paths: readonly string[],
): Promise<string[]> {
  const answer = await mirror.ask({
    args: ['--literal-pathspecs', 'grep', '-l', '-z', '-a', '-F', '-e', text, checkRevision(revision), '--', ...paths],
  });
  if (answer.code > 1) throw new Error(`git grep failed with ${answer.code}: ${answer.stderr.trim()}`);
  return decode(answer.stdout, revision)
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.slice(revision.length + 1));
}

function parseEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const [mode, , oid, size] = line.slice(0, tab).split(/ +/);
  return { path: line.slice(tab + 1), mode: mode!, oid: oid!, size: size === '-' ? 0 : Number(size) };
}

function decode(output: Buffer, revision: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(output);
  } catch (cause) {
    throw new UserError(`commit ${revision} has a file name that is not UTF-8: rename it`, {
      code: 'file-name',
      subject: revision,
      cause,
    });
  }
}
