import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRenderMemory } from '../../../lib/adapters/local/render-memory.ts';
import type { SourceTree } from '../../../lib/desired/ports.ts';
import type { RenderedSync } from '../../../lib/pull/ports.ts';
import { rendererWith } from '../../../lib/pull/renderer.ts';
import { noKustomizer, treeOf } from '../../pull/world.ts';

const of = 'https://git.example.com/acme/config.git';
const rendered: RenderedSync = {
  inputs: ['app'],
  inputsId: 'x',
  objects: [
    {
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: 'ä\u2028\n' } },
      origin: 'app/a.yaml',
      line: 3,
    },
  ],
};

async function directory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, 'rendered');
}

/** A memory with one sync in it, and the file that it is in. */
async function filled(): Promise<{ dir: string; file: string }> {
  const dir = await directory();
  await openRenderMemory({ dir, of }).put('key', rendered);
  const [name] = await readdir(dir);
  return { dir, file: join(dir, name!) };
}

/** A tree with Git's ids, which counts what is read of it. */
function tree(files: Record<string, string>): SourceTree & { reads: string[] } {
  const plain = treeOf(files);
  const reads: string[] = [];
  return {
    ...{ ...plain, reads },
    files: async (below) => (await plain.files(below)).map((file) => ({ ...file, id: `blob of ${files[file.path]}` })),
    read: async (path) => {
      reads.push(path);
      return await plain.read(path);
    },
  };
}

describe('the memory of what was rendered', () => {
  it('gives the next process what was put in, and lets nobody else read it', async () => {
    const { dir, file } = await filled();
    expect(await openRenderMemory({ dir, of }).get('key')).toEqual(rendered);
    expect([(await stat(dir)).mode & 0o777, (await stat(file)).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('knows nothing of another key, nor of another repo', async () => {
    const { dir } = await filled();
    expect(await openRenderMemory({ dir, of }).get('other')).toBeUndefined();
    expect(await openRenderMemory({ dir, of: 'git@example.com:other.git' }).get('key')).toBeUndefined();
  });

  it.each<[string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -2)],
    ['empty', () => ''],
    ['no JSON', () => 'x\ny'],
    ['changed in its objects', (text) => text.replace('"name":"a"', '"name":"b"')],
    ['of another format', (text) => text.replace('"format":1', '"format":2')],
    ['of other code', (text) => text.replace(/"code":"[^"]*"/, '"code":"0000"')],
    ['of another key', (text) => text.replace('"key":"key"', '"key":"kez"')],
  ])('does not believe a file that is %s, and writes it anew', async (_, broken) => {
    const { dir, file } = await filled();
    const before = await readFile(file, 'utf8');
    await writeFile(file, broken(before));
    expect(await readFile(file, 'utf8')).not.toBe(before);
    const memory = openRenderMemory({ dir, of });
    expect(await memory.get('key')).toBeUndefined();
    await memory.put('key', rendered);
    expect(await memory.get('key')).toEqual(rendered);
  });

  it('does not believe a file that others may read or write', async () => {
    const { dir, file } = await filled();
    await chmod(file, 0o640);
    expect(await openRenderMemory({ dir, of }).get('key')).toBeUndefined();
    await chmod(file, 0o602);
    expect(await openRenderMemory({ dir, of }).get('key')).toBeUndefined();
  });

  it('forgets what nobody asked for in a month', async () => {
    const { dir, file } = await filled();
    const long = new Date(Date.now() - 31 * 24 * 3_600_000);
    await utimes(file, long, long);
    expect(await openRenderMemory({ dir, of }).get('key')).toBeUndefined();
    await openRenderMemory({ dir, of }).put('other', rendered);
    expect(await readdir(dir)).toHaveLength(1);
  });

  it('fails nothing where it cannot write', async () => {
    const { file } = await filled();
    const memory = openRenderMemory({ dir: join(file, 'below'), of });
    await memory.put('key', rendered);
    expect(await memory.get('key')).toBeUndefined();
  });

  it('spares the next process the rendering, with the same objects, until something changes', async () => {
    const dir = await directory();
    const texts = 'a: "yes"\n  b: |\n    line\n  c: "\\u0000\\ud83d\\ude80"';
    const odd = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  ${texts}\n`;
    const other = 'apiVersion: x/v1\nkind: X\nmetadata: { name: x }\nspec: [1, 1.5, 1e300, ~, true, 0x10, [], {}]\n';
    const files = { 'app/a.yaml': odd, 'app/b.yaml': other };
    const life = (of: SourceTree) =>
      rendererWith({ kustomizer: noKustomizer }, openRenderMemory({ dir, of: 'repo' })).render(of, { path: 'app' });
    const first = await life(tree(files));
    expect(first.problems).toEqual([]);
    const again = tree(files);
    const second = await life(again);
    expect(again.reads).toEqual([]);
    expect(second).toEqual({ ...first, revision: again.revision });
    expect(JSON.stringify(second.objects)).toBe(JSON.stringify(first.objects));
    const changed = await life(tree({ ...files, 'app/a.yaml': odd.replace('name: a', 'name: b') }));
    expect(changed.objects.map(({ object }) => object.metadata.name)).toEqual(['b', 'x']);
  });
});
