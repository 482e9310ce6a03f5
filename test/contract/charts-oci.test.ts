import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openOciDocuments } from '../../lib/adapters/registry/open.ts';
import { openChartSource } from '../../lib/adapters/renderers/charts/source.ts';
import { findHelm } from '../../lib/adapters/renderers/helm-program.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { describeWithRegistry, startRegistry } from '../helpers/registry.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const run = promisify(execFile);
const files = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3+build.5\n',
  'web/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  'web/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
};

await describeWithRegistry('charts that helm pushed to the standard registry', () => {
  it('are fetched by the digest that helm printed, also with no registry any more', async () => {
    const root = await tempTree({ '.keep': '' });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const { path: helm } = await findHelm({ env: process.env });
    const env = { PATH: process.env['PATH'], HOME: root };
    await run(helm, ['package', 'web'], { cwd: root, env });
    const { host, stop } = await startRegistry();
    const cacheDir = join(root, 'cache');
    const open = (directory: string) =>
      openChartSource({ images: async (repository) => openOciDocuments()(repository), cacheDir: directory });
    const wanted = Object.keys(files)
      .map((path) => path.slice('web/'.length))
      .sort();
    let digest = '';
    const chart = () => ({ kind: 'oci' as const, repository: `${host}/charts/web`, version: '1.2.3+build.5', digest });
    try {
      const push = ['push', '--plain-http', 'web-1.2.3+build.5.tgz', `oci://${host}/charts`];
      const pushed = await run(helm, push, { cwd: root, env });
      digest = /Digest: (sha256:[0-9a-f]{64})/.exec(pushed.stdout + pushed.stderr)?.[1] ?? '';
      const fetched = await open(cacheDir).files(chart());
      expect(fetched.map(({ path }) => path).sort()).toEqual(wanted);
      await expect(open(cacheDir).files({ ...chart(), digest: `sha256:${'0'.repeat(64)}` })).rejects.toThrow(UserError);
    } finally {
      await stop();
    }
    expect((await open(cacheDir).files(chart())).map(({ path }) => path).sort()).toEqual(wanted);
    await expect(open(join(root, 'empty')).files(chart())).rejects.toThrow(RetryableError);
  });
});
