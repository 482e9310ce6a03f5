import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOutMinimal, git } from '../helpers/loop.ts';

/** The smallest example with a sync, an image policy and a namespace of its own, so that tests of one cluster do not meet. */
export async function checkOutAs(path: string, name: string): Promise<string> {
  await checkOutMinimal(path);
  for (const file of ['windlass.yaml', 'deploy/web.yaml']) {
    const text = await readFile(join(path, file), 'utf8');
    await writeFile(join(path, file), text.replaceAll(/\bweb\b(?!\.)/g, name));
  }
  await git(path, 'commit', '--quiet', '--all', '--amend', '-m', 'Begin');
  return path;
}

/** The same as a bare repository `config.git` in a directory, as a host has it, and a clone that a person works in. */
export async function hosted(dir: string, name: string): Promise<{ bare: string; clone: string }> {
  const clone = await checkOutAs(join(dir, 'clone'), name);
  const bare = join(dir, 'host', 'config.git');
  await git(dir, 'clone', '--quiet', '--bare', clone, bare);
  await git(bare, 'config', 'http.receivepack', 'true');
  await git(clone, 'remote', 'add', 'origin', bare);
  await git(clone, 'fetch', '--quiet', 'origin');
  await git(clone, 'branch', '--quiet', '--set-upstream-to=origin/main', 'main');
  return { bare, clone };
}
