import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openChartSource } from '../../../../lib/adapters/renderers/charts/source.ts';
import { sha256 } from '../../../../lib/adapters/renderers/charts/store.ts';
import type { PublishedChart } from '../../../../lib/config/config.ts';
import { RetryableError, UserError } from '../../../../lib/model/errors.ts';
import type { ImageSource } from '../../../../lib/model/image-contents.ts';
import { chartArchive } from '../../../helpers/chart-archive.ts';
import { tempTree } from '../../../helpers/temp-tree.ts';

const archive = await chartArchive({ 'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.2.3\n' });
const digest = sha256(archive);
const index = (more = '') =>
  `apiVersion: v1\nentries:\n  web:\n    - { version: 1.10.0, urls: [web-1.10.0.tgz] }\n    - { version: v1.2.3, urls: [archives/web-1.2.3.tgz]${more} }\n  odd: nonsense\n`;

const noImages = () => Promise.reject(new Error('no registry was to be asked'));

/** A server of answers by path, and what it was asked. */
async function serve(answers: Record<string, string | Uint8Array | RequestListener>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers[request.url ?? ''];
    if (typeof answer === 'function') answer(request, response);
    else response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const inRepo = (url: string, changes: { version?: string; digest?: string; name?: string } = {}): PublishedChart => ({
  ...{ kind: 'repo', url, name: 'web', version: '1.2.3', digest },
  ...changes,
});

async function source(images: (repository: string) => Promise<ImageSource> = noImages) {
  const cacheDir = await tempTree({ '.keep': '' });
  return { charts: openChartSource({ images, cacheDir }), cacheDir };
}

const redirect =
  (to: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { location: to }).end();

async function failure(doing: Promise<unknown>): Promise<Error> {
  return await doing.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('a chart of a chart repository', () => {
  it('is found by index.yaml, and asked for once: what is kept has its digest', async () => {
    const server = await serve({ '/stable/index.yaml': index(), '/stable/archives/web-1.2.3.tgz': archive });
    const { charts } = await source();
    const files = await charts.files(inRepo(`${server.url}/stable`));
    expect(files.map(({ path }) => path)).toEqual(['Chart.yaml']);
    expect(await charts.files(inRepo(`${server.url}/stable`))).toEqual(files);
    expect(server.asked).toEqual(['/stable/index.yaml', '/stable/archives/web-1.2.3.tgz']);
  });

  it('is fetched again when what was kept is damaged', async () => {
    const server = await serve({ '/index.yaml': index(), '/archives/web-1.2.3.tgz': archive });
    const { charts, cacheDir } = await source();
    await charts.files(inRepo(server.url));
    const [kept] = await readdir(join(cacheDir, 'sha256'));
    expect(kept).toBe(digest.slice('sha256:'.length));
    await writeFile(join(cacheDir, 'sha256', kept!), 'damaged');
    expect(await charts.files(inRepo(server.url))).toHaveLength(1);
    expect(server.asked).toHaveLength(4);
  });

  it('is not used with other bytes than those of its digest, and nothing of it is kept', async () => {
    const other = await chartArchive({ 'Chart.yaml': 'name: evil\n' });
    const server = await serve({ '/index.yaml': index(), '/archives/web-1.2.3.tgz': other });
    const { charts, cacheDir } = await source();
    const error = await failure(charts.files(inRepo(server.url)));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain(`has the digest ${sha256(other)}, and not ${digest}`);
    expect(await readdir(cacheDir)).toEqual(['.keep']);
    const listed = await serve({ '/index.yaml': index(`, digest: ${'0'.repeat(64)}`) });
    expect((await failure(charts.files(inRepo(listed.url)))).message).toContain('in its repository, and not');
    expect(listed.asked).toEqual(['/index.yaml']);
  });

  it('is named when it is not there, with what was probably meant', async () => {
    const server = await serve({ '/index.yaml': index() });
    const { charts } = await source();
    const message = async (changes: object) => (await failure(charts.files(inRepo(server.url, changes)))).message;
    expect(await message({ version: '1.2.4' })).toMatch(/has no web 1\.2\.4: did you mean v?1\.2\.3\?/);
    expect(await message({ name: 'wbe' })).toContain('has no chart wbe: did you mean web?');
    expect(await message({ name: 'odd' })).toContain('lists odd in a way that cannot be read');
    expect(await message({ name: 'constructor' })).toContain('has no chart constructor');
    expect(await message({})).toContain('/archives/web-1.2.3.tgz answers with HTTP 404');
  });

  it('follows redirects, but not without end, not to this machine from elsewhere, and to https only', async () => {
    const server = await serve({
      '/index.yaml': redirect('/moved/index.yaml'),
      '/moved/index.yaml': index(),
      '/archives/web-1.2.3.tgz': redirect('/stored'),
      '/stored': archive,
      '/loop/index.yaml': redirect('/loop/index.yaml'),
      '/plain/index.yaml': redirect('http://charts.example.com/index.yaml'),
      '/file/index.yaml': redirect('file:///etc/passwd'),
    });
    const { charts } = await source();
    expect(await charts.files(inRepo(server.url))).toHaveLength(1);
    const message = async (path: string) =>
      (await failure((await source()).charts.files(inRepo(server.url + path)))).message;
    expect(await message('/loop')).toContain('redirects more than 5 times');
    expect(await message('/plain')).toContain('leads to http://charts.example.com/index.yaml, which is not https');
    expect(await message('/file')).toContain('which is not https');
    const fetched: string[] = [];
    const elsewhere = openChartSource({
      images: noImages,
      cacheDir: await tempTree({}),
      fetch: async (url) => {
        fetched.push(String(url));
        return new Response(null, { status: 302, headers: { location: 'https://127.0.0.1/index.yaml' } });
      },
    });
    expect((await failure(elsewhere.files(inRepo('https://charts.example.com')))).message).toContain(
      'leads to this machine',
    );
    expect(fetched).toEqual(['https://charts.example.com/index.yaml']);
  });

  it('may be had later when its server fails, breaks off, or does not answer', async () => {
    const server = await serve({
      '/busy/index.yaml': (_, response) => response.writeHead(503).end(),
      '/cut/index.yaml': (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('entries:');
        response.destroy();
      },
    });
    const { charts } = await source();
    expect(await failure(charts.files(inRepo(`${server.url}/busy`)))).toBeInstanceOf(RetryableError);
    expect(await failure(charts.files(inRepo(`${server.url}/cut`)))).toBeInstanceOf(RetryableError);
    expect(await failure(charts.files(inRepo('http://127.0.0.1:9')))).toBeInstanceOf(RetryableError);
  });
});

describe('a chart of a registry', () => {
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const contentType = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
  const manifest = (layers: object[]) => encode({ schemaVersion: 2, layers });
  const good = manifest([
    { mediaType: 'application/vnd.cncf.helm.chart.provenance.v1.prov', digest: sha256(encode('x')) },
    { mediaType: contentType, digest },
  ]);

  async function fetching(bytes: Uint8Array, blob: Uint8Array, pinned = sha256(bytes)) {
    const asked: string[] = [];
    const { charts } = await source(async (repository) => ({
      repository,
      manifest: async (reference) => {
        asked.push(`${repository}@${reference}`);
        return { digest: reference, bytes };
      },
      blob: async (wanted) => {
        asked.push(wanted);
        return blob;
      },
    }));
    const chart = { kind: 'oci' as const, repository: 'ghcr.io/acme/web', version: '1.2.3', digest: pinned };
    return { asked, fetch: () => charts.files(chart) };
  }

  it('is the layer of its manifest, asked for by digest and once', async () => {
    const { asked, fetch } = await fetching(good, archive);
    expect((await fetch()).map(({ path }) => path)).toEqual(['Chart.yaml']);
    await fetch();
    expect(asked).toEqual([`ghcr.io/acme/web@${sha256(good)}`, digest]);
  });

  it('is not used when manifest or layer are not those of the digest, or it is something else', async () => {
    expect((await failure((await fetching(good, archive, sha256(archive))).fetch())).message).toContain('and not');
    expect((await failure((await fetching(good, encode('evil'))).fetch())).message).toContain('and not');
    const image = manifest([{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest }]);
    expect((await failure((await fetching(image, archive)).fetch())).message).toContain(
      'is no Helm chart: it has no layer',
    );
    expect((await failure((await fetching(encode('{'), archive)).fetch())).message).toContain('cannot be read');
    const traversal = manifest([{ mediaType: contentType, digest: 'sha256:../../x' }]);
    expect((await failure((await fetching(traversal, archive)).fetch())).message).toContain('no sha256 digest');
  });
});
