import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHelm } from '../../../lib/adapters/renderers/helm.ts';
import { findHelm, helmVersion } from '../../../lib/adapters/renderers/helm-program.ts';
import type { TemplateRequest } from '../../../lib/desired/ports.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { chartArchive, entry, tarGz } from '../../helpers/chart-archive.ts';
import { tempTree } from '../../helpers/temp-tree.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const request = (files: Record<string, string>, changes: Partial<TemplateRequest> = {}): TemplateRequest => ({
  chart: Object.entries({ 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n', ...files }).map(
    ([path, text]) => ({
      path,
      bytes: bytes(text),
    }),
  ),
  values: [],
  release: 'shop',
  namespace: 'prod',
  ...changes,
});

/** A helm that does something else when it renders. */
async function helmThat(script: string, version = `v${helmVersion}`): Promise<Record<string, string>> {
  const root = await tempTree({
    helm: `#!/bin/sh\nif [ "$1" = version ]; then echo ${version}; exit 0; fi\n${script}\n`,
  });
  await chmod(join(root, 'helm'), 0o755);
  return { WINDLASS_HELM: join(root, 'helm'), PATH: root };
}

async function failure(doing: Promise<unknown>): Promise<Error> {
  return await doing.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('rendering with helm template', () => {
  const helm = openHelm({ env: process.env });

  it('gives objects, CRDs and hooks, each with its source', async () => {
    const text = await helm.template(
      request(
        {
          'templates/a.yaml':
            'a: {{ .Values.x }} {{ .Release.Name }} {{ .Release.Namespace }} {{ .Capabilities.KubeVersion }}\n',
          'templates/h.yaml': 'kind: Job\nmetadata: { annotations: { helm.sh/hook: pre-install } }\n',
          'templates/NOTES.txt': 'thanks\n',
          'crds/c.yaml': 'kind: CustomResourceDefinition\n',
        },
        { values: [bytes('x: 1\n'), bytes('x: 2\n')], version: 'v1.30.0' },
      ),
    );
    expect(text).toContain('# Source: web/templates/a.yaml\na: 2 shop prod v1.30.0');
    expect(text).toContain('# Source: web/crds/c.yaml');
    expect(text).toContain('# Source: web/templates/h.yaml');
    expect(text).not.toContain('thanks');
    expect(await helm.version()).toBe(`helm v${helmVersion}`);
  });

  it("says what is wrong without this machine's paths, and without values that a schema quotes", async () => {
    const schema = '{"properties":{"password":{"type":"string","pattern":"^[0-9]+$"}}}';
    const files = { 'values.schema.json': schema, 'templates/a.yaml': 'a: 1\n' };
    const error = await failure(helm.template(request(files, { values: [bytes('password: hunter2\n')] })));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain("at '/password'");
    expect(error.message).not.toContain('hunter2');
    const broken = await failure(helm.template(request({ 'templates/a.yaml': '{{ nope }}\n' })));
    expect(broken.message).toContain('function "nope" not defined');
    expect(broken.message).not.toContain('windlass-chart-');
  });

  it('has nothing of the environment, no network, and nothing but the chart to read', async () => {
    process.env['AWS_SECRET_ACCESS_KEY_FOR_TEST'] = 'hunter2';
    onTestFinished(() => void delete process.env['AWS_SECRET_ACCESS_KEY_FOR_TEST']);
    const seen = await openHelm({ env: await helmThat('/usr/bin/env') }).template(request({}));
    expect(seen).not.toContain('hunter2');
    expect(seen).toContain('HTTPS_PROXY=http://127.0.0.1:9');
    const args = await openHelm({ env: await helmThat('echo "$@"; /bin/ls "$(/usr/bin/dirname "$3")"') }).template(
      request({}, { values: [bytes('a: 1')], apiVersions: ['x/v1', 'x/v1/Y'] }),
    );
    expect(args.replaceAll(/\S*windlass-chart-\w+/g, 'DIR')).toBe(
      'template shop DIR/chart --namespace prod --include-crds --values DIR/values-0.yaml --api-versions x/v1,x/v1/Y\nchart\nvalues-0.yaml\n',
    );
    const resolved = await helm.template(request({ 'templates/a.yaml': 'a: "{{ getHostByName "localhost" }}"\n' }));
    expect(resolved).toContain('a: ""');
  });

  it('reads no schema from elsewhere: not from a file, an address, or by way of a chart in the chart', async () => {
    const asked: string[] = [];
    const server = createServer((one, response) => {
      asked.push(one.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.json`;
    const schemas = [
      { $ref: address },
      { $ref: 'file:///etc/passwd' },
      { properties: { a: { allOf: [{ $ref: '../../x.json' }] } } },
      { $id: 'file:///etc/', $dynamicRef: 'passwd' },
      { $schema: address },
    ];
    for (const schema of schemas) {
      const text = JSON.stringify(schema);
      const error = await failure(helm.template(request({ 'values.schema.json': text, 'templates/a.yaml': 'a: 1\n' })));
      expect(error).toMatchObject({ code: 'helm-schema', problems: [{ file: 'values.schema.json' }] });
      const inner = await chartArchive(
        { 'Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n', 'values.schema.json': text },
        'sub',
      );
      const outer = request({ 'templates/a.yaml': 'a: 1\n' });
      const nested = { ...outer, chart: [...outer.chart, { path: 'charts/sub-1.0.0.tgz', bytes: inner }] };
      expect(await failure(helm.template(nested))).toMatchObject({ code: 'helm-schema' });
    }
    expect(asked).toEqual([]);
    const own = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      definitions: { n: { type: 'number' } },
      properties: { a: { $ref: '#/definitions/n' }, $ref: { type: 'string' } },
    };
    const files = { 'values.schema.json': JSON.stringify(own), 'templates/a.yaml': 'a: 1\n' };
    expect(await helm.template(request(files, { values: [bytes('a: 1\n')] }))).toContain('a: 1');
  });

  it('renders charts that lie as archives in charts/, which it unpacks itself, as strictly as any', async () => {
    const sub = (name: string, more: Record<string, string | Uint8Array> = {}) => ({
      'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
      'templates/x.yaml': `from: ${name}\n`,
      ...more,
    });
    const inner = await chartArchive(sub('inner'), 'inner');
    const middle = await chartArchive(sub('middle', { 'charts/inner-1.0.0.tgz': inner }), 'middle');
    const including = (path: string, archive: Uint8Array) => {
      const plain = request({ 'templates/a.yaml': 'a: 1\n' });
      return { ...plain, chart: [...plain.chart, { path, bytes: archive }] };
    };
    const text = await helm.template(including('charts/middle-1.0.0.tgz', middle));
    expect(text).toContain('# Source: web/charts/middle/templates/x.yaml\nfrom: middle');
    expect(text).toContain('# Source: web/charts/middle/charts/inner/templates/x.yaml\nfrom: inner');
    const evil = await tarGz([entry('sub/Chart.yaml', 'x'), entry('sub/../../../x', 'x')]);
    await expect(helm.template(including('charts/sub-1.0.0.tgz', evil))).rejects.toThrow(
      'charts/sub-1.0.0.tgz is refused',
    );
    let endless = await chartArchive(sub('a'), 'a');
    for (let depth = 0; depth < 9; depth++) endless = await chartArchive(sub('a', { 'charts/a.tgz': endless }), 'a');
    await expect(helm.template(including('charts/a.tgz', endless))).rejects.toThrow('archives 8 deep');
  });

  it('writes nothing outside of its directory, and takes no name for an argument', async () => {
    for (const path of ['../x', '/etc/x', 'a/../../x', 'a\\..\\x'])
      await expect(helm.template(request({ [path]: 'x' }))).rejects.toThrow("a chart's file must not be at");
    for (const name of ['--post-renderer=x', '', 'a b'])
      await expect(helm.template(request({}, { release: name }))).rejects.toThrow('is no name of a release');
  });

  it('ends a rendering that takes too long or writes too much', async () => {
    const endless = request({ 'templates/a.yaml': '{{ range until 2000000000 }}x{{ end }}\n' });
    const slow = openHelm({ env: await helmThat('while :; do :; done'), limits: { seconds: 1, bytes: 1000 } });
    await expect(slow.template(endless)).rejects.toThrow(RetryableError);
    const loud = openHelm({ env: process.env, limits: { seconds: 60, bytes: 1000 } });
    await expect(loud.template(request({ 'templates/a.yaml': `a: ${'x'.repeat(5000)}\n` }))).rejects.toThrow(UserError);
  });
});

describe('finding a helm', () => {
  it('takes WINDLASS_HELM where it is set, and says when it is too old or no helm', async () => {
    expect(await findHelm({ env: await helmThat('') })).toMatchObject({ version: `v${helmVersion}` });
    await expect(findHelm({ env: await helmThat('', 'v3.19.0+g1234') })).rejects.toThrow(
      'v3.19.0+g1234: helm 4 is needed',
    );
    await expect(findHelm({ env: await helmThat('', 'hello') })).rejects.toThrow('is no helm that works here');
    await expect(findHelm({ env: { WINDLASS_HELM: '/nonexistent' } })).rejects.toThrow('is no helm that works here');
  });

  it('takes a helm 4 on PATH where the package has none, with a note', async () => {
    const { PATH } = await helmThat('', 'v4.0.2');
    const found = await findHelm({ env: { PATH }, platform: 'darwin', arch: 'arm64' });
    expect(found).toMatchObject({ path: `${PATH}/helm`, version: 'v4.0.2' });
    expect(found.note).toContain(`AWS renders with helm v${helmVersion}`);
    const env = { PATH, WINDLASS_CACHE: await tempTree({}) };
    expect(await findHelm({ env, platform: 'linux', arch: 'x64', layer: () => undefined })).toEqual(found);
  });

  it('downloads the official release where there is none, and checks it', async () => {
    const script = `#!/bin/sh\necho v${helmVersion}\n`;
    const release = await tarGz([entry('darwin-arm64/LICENSE', 'x'), entry('darwin-arm64/helm', script)]);
    const path = `/helm-v${helmVersion}-darwin-arm64.tar.gz`;
    const sum = createHash('sha256').update(release).digest('hex');
    const answers: Record<string, string | Uint8Array> = {
      [path]: release,
      [`${path}.sha256sum`]: `${sum}  helm.tar.gz\n`,
      [`/bad${path}`]: gzipSync('tampered'),
      [`/bad${path}.sha256sum`]: sum,
    };
    const server = createServer((asked, response) => response.end(answers[asked.url ?? ''] ?? ''));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const mac = { platform: 'darwin' as const, arch: 'arm64' };
    const env = { WINDLASS_CACHE: await tempTree({}) };
    expect((await findHelm({ ...mac, env, releases })).version).toBe(`v${helmVersion}`);
    const fresh = { WINDLASS_CACHE: await tempTree({}) };
    await expect(findHelm({ ...mac, env: fresh, releases: `${releases}/bad` })).rejects.toThrow('checksum');
    await expect(findHelm({ env: fresh, platform: 'win32', arch: 'x64' })).rejects.toThrow('install helm 4');
  });
});
