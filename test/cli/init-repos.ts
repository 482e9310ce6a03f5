import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitIn } from '../adapters/git/repos.ts';
import { type Ran, windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

/** A repository on a person's machine. */
export interface Repo {
  path: string;
  run(...argv: string[]): Promise<Ran>;
  /** All files by their paths, without Git's own. */
  files(): Promise<Record<string, string>>;
}

/** The repositories of test/fixtures/init, as the teams of this world have them. */
export const fixtures = ['flux', 'argo', 'kustomize', 'charts', 'monorepo'] as const;

/** A clone of a fixture; `origin` is where it came from. */
export async function fixtureRepo(name: (typeof fixtures)[number], origin?: string): Promise<Repo> {
  const path = await tempTree({});
  await cp(`test/fixtures/init/${name}`, path, { recursive: true });
  return repoAt(path, origin);
}

/** A repository with these files. */
export async function repoWith(files: Parameters<typeof tempTree>[0], origin?: string): Promise<Repo> {
  return repoAt(await tempTree(files), origin);
}

function repoAt(path: string, origin?: string): Repo {
  gitIn(path, 'init', '--quiet', '--initial-branch=main');
  if (origin !== undefined) gitIn(path, 'remote', 'add', 'origin', origin);
  return { path, run: (...argv) => windlass(argv, { cwd: path }), files: () => filesIn(path) };
}

/** All files of a directory by their paths, without Git's own. */
export async function filesIn(path: string): Promise<Record<string, string>> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name).slice(path.length + 1);
    if (!file.startsWith('.git/')) found[file] = await readFile(join(path, file), 'utf8');
  }
  return found;
}
