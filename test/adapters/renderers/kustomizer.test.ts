import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirectoryTree } from '../../../lib/adapters/local/directory-tree.ts';
import { openKustomizer } from '../../../lib/adapters/renderers/kustomizer.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';

/** A kubectl that does something else when it builds. */
async function kubectlThat(script: string): Promise<Record<string, string>> {
  const version = `echo '{"clientVersion":{"gitVersion":"v1.35.2"},"kustomizeVersion":"v5.7.1"}'`;
  const root = await tempTree({
    kubectl: `#!/bin/sh\nif [ "$1" = version ]; then ${version}; exit 0; fi\n${script}\n`,
  });
  await chmod(join(root, 'kubectl'), 0o755);
  return { WINDLASS_KUBECTL: join(root, 'kubectl') };
}

async function treeOf(files: Record<string, string>) {
  return await openDirectoryTree(await tempTree(files));
}

describe('building with kubectl kustomize', () => {
  it('builds the same from a checked-out tree and from one that has no directory', async () => {
    const kustomizer = openKustomizer({ env: process.env });
    const tree = await treeOf({
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': configMap,
      'app/kustomization.yaml': 'namePrefix: p-\nresources: [../base]\n',
    });
    const built = await kustomizer.build(tree, 'app');
    expect(built).toContain('name: p-a');
    expect(await kustomizer.build({ ...tree, directory: undefined }, 'app')).toBe(built);
    expect(await kustomizer.version()).toMatch(/^kubectl v1\.\d+\.\d+.*, kustomize v5\./);
  });

  it("throws kustomize's message without this machine's paths", async () => {
    const kustomizer = openKustomizer({ env: process.env });
    const tree = await treeOf({
      'app/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
      'app/a.yaml': configMap,
      'app/b.yaml': configMap,
    });
    const error = await kustomizer.build(tree, 'app').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/may not add resource with an already registered id/);
    expect((error as UserError).message).not.toContain(tree.directory);
  });

  it('has nothing of the environment, and no network', async () => {
    const env = await kubectlThat('/usr/bin/env');
    process.env['AWS_SECRET_ACCESS_KEY_FOR_TEST'] = 'hunter2';
    try {
      const seen = await openKustomizer({ env }).build(await treeOf({ a: '' }), '.');
      expect(seen).not.toContain('hunter2');
      expect(seen).toContain('HTTPS_PROXY=http://127.0.0.1:9');
    } finally {
      delete process.env['AWS_SECRET_ACCESS_KEY_FOR_TEST'];
    }
    // Belt and braces: even a remote base that nobody refused fetches nothing.
    const real = openKustomizer({ env: process.env });
    const tree = await treeOf({ 'kustomization.yaml': 'resources: ["https://example.com/x.yaml"]\n' });
    await expect(real.build(tree, '.')).rejects.toThrow(/kustomize does not build/);
  });

  it('ends a build that takes too long, writes too much, or is killed', async () => {
    const tree = await treeOf({ a: '' });
    const slow = openKustomizer({ env: await kubectlThat('while :; do :; done'), limits: { seconds: 1, bytes: 1000 } });
    await expect(slow.build(tree, '.')).rejects.toThrow(RetryableError);
    const loud = openKustomizer({
      env: await kubectlThat('while :; do echo xxxxxxxxxxxxxxxxxxxxxxx; done'),
      limits: { seconds: 60, bytes: 100_000 },
    });
    const error = await loud.build(tree, '.').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String((error as UserError).cause)).toContain('writes more than');
    const killed = openKustomizer({ env: await kubectlThat('kill -9 $$') });
    await expect(killed.build(tree, '.')).rejects.toThrow(RetryableError);
  });

  it('does not quote the content of a Secret', async () => {
    const env = await kubectlThat(`echo 'error: cannot merge Secret {"data":{"password":"hunter2"}}' >&2; exit 1`);
    const error = await openKustomizer({ env })
      .build(await treeOf({ a: '' }), '.')
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('cannot merge Secret');
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  it('quotes nothing that a generator is to put into a Secret', async () => {
    const root = await tempTree({
      'literals/kustomization.yaml': 'secretGenerator:\n  - { name: s, literals: ["a=hunter2", "hunter3"] }\n',
      'bytes/kustomization.yaml': 'secretGenerator:\n  - { name: s, envs: [s.env] }\n',
    });
    await writeFile(join(root, 'bytes/s.env'), Buffer.from('a=hunter2\nb=hunter3\xff\n', 'latin1'));
    const tree = await openDirectoryTree(root);
    const kustomizer = openKustomizer({ env: process.env });
    for (const path of ['literals', 'bytes']) {
      const error = await kustomizer.build(tree, path).catch((thrown: unknown) => thrown);
      expect(error, path).toBeInstanceOf(UserError);
      expect(JSON.stringify(error) + String(error), path).not.toMatch(/hunter|104 117 110/);
    }
  });
});
