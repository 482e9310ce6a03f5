import { describe, expect, it } from 'vitest';
import { readEvent } from '../../lib/bump/push-event.ts';

const message = { id: 'message-1', at: '2026-11-22T10:00:00.000Z' };
const digest = `sha256:${'7f5b'.repeat(16)}`;
const registry = '123456789012.dkr.ecr.us-west-2.amazonaws.com';

/** The samples of the user guides of Amazon ECR and Amazon Inspector; accounts, names and digests are made up. */
const envelope = {
  version: '0',
  id: '85fc3613-e913-7fc4-a80c-a3753e4aa9ae',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2019-10-29T02:36:48Z',
  region: 'us-west-2',
};
const arn = 'arn:aws:ecr:us-west-2:123456789012:repository/shop/web';
type Event = Record<string, unknown> & { detail: Record<string, unknown> };
const samples: Record<string, Event> = {
  scan: {
    ...envelope,
    'detail-type': 'ECR Image Scan',
    resources: [arn],
    detail: {
      'scan-status': 'COMPLETE',
      'repository-name': 'shop/web',
      'finding-severity-counts': { CRITICAL: 10, MEDIUM: 9 },
      'image-digest': digest,
      'image-tags': [],
    },
  },
  'enhanced scan': {
    ...envelope,
    source: 'aws.inspector2',
    'detail-type': 'Inspector2 Scan',
    resources: [arn],
    detail: {
      'scan-status': 'INITIAL_SCAN_COMPLETE',
      'repository-name': arn,
      'finding-severity-counts': { CRITICAL: 7, HIGH: 61, MEDIUM: 62, TOTAL: 158 },
      'image-digest': digest,
      'image-tags': ['1.5.0'],
    },
  },
  replication: {
    ...envelope,
    'detail-type': 'ECR Replication Action',
    resources: [arn],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'shop/web',
      'image-digest': digest,
      'source-account': '210987654321',
      'action-type': 'REPLICATE',
      'source-region': 'eu-west-1',
      'image-tag': '1.5.0',
    },
  },
  'pull through the cache': {
    ...envelope,
    'detail-type': 'ECR Pull Through Cache Action',
    resources: [arn],
    detail: {
      'rule-version': '1',
      'sync-status': 'SUCCESS',
      'ecr-repository-prefix': 'docker-hub',
      'repository-name': 'docker-hub/alpine',
      'upstream-registry-url': 'public.ecr.aws',
      'image-tag': '3.17.2',
      'image-digest': digest,
    },
  },
};
const read = (event: unknown) => readEvent(JSON.stringify(event), message);
const changed = (name: string, detail: Record<string, unknown>): Event => ({
  ...samples[name]!,
  detail: { ...samples[name]!.detail, ...detail },
});
const pushOf = (event: unknown) => {
  const seen = read(event);
  if (seen.kind !== 'push') throw new Error(`no push: ${JSON.stringify(seen)}`);
  return seen.push;
};

describe('an event of ECR that is no push', () => {
  const at = '2019-10-29T02:36:48.000Z';
  it.each([
    ['scan', { cause: 'scan', repository: `${registry}/shop/web` }],
    ['enhanced scan', { cause: 'scan', repository: `${registry}/shop/web`, tag: '1.5.0' }],
    ['replication', { cause: 'replication', repository: `${registry}/shop/web`, tag: '1.5.0' }],
    ['pull through the cache', { cause: 'pull-through', repository: `${registry}/docker-hub/alpine`, tag: '3.17.2' }],
  ])('says to look at the repository: %s', (name, expected) => {
    expect(pushOf(samples[name])).toEqual({ id: envelope.id, at, digest, ...expected });
  });

  it('has no tag where a scan is of several, of none, or does not say', () => {
    for (const tags of [['1.5.0', '1.5'], [], null, undefined]) {
      expect(pushOf(changed('scan', { 'image-tags': tags }))).not.toHaveProperty('tag');
    }
    expect(pushOf(changed('scan', { 'image-tags': ['1.5.0', 'no\ntag'] })).tag).toBe('1.5.0');
    expect(pushOf(changed('scan', { 'image-digest': undefined }))).not.toHaveProperty('digest');
  });

  it('is of the account and region of the ARN, where Amazon Inspector tells of another account', () => {
    const other = 'arn:aws-cn:ecr:cn-north-1:210987654321:repository/shop/web';
    const { repository } = pushOf(changed('enhanced scan', { 'repository-name': other }));
    expect(repository).toBe('210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/shop/web');
  });

  it('is of the registry that an image was replicated to, not of the one that it came from', () => {
    expect(pushOf({ ...samples['replication'], region: 'eu-central-1' }).repository).toBe(
      '123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web',
    );
  });

  it.each([
    ['a scan that failed', changed('scan', { 'scan-status': 'FAILED' }), 'not complete: "FAILED"'],
    ['a scan of a repository that is none', changed('scan', { 'repository-name': arn }), 'is not an ECR Image Scan'],
    ['a scan without a status', changed('scan', { 'scan-status': undefined }), 'is not an ECR Image Scan'],
    ['a scan of tags that are none', changed('scan', { 'image-tags': '1.5.0' }), 'is not an ECR Image Scan'],
    ['a later scan', changed('enhanced scan', { 'scan-status': 'SCAN_ELIGIBILITY_EXPIRED' }), 'is not complete'],
    ['an enhanced scan without an ARN', changed('enhanced scan', { 'repository-name': 'shop/web' }), 'by its ARN'],
    ['a foreign ARN', changed('enhanced scan', { 'repository-name': arn.replace('ecr', 'ecs') }), 'by its ARN'],
    [
      'an ARN without an account',
      changed('enhanced scan', { 'repository-name': arn.replace(/\d{12}/, 'x') }),
      'which account',
    ],
    ['an ARN with a path', changed('enhanced scan', { 'repository-name': `${arn}/../x` }), 'cannot have'],
    ['a finding', { ...samples['enhanced scan'], 'detail-type': 'Inspector2 Finding' }, 'is of another type'],
    ['a scan of another service', { ...samples['scan'], source: 'acme.ecr' }, 'is of another type'],
    ['a replication that failed', changed('replication', { result: 'FAILED' }), 'did not succeed: "FAILED"'],
    ['a replication by digest', changed('replication', { 'image-tag': '' }), 'only a digest was replicated'],
    ['a pull that failed', changed('pull through the cache', { 'sync-status': 'FAILED' }), 'did not succeed'],
    ['a pull by digest', changed('pull through the cache', { 'image-tag': null }), 'only a digest was pulled'],
    ['a tag that is none', changed('replication', { 'image-tag': 'a b' }), 'a tag that no registry allows'],
  ])('is ignored, with the reason: %s', (_, event, reason) => {
    expect(read(event)).toMatchObject({
      kind: 'ignored',
      id: envelope.id,
      at,
      reason: expect.stringContaining(reason),
    });
  });
});
