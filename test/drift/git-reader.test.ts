import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { localTree } from '../../lib/cli/wiring.ts';
import { gitReader } from '../../lib/drift/git-reader.ts';
import { noKustomizer } from '../pull/world.ts';

it('says where what cannot be rendered is wrong, and how to see all of it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'windlass-reader-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'app'));
  await writeFile(
    join(dir, 'windlass.yaml'),
    'windlass: 1\nclusters: { test: {} }\nsyncs: { app: { cluster: test, path: app } }\n',
  );
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await writeFile(join(dir, 'app', `${name}.yaml`), 'kind: ConfigMap\n  data: [\n');
  const { tree } = await localTree(dir, '.');
  const source = { head: async () => 'head', open: async () => Object.assign(tree, { close: async () => undefined }) };
  const read = gitReader({ source, kustomizer: noKustomizer }).objects('app', 'head');
  await expect(read).rejects.toThrow(
    /^sync app cannot be rendered at head: app\/a\.yaml:\d+.*; app\/b\.yaml:.*; app\/c\.yaml:[^;]*; and \d+ more \(windlass validate shows all\)$/,
  );
});
