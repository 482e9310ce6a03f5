import { describe, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { type ImageSource, lookInto, partsOf } from '../../lib/model/image-contents.ts';
import { readUpTo, TooLargeError } from '../../lib/model/read-up-to.ts';
import { type Document, documentOf, imageDocuments, indexDocument } from '../helpers/push-image.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';

function sourceOf(documents: readonly Document[]): ImageSource & { read: string[] } {
  const read: string[] = [];
  const find = (reference: string) => {
    read.push(reference);
    const found = documents.find(({ digest }) => digest === reference) ?? documents[0]!;
    return { digest: found.digest, bytes: found.bytes };
  };
  return {
    repository: 'shop/web',
    manifest: async (reference) => find(reference),
    blob: async (digest) => find(digest).bytes,
    read,
  };
}

describe('what is in an image', () => {
  it('reads one platform of an index for its labels, and no other', async () => {
    const amd64 = imageDocuments({ labels: { of: 'amd64' } });
    const arm64 = imageDocuments({ platform: 'linux/arm64/v8', labels: { of: 'arm64' } });
    const index = indexDocument([
      { manifest: amd64.manifest, platform: 'linux/amd64' },
      { manifest: arm64.manifest, platform: 'linux/arm64/v8' },
    ]);
    const source = sourceOf([index, amd64.manifest, amd64.config, arm64.manifest, arm64.config]);
    expect(await lookInto(source, '1')).toEqual({
      digest: index.digest,
      platforms: ['linux/amd64', 'linux/arm64/v8'],
      labels: { of: 'amd64' },
    });
    expect(source.read).toEqual(['1', amd64.manifest.digest, amd64.config.digest]);
  });

  it('counts attestations as no platform, however they are marked', async () => {
    const { manifest, config } = imageDocuments({});
    const descriptor = { mediaType: manifest.mediaType, digest: manifest.digest, size: 1 };
    const attestation = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const index = documentOf(indexType, {
      manifests: [
        { ...descriptor, platform: { os: 'unknown', architecture: 'unknown' } },
        { ...descriptor, platform: { os: 'linux', architecture: 'amd64' }, annotations: attestation },
        { ...descriptor, platform: { os: 'linux', architecture: 'arm64' } },
      ],
    });
    const source = sourceOf([index, manifest, config]);
    expect((await lookInto(source, '1')).platforms).toEqual(['linux/arm64']);
    expect(await partsOf(source, '1')).toEqual([manifest.digest]);
  });

  it('takes annotations where there is no label of the name', async () => {
    const { manifest, config } = imageDocuments({ labels: { a: 'label' }, annotations: { a: 'image', b: 'image' } });
    const index = documentOf(indexType, {
      manifests: [{ digest: manifest.digest, platform: { os: 'linux', architecture: 'amd64' } }],
      annotations: { a: 'index', b: 'index', c: 'index' },
    });
    const { labels } = await lookInto(sourceOf([index, manifest, config]), '1');
    expect(labels).toEqual({ a: 'label', b: 'image', c: 'index' });
  });

  it('follows an index in an index', async () => {
    const { manifest, config } = imageDocuments({});
    const inner = indexDocument([{ manifest, platform: 'linux/amd64' }]);
    const outer = indexDocument([{ manifest: inner, platform: undefined }]);
    expect((await lookInto(sourceOf([outer, inner, manifest, config]), '1')).platforms).toEqual(['linux/amd64']);
  });

  it('knows an artifact that is no image', async () => {
    const chart = documentOf('application/vnd.oci.image.manifest.v1+json', {
      config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: `sha256:${'1'.repeat(64)}` },
      annotations: { a: 'b' },
    });
    expect(await lookInto(sourceOf([chart]), '1')).toEqual({ digest: chart.digest, platforms: [], labels: { a: 'b' } });
    expect(await partsOf(sourceOf([chart]), '1')).toBeUndefined();
  });

  it('keeps names that mean something to JavaScript', async () => {
    const { manifest, config } = imageDocuments({ labels: { constructor: 'x', toString: 'y' } });
    expect((await lookInto(sourceOf([manifest, config]), '1')).labels).toEqual({ constructor: 'x', toString: 'y' });
  });

  it('ends with an index that names itself', async () => {
    const self = (digest: string) =>
      documentOf(indexType, { manifests: Array.from({ length: 9 }, () => ({ digest })) });
    const document = self(`sha256:${'2'.repeat(64)}`);
    const source = sourceOf([document]);
    await expect(lookInto(source, '1')).rejects.toThrow('indexes in indexes');
    expect(source.read.length).toBeLessThan(10);
  });

  it('ends with an index that is broad without end', async () => {
    const { manifest, config } = imageDocuments({});
    const index = indexDocument(Array.from({ length: 500 }, () => ({ manifest, platform: undefined })));
    const source = sourceOf([index, manifest, config]);
    await expect(lookInto(source, '1')).rejects.toThrow('documents');
    expect(source.read.length).toBeLessThanOrEqual(130);
  });

  it.each([
    ['an index and an image at once', { manifests: [], config: { digest: `sha256:${'1'.repeat(64)}` } }],
    ['nothing', {}],
    ['a digest that is none', { config: { digest: '../x' } }],
    ['labels that are no texts', { config: { digest: `sha256:${'1'.repeat(64)}` }, annotations: { a: 1 } }],
  ])('refuses %s', async (_, content) => {
    const error = await lookInto(sourceOf([documentOf('any', content)]), '1').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'image-unreadable', subject: 'shop/web:1' });
  });
});

describe('reading up to a limit', () => {
  async function* chunks(count: number, told: { ended: boolean }) {
    try {
      for (let number = 0; number < count; number++) yield new Uint8Array(10);
    } finally {
      told.ended = true;
    }
  }

  it('gives all of what is not longer, and cuts off what is', async () => {
    const told = { ended: false };
    expect((await readUpTo(chunks(10, told), 100)).byteLength).toBe(100);
    const cut = { ended: false };
    await expect(readUpTo(chunks(1e9, cut), 100)).rejects.toBeInstanceOf(TooLargeError);
    expect(cut.ended).toBe(true);
  });
});
