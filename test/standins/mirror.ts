import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { GitHub } from './github.ts';
import { commitBytes, treeBytes } from './objects.ts';

/** Writes what the stand-in has into a bare repository, which is made where there is none: for git itself, and for who reads by it. */
export function mirror({ repository }: GitHub, directory: string): void {
  const git = (...args: string[]) => execFileSync('git', ['-C', directory, ...args], { stdio: 'pipe' });
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(directory, 'objects'))) git('init', '--quiet', '--bare', '--initial-branch=main');
  const { objects } = repository;
  for (const [oid, bytes] of objects.blobs) writeLoose(directory, 'blob', oid, bytes);
  for (const [oid, items] of objects.trees) writeLoose(directory, 'tree', oid, treeBytes(items));
  for (const [oid, commit] of objects.commits) writeLoose(directory, 'commit', oid, commitBytes(commit));
  for (const [name, oid] of repository.refs) git('update-ref', name, oid);
}

function writeLoose(directory: string, type: string, oid: string, content: Uint8Array): void {
  const folder = join(directory, 'objects', oid.slice(0, 2));
  const file = join(folder, oid.slice(2));
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])));
}
