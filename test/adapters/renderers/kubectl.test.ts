import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findKubectl, kubectlVersion } from '../../../lib/adapters/renderers/kubectl.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

/** A program that answers as a kubectl of some version. */
const pretender = (version: string) =>
  `#!/bin/sh\necho '{"clientVersion":{"gitVersion":"${version}"},"kustomizeVersion":"v5.5.0"}'\n`;

async function program(text: string): Promise<string> {
  const root = await tempTree({ 'bin/kubectl': text, 'cache/.keep': '' });
  await chmod(join(root, 'bin/kubectl'), 0o755);
  return root;
}

async function serve(answers: Record<string, string>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('finding a kubectl', () => {
  it.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'unpacks the one in the package once, whole, also when several ask at once',
    async () => {
      const root = await tempTree({ '.keep': '' });
      const env = { XDG_CACHE_HOME: root };
      const found = await Promise.all([findKubectl({ env }), findKubectl({ env })]);
      expect(found[0]).toMatchObject({ version: `v${kubectlVersion}`, kustomize: 'v5.7.1' });
      expect(found[1]).toEqual(found[0]);
      const directory = dirname(found[0].path);
      expect(directory).toBe(join(root, 'windlass', 'kubectl', kubectlVersion));
      expect(await readdir(directory)).toEqual(['kubectl']);
      const before = await stat(found[0].path);
      await findKubectl({ env });
      expect((await stat(found[0].path)).mtimeMs).toBe(before.mtimeMs);
    },
  );

  it('takes WINDLASS_KUBECTL where it is set, and says when it is too old or no kubectl', async () => {
    const good = await program(pretender('v1.31.0'));
    expect(await findKubectl({ env: { WINDLASS_KUBECTL: join(good, 'bin/kubectl') } })).toMatchObject({
      version: 'v1.31.0',
    });
    const old = await program(pretender('v1.26.9'));
    await expect(findKubectl({ env: { WINDLASS_KUBECTL: join(old, 'bin/kubectl') } })).rejects.toThrow(
      /v1\.26\.9: at least v1\.27/,
    );
    await expect(findKubectl({ env: { WINDLASS_KUBECTL: '/nonexistent/kubectl' } })).rejects.toThrow(
      'is no kubectl that works here',
    );
    const odd = await program('#!/bin/sh\necho hello\n');
    await expect(findKubectl({ env: { WINDLASS_KUBECTL: join(odd, 'bin/kubectl') } })).rejects.toThrow(
      'is no kubectl that works here',
    );
  });

  it('takes a new enough one on PATH where the package has none, with a note', async () => {
    const root = await program(pretender('v1.31.0'));
    const found = await findKubectl({
      env: { PATH: `/nonexistent:${join(root, 'bin')}` },
      platform: 'darwin',
      arch: 'arm64',
    });
    expect(found.path).toBe(join(root, 'bin/kubectl'));
    expect(found.note).toContain('kustomize v5.5.0');
  });

  it('does the same on Linux x64 beside a CLI that was installed without the CDK', async () => {
    const root = await program(pretender('v1.31.0'));
    const env = { PATH: join(root, 'bin'), WINDLASS_CACHE: join(root, 'cache') };
    const found = await findKubectl({ env, platform: 'linux', arch: 'x64', layer: () => undefined });
    expect(found.path).toBe(join(root, 'bin/kubectl'));
    expect(found.note).toContain('kustomize v5.5.0');
  });

  it('downloads the official release where there is none, and checks it', async () => {
    const binary = pretender(`v${kubectlVersion}`);
    const path = `/release/v${kubectlVersion}/bin/darwin/arm64/kubectl`;
    const server = await serve({
      [path]: binary,
      [`${path}.sha256`]: createHash('sha256').update(binary).digest('hex'),
    });
    const old = await program(pretender('v1.20.0'));
    const options = {
      env: { PATH: join(old, 'bin'), WINDLASS_CACHE: join(old, 'cache') },
      platform: 'darwin' as const,
      arch: 'arm64',
      releases: server.url,
    };
    const found = await findKubectl(options);
    expect(found.version).toBe(`v${kubectlVersion}`);
    expect(await readFile(found.path, 'utf8')).toBe(binary);
    await findKubectl(options);
    expect(server.asked).toEqual([path, `${path}.sha256`]);
  });

  it('installs nothing when the checksum differs, or nothing answers', async () => {
    const path = `/release/v${kubectlVersion}/bin/linux/arm64/kubectl`;
    const server = await serve({ [path]: 'tampered', [`${path}.sha256`]: '0'.repeat(64) });
    const root = await tempTree({ '.keep': '' });
    await mkdir(join(root, 'bin'));
    const options = {
      env: { PATH: join(root, 'bin'), WINDLASS_CACHE: root },
      platform: 'linux' as const,
      arch: 'arm64',
    };
    await expect(findKubectl({ ...options, releases: server.url })).rejects.toThrow('checksum');
    await expect(findKubectl({ ...options, releases: `${server.url}/gone` })).rejects.toThrow(
      /cannot download .*install kubectl/,
    );
    expect(await readdir(root)).not.toContain('kubectl');
  });
});
