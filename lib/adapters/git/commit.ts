import { randomUUID } from 'node:crypto';
import type { CommitRequest } from '../../bump/ports.ts';
import { commitMessage, oneLine } from '../../model/commit-message.ts';
import { UserError } from '../../model/errors.ts';
import { treeFile } from '../../model/tree-path.ts';
import { checkRevision, type Mirror } from './mirror.ts';
import type { TreeEntry } from './tree.ts';

/** Who a commit is by. */
export interface Author {
  name: string;
  email: string;
}

/**
 * Writes a commit into the copy, on no branch, and answers its id. Files keep their mode; new ones are plain files.
 * Throws `UserError` when a path is a symbolic link or a submodule.
 */
export async function writeCommit(
  mirror: Mirror,
  entries: readonly TreeEntry[],
  author: Author,
  request: CommitRequest,
): Promise<string> {
  // fast-import writes blobs, trees and commit in one process, bytes as they are; it wants a ref, which is taken away again.
  const ref = `refs/windlass/${randomUUID()}`;
  const input = fastImport(ref, entries, author, request);
  const output = await mirror.run({ args: ['fast-import', '--quiet', '--done', '--date-format=raw'], input });
  await mirror.run({ args: ['update-ref', '-d', ref] });
  return checkRevision(output.toString('latin1').trim());
}

function fastImport(ref: string, entries: readonly TreeEntry[], author: Author, request: CommitRequest): Buffer {
  const modes = new Map(entries.map((entry) => [entry.path, entry.mode]));
  const who = `${named(author.name)} <${named(author.email)}> ${Math.floor(request.at.getTime() / 1000)} +0000`;
  const message = Buffer.from(commitMessage(request));
  const parts: (string | Uint8Array)[] = [`commit ${ref}\nmark :1\nauthor ${who}\ncommitter ${who}\n`];
  parts.push(`data ${message.length}\n`, message, `\nfrom ${checkRevision(request.parent)}\n`);
  for (const file of request.files) {
    const mode = modes.get(treeFile(file.path));
    if (mode === '120000' || mode === '160000') throw notAFile(file.path);
    if (file.bytes !== undefined) {
      parts.push(`M ${mode ?? '100644'} inline ${quoted(file.path)}\ndata ${file.bytes.length}\n`, file.bytes, '\n');
    } else {
      if (mode === undefined) throw new Error(`cannot delete ${file.path}: commit ${request.parent} does not have it`);
      parts.push(`D ${quoted(file.path)}\n`);
    }
  }
  parts.push('\nget-mark :1\ndone\n');
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function named(text: string): string {
  return oneLine(text).replace(/[<>]/g, '');
}

/** Fast-import's quoting: C-style, which any path fits in. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

function notAFile(path: string): UserError {
  return new UserError(`${path} is a symbolic link or a submodule: Windlass edits plain files only`, {
    code: 'not-a-file',
    subject: path,
  });
}
