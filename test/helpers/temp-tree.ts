import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Writes files into a directory of its own, removed after the test. A value `{ link }` is a symbolic link. */
export async function tempTree(files: Record<string, string | Uint8Array | { link: string }>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, join(root, path));
    else await writeFile(join(root, path), content);
  }
  return root;
}
