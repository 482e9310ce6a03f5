import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { platformOf, VERSIONS } from '../../../../lib/adapters/local/control-plane/versions.ts';

const GO = new URL('../../../../lib/adapters/local/control-plane/go/', import.meta.url);

describe('the versions of the control plane', () => {
  it.each([
    ['kubernetes', 'k8s.io/kubernetes', VERSIONS.kubernetes],
    ['etcd', 'go.etcd.io/etcd/server/v3', VERSIONS.etcd],
    ['kwok', 'sigs.k8s.io/kwok', VERSIONS.kwok],
  ])('of %s are the same for a download and for a build', async (module, path, version) => {
    const goMod = await readFile(new URL(`${module}/go.mod`, GO), 'utf8');
    const required = goMod.split('\n').find((line) =>
      line
        .replace(/^require/, '')
        .trim()
        .startsWith(`${path} v`),
    );
    expect(required).toContain(`${path} v${version}`);
  });

  it('of the staging modules follow Kubernetes', async () => {
    const goMod = await readFile(new URL('kubernetes/go.mod', GO), 'utf8');
    const replaced = [...goMod.matchAll(/=> k8s\.io\/\S+ (\S+)/g)].map((match) => match[1]);
    expect(replaced.length).toBeGreaterThan(20);
    expect(new Set(replaced)).toEqual(new Set([`v0.${VERSIONS.kubernetes.slice(2)}`]));
  });
});

describe('a platform', () => {
  it("is named in Go's words, and unknown where no control plane runs", () => {
    expect(platformOf('linux', 'x64')).toEqual({ os: 'linux', arch: 'amd64' });
    expect(platformOf('darwin', 'arm64')).toEqual({ os: 'darwin', arch: 'arm64' });
    expect(platformOf('win32', 'x64')).toBeUndefined();
    expect(platformOf('linux', 'ia32')).toBeUndefined();
  });
});
