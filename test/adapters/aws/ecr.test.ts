import { describe, expect, it } from 'vitest';
import { type OpenEcr, openEcrRegistry } from '../../../lib/adapters/aws/ecr.ts';
import { messageOf } from '../../../lib/model/errors.ts';
import { imageDocuments, indexDocument } from '../../helpers/push-image.ts';
import { type Reply, standIn } from '../../helpers/stand-in.ts';

// A stand-in for the JSON protocol of ECR, for what MiniStack lacks: pages, throttling, refusals, scans. test/contract/registry-ecr.test.ts has the rest.

type Action = 'DescribeImages' | 'BatchGetImage' | 'GetDownloadUrlForLayer' | 'DescribeImageScanFindings';
interface Input {
  registryId: string;
  repositoryName: string;
  nextToken?: string;
  imageIds?: { imageTag?: string; imageDigest?: string }[];
  imageId?: { imageDigest?: string };
  layerDigest?: string;
  [other: string]: unknown;
}

const shop = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web';
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const pushed = Date.UTC(2026, 10, 22, 10) / 1000;
const refused = (type: string, status = 400): Reply => ({ status, body: { __type: type, message: `told: ${type}` } });

async function ecr(answers: Partial<Record<Action, (input: Input) => Reply>>, options: OpenEcr = {}) {
  const asked: { action: string; input: Input; region: string }[] = [];
  const server = await standIn({
    '127.0.0.1': ({ headers, body }) => {
      const action = String(headers['x-amz-target']).split('.')[1] as Action;
      const region = /Credential=[^/]+\/\d+\/([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
      const input = JSON.parse(body) as Input;
      asked.push({ action, input, region });
      const answer = answers[action];
      if (answer === undefined) throw new Error(`nobody expected ${action}`);
      return { headers: { 'content-type': 'application/x-amz-json-1.1' }, ...answer(input) };
    },
    'storage.example.com': () => ({ status: 500 }),
  });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const registry = openEcrRegistry({ endpoint: server.url, credentials, maxAttempts: 1, ...options });
  return { registry, asked };
}

const tagged = (letter: string, ...imageTags: string[]) => ({
  imageDigest: digest(letter),
  imageTags,
  imagePushedAt: pushed,
});

describe('the tags of an ECR repository', () => {
  it('come from all pages, with digest and time, of the account and region in the name', async () => {
    const { registry, asked } = await ecr({
      DescribeImages: ({ nextToken }) =>
        nextToken === undefined
          ? { body: { imageDetails: [tagged('a', '1.0.0', 'latest')], nextToken: 'two' } }
          : { body: { imageDetails: [tagged('b', '1.1.0')] } },
    });
    const pushedAt = '2026-11-22T10:00:00.000Z';
    expect(await registry.tags(shop)).toEqual([
      { tag: '1.0.0', digest: digest('a'), pushedAt },
      { tag: 'latest', digest: digest('a'), pushedAt },
      { tag: '1.1.0', digest: digest('b'), pushedAt },
    ]);
    await registry.tags('210987654321.dkr.ecr.us-east-2.amazonaws.com/other');
    expect(asked.map(({ input, region }) => [input.registryId, input.repositoryName, region])).toEqual([
      ['123456789012', 'shop/web', 'eu-west-1'],
      ['123456789012', 'shop/web', 'eu-west-1'],
      ['210987654321', 'other', 'us-east-2'],
      ['210987654321', 'other', 'us-east-2'],
    ]);
    expect(asked[0]?.input).toMatchObject({ maxResults: 1000, filter: { tagStatus: 'TAGGED' } });
  });

  it('leave out what cannot be pulled, and what has no tag', async () => {
    const imageDetails = [
      { ...tagged('a', 'archived'), imageStatus: 'ARCHIVED' },
      { ...tagged('b', 'activating'), imageStatus: 'ACTIVATING' },
      { ...tagged('c', 'active'), imageStatus: 'ACTIVE' },
      { imageDigest: digest('d'), imagePushedAt: pushed },
    ];
    const { registry } = await ecr({ DescribeImages: () => ({ body: { imageDetails } }) });
    expect((await registry.tags(shop)).map(({ tag }) => tag)).toEqual(['active']);
    expect(await registry.tag(shop, 'archived')).toBeUndefined();
  });

  it('that moved while they were listed are looked up', async () => {
    const { registry } = await ecr({
      DescribeImages: ({ nextToken, imageIds }) => {
        if (imageIds !== undefined) return { body: { imageDetails: [tagged('b', 'latest', '2')] } };
        return nextToken === undefined
          ? { body: { imageDetails: [tagged('b', 'latest', '2')], nextToken: 'two' } }
          : { body: { imageDetails: [tagged('a', 'latest', '1')] } };
      },
    });
    const tags = await registry.tags(shop);
    expect(tags.map(({ tag }) => tag).sort()).toEqual(['1', '2', 'latest']);
    expect(tags.find(({ tag }) => tag === 'latest')?.digest).toBe(digest('b'));
  });

  it.each([
    ['500', { status: 500, body: {} }, 'RetryableError', 'registry-unreachable'],
    ['a connection that is cut', { body: { imageDetails: [] }, cutAfter: 5 }, 'RetryableError', 'registry-unreachable'],
    ['throttling', refused('ThrottlingException'), 'RetryableError', 'registry-throttled'],
    ['a refusal', refused('AccessDeniedException'), 'UserError', 'registry-not-allowed'],
    [
      'a token that goes round',
      { body: { imageDetails: [tagged('b', '2')], nextToken: 'two' } },
      'UserError',
      'registry-answer',
    ],
    ['no images at all', { body: {} }, 'UserError', 'registry-answer'],
  ] as [string, Reply, string, string][])(
    'are an error and no part when page 2 is %s',
    async (_, second, name, code) => {
      const { registry } = await ecr({
        DescribeImages: ({ nextToken }) =>
          nextToken === undefined ? { body: { imageDetails: [tagged('a', '1')], nextToken: 'two' } } : second,
      });
      await expect(registry.tags(shop)).rejects.toMatchObject({ name, code, subject: shop });
    },
  );

  it('that may not be read are named with the props that allow it, and what AWS said stands there once', async () => {
    const { registry } = await ecr({ DescribeImages: () => refused('AccessDeniedException') });
    const text = messageOf(await registry.tags(shop).catch((error: unknown) => error));
    expect(text).toMatch(
      /may not be read: allow ecr:DescribeImages on it in IAM \(in AWS by the props repositoryPrefixes/,
    );
    const [, said = text] = /of another account: (.+)$/.exec(text) ?? [];
    expect(text.split(said)).toHaveLength(2);
  });

  it('of a host that is none of ECR are not asked for', async () => {
    const { registry, asked } = await ecr({});
    await expect(registry.tags('ghcr.io/shop/web')).rejects.toMatchObject({ code: 'repository-name' });
    expect(asked).toEqual([]);
  });

  it('are asked for again when ECR throttles, before it is an error', async () => {
    let throttled = 0;
    const DescribeImages = () =>
      throttled++ === 0 ? refused('ThrottlingException') : { body: { imageDetails: [tagged('a', '1')] } };
    const { registry } = await ecr({ DescribeImages }, { maxAttempts: 3 });
    expect(await registry.tags(shop)).toHaveLength(1);
  });
});

describe('one tag of ECR', () => {
  it('that is not there is told apart from everything else that can go wrong', async () => {
    const withAnswer = async (reply: Reply) => (await ecr({ DescribeImages: () => reply })).registry.tag(shop, '1.0.0');
    expect(await withAnswer(refused('ImageNotFoundException'))).toBeUndefined();
    expect(await withAnswer({ body: { imageDetails: [tagged('a', '0', '1.0.0')] } })).toMatchObject({
      digest: digest('a'),
    });
    const codes = {
      RepositoryNotFoundException: 'repository-missing',
      AccessDeniedException: 'registry-not-allowed',
      UnrecognizedClientException: 'registry-credentials',
      ExpiredTokenException: 'registry-credentials',
      InvalidParameterException: 'repository-name',
      TooManyRequestsException: 'registry-throttled',
      ServerException: 'registry-unreachable',
    };
    for (const [type, code] of Object.entries(codes)) {
      const reply = refused(type, type === 'ServerException' ? 500 : 400);
      await expect(withAnswer(reply), type).rejects.toMatchObject({ code });
    }
    await expect(withAnswer(refused('AccessDeniedException'))).rejects.toThrow('allow ecr:DescribeImages on it in IAM');
  });
});

describe('what is in an image of ECR', () => {
  const { manifest, config } = imageDocuments({ labels: { a: 'b' } });
  const image = { imageId: { imageDigest: manifest.digest }, imageManifest: manifest.bytes.toString('utf8') };
  const given = (changes: object = {}, failures: object[] = []) => ({
    BatchGetImage: () => ({
      body: failures.length > 0 ? { images: [], failures } : { images: [{ ...image, ...changes }] },
    }),
    GetDownloadUrlForLayer: () => ({ body: { downloadUrl: 'https://storage.example.com/c?X-Amz-Signature=secret' } }),
  });
  const storage = (response: () => Response): OpenEcr => ({ fetch: async () => response() });
  const good = storage(() => new Response(new Uint8Array(config.bytes)));

  it('is read from its manifest, and its config from ECR’s storage', async () => {
    const { registry, asked } = await ecr(given(), good);
    const details = { digest: manifest.digest, platforms: ['linux/amd64'], labels: { a: 'b' } };
    expect(await registry.details(shop, '1.0.0')).toEqual(details);
    expect(await registry.details(shop, manifest.digest)).toEqual(details);
    expect(asked.map(({ input }) => input.imageIds?.[0] ?? input.layerDigest)).toEqual([
      { imageTag: '1.0.0' },
      config.digest,
      { imageDigest: manifest.digest },
      config.digest,
    ]);
    expect(asked[0]?.input['acceptedMediaTypes']).toContain('application/vnd.oci.image.index.v1+json');
  });

  it.each([
    ['ImageNotFound', 'UserError', 'image-missing'],
    ['UpstreamUnavailable', 'RetryableError', 'registry-unreachable'],
    ['KmsError', 'UserError', 'registry-answer'],
  ])('is an error for the failure %s', async (failureCode, name, code) => {
    const { registry } = await ecr(given({}, [{ failureCode }]), good);
    await expect(registry.details(shop, '1.0.0')).rejects.toMatchObject({ name, code });
  });

  it.each([
    ['a manifest that is another', { imageManifest: '{}' }, good, 'digest-wrong'],
    ['a config that is another', {}, storage(() => new Response('{}')), 'digest-wrong'],
    ['a config that is refused', {}, storage(() => new Response('no', { status: 403 })), 'registry-unreachable'],
    ['a config that is too large', {}, storage(() => new Response(new Uint8Array(5 * 1024 * 1024))), 'registry-answer'],
    [
      'a storage that is down',
      {},
      storage(() => {
        throw new Error('https://storage.example.com/c?X-Amz-Signature=secret');
      }),
      'registry-unreachable',
    ],
  ] as [string, object, OpenEcr, string][])(
    'is an error for %s, and the signature is in none',
    async (_, changes, from, code) => {
      const { registry } = await ecr(given(changes), from);
      const error = await registry.details(shop, '1.0.0').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      const { inspect } = await import('node:util');
      expect(inspect(error, { depth: 10 })).not.toContain('Signature');
    },
  );

  it('is not downloaded without TLS', async () => {
    const answers = {
      ...given(),
      GetDownloadUrlForLayer: () => ({ body: { downloadUrl: 'http://storage.example.com/c' } }),
    };
    const { registry } = await ecr(answers, good);
    await expect(registry.details(shop, '1.0.0')).rejects.toMatchObject({ code: 'registry-answer' });
  });
});

describe('the scan of an image of ECR', () => {
  const { manifest } = imageDocuments({});
  const other = imageDocuments({ platform: 'linux/arm64' }).manifest;
  const index = indexDocument([
    { manifest, platform: 'linux/amd64' },
    { manifest: other, platform: 'linux/arm64' },
  ]);
  const documents = [manifest, other, index];
  const done = (findingSeverityCounts?: object, findings: object[] = []): Reply => ({
    body: { imageScanStatus: { status: 'COMPLETE' }, imageScanFindings: { findings, findingSeverityCounts } },
  });
  const state = (status: string): Reply => ({ body: { imageScanStatus: { status } } });

  /** The scan of the index (or of a single image), where each digest has its own answer. */
  async function scanned(of: string, replies: Record<string, Reply>) {
    const { registry } = await ecr({
      DescribeImageScanFindings: ({ imageId }) => replies[imageId!.imageDigest!] ?? refused('ScanNotFoundException'),
      BatchGetImage: ({ imageIds }) => {
        const { digest: imageDigest, bytes } = documents.find((each) => each.digest === imageIds![0]!.imageDigest)!;
        return { body: { images: [{ imageId: { imageDigest }, imageManifest: bytes.toString('utf8') }] } };
      },
    });
    return registry.scan(shop, of);
  }

  it.each([
    [
      'counts of each severity',
      done({ CRITICAL: 1, HIGH: 2, MEDIUM: 3, LOW: 4, INFORMATIONAL: 5, UNDEFINED: 6 }),
      { critical: 1, high: 2, medium: 3, low: 4 },
    ],
    ['nothing found', done({}), {}],
    ['nothing found, and no counts', done(undefined), {}],
  ] as [string, Reply, object][])('is complete: %s', async (_, reply, findings) => {
    expect(await scanned(manifest.digest, { [manifest.digest]: reply })).toEqual({ state: 'complete', findings });
  });

  it('is complete once enhanced scanning is active and has findings', async () => {
    const body = {
      imageScanStatus: { status: 'ACTIVE' },
      imageScanFindings: { enhancedFindings: [{}], findingSeverityCounts: { HIGH: 1 } },
    };
    const scan = await scanned(manifest.digest, { [manifest.digest]: { body } });
    expect(scan).toEqual({ state: 'complete', findings: { high: 1 } });
  });

  it.each([['IN_PROGRESS'], ['PENDING'], ['COMPLETE'], ['ACTIVE']])(
    'is pending: %s without findings',
    async (status) => {
      expect(await scanned(manifest.digest, { [manifest.digest]: state(status) })).toEqual({ state: 'pending' });
    },
  );

  it.each([
    [state('UNSUPPORTED_IMAGE'), 'UNSUPPORTED_IMAGE'],
    [state('FAILED'), 'FAILED'],
    [state('SCAN_ELIGIBILITY_EXPIRED'), 'SCAN_ELIGIBILITY_EXPIRED'],
    [state('SOMETHING_NEW'), 'SOMETHING_NEW'],
    [{ body: {} }, 'none'],
    [refused('ScanNotFoundException'), 'no scan'],
    [done(undefined, [{ severity: 'CRITICAL' }]), 'without their severities'],
  ] as [Reply, string][])('is none for %j', async (reply, reason) => {
    const scan = await scanned(manifest.digest, { [manifest.digest]: reply });
    expect(scan).toEqual({ state: 'none', reason: expect.stringContaining(reason) });
  });

  it('of an index is that of all its images, added up', async () => {
    const scan = await scanned(index.digest, {
      [index.digest]: state('UNSUPPORTED_IMAGE'),
      [manifest.digest]: done({ HIGH: 1 }),
      [other.digest]: done({ HIGH: 2, LOW: 1 }),
    });
    expect(scan).toEqual({ state: 'complete', findings: { high: 3, low: 1 } });
  });

  it('of an index waits for the last image', async () => {
    const scan = await scanned(index.digest, { [manifest.digest]: done({}), [other.digest]: state('IN_PROGRESS') });
    expect(scan).toEqual({ state: 'pending' });
  });

  it('of an index is none where one image has none', async () => {
    const scan = await scanned(index.digest, { [manifest.digest]: done({}) });
    expect(scan).toEqual({ state: 'none', reason: expect.stringContaining(other.digest) });
  });

  it('of an index that has one of its own is that one', async () => {
    const scan = await scanned(index.digest, { [index.digest]: done({ LOW: 1 }) });
    expect(scan).toEqual({ state: 'complete', findings: { low: 1 } });
  });

  it.each([
    ['ImageNotFoundException', 'image-missing'],
    ['RepositoryNotFoundException', 'repository-missing'],
    ['AccessDeniedException', 'registry-not-allowed'],
    ['ThrottlingException', 'registry-throttled'],
  ])('is an error for %s', async (type, code) => {
    await expect(scanned(manifest.digest, { [manifest.digest]: refused(type) })).rejects.toMatchObject({ code });
  });
});
