import { describe, expect, it } from 'vitest';
import { readEvent } from '../../lib/bump/push-event.ts';
import type { EcrRegistry } from '../../lib/infra/admit-events.ts';
import { templateOf } from './synth.ts';

/** A real push event's shape; the account, names and digest are made up. */
const push = {
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2026-11-03T09:54:34Z',
  region: 'eu-west-1',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'shop/web',
    'image-digest': `sha256:${'7f'.repeat(32)}`,
    'action-type': 'PUSH',
    'image-tag': '1.5.0',
    'manifest-media-type': 'application/vnd.oci.image.index.v1+json',
  } as Record<string, unknown>,
};

const arn = 'arn:aws:ecr:eu-west-1:123456789012:repository/shop/web';

/** As the user guides of ECR and Amazon Inspector show them. */
const others: Record<string, typeof push> = {
  replication: {
    ...push,
    'detail-type': 'ECR Replication Action',
    detail: {
      result: 'SUCCESS',
      'repository-name': 'shop/web',
      'image-digest': `sha256:${'7f'.repeat(32)}`,
      'source-account': '210987654321',
      'action-type': 'REPLICATE',
      'source-region': 'us-east-1',
      'image-tag': '1.5.0',
    },
  },
  'pull through the cache': {
    ...push,
    'detail-type': 'ECR Pull Through Cache Action',
    detail: {
      'rule-version': '1',
      'sync-status': 'SUCCESS',
      'ecr-repository-prefix': 'shop',
      'repository-name': 'shop/web',
      'upstream-registry-url': 'public.ecr.aws',
      'image-tag': '1.5.0',
      'image-digest': `sha256:${'7f'.repeat(32)}`,
    },
  },
  scan: {
    ...push,
    'detail-type': 'ECR Image Scan',
    detail: {
      'scan-status': 'COMPLETE',
      'repository-name': 'shop/web',
      'finding-severity-counts': { CRITICAL: 10, MEDIUM: 9 },
      'image-digest': `sha256:${'7f'.repeat(32)}`,
      'image-tags': [],
    },
  },
  'enhanced scan': {
    ...push,
    source: 'aws.inspector2',
    'detail-type': 'Inspector2 Scan',
    detail: {
      'scan-status': 'INITIAL_SCAN_COMPLETE',
      'repository-name': arn,
      'finding-severity-counts': { CRITICAL: 7, TOTAL: 158 },
      'image-digest': `sha256:${'7f'.repeat(32)}`,
      'image-tags': ['1.5.0'],
    },
  },
};

const withDetail = (detail: Record<string, unknown>, of = push) => ({ ...of, detail: { ...of.detail, ...detail } });
const { 'image-tag': _tag, ...withoutTag } = push.detail;

const rulesOf = (registries: EcrRegistry[] = []) =>
  templateOf({ repo: 'acme/shop-config', repositoryPrefixes: ['shop/'], registries })
    .ofType('AWS::Events::Rule')
    .map(([, rule]) => rule);
const own = rulesOf();
/** How many rules send the event to the queue. */
const taken = (event: unknown, rules = own) =>
  rules.filter((rule) => matches(rule.Properties.EventPattern, event)).length;

describe('the patterns of the rules', () => {
  it('take a push of a tag', () => expect(taken(push)).toBe(1));

  it('take one without the media types, which older events lack', () => {
    const { 'manifest-media-type': _, ...detail } = push.detail;
    expect(taken({ ...push, detail })).toBe(1);
  });

  it.each(Object.entries(others))('take once what says that there is something new: %s', (_, event) => {
    expect(taken(event)).toBe(1);
    const read = readEvent(JSON.stringify(event), { id: 'message', at: event.time });
    expect(read).toMatchObject({ kind: 'push', push: { repository: expect.stringMatching(/\/shop\/web$/) } });
  });

  it.each([
    ['a push of another team', withDetail({ 'repository-name': 'billing/web' })],
    ['a repository whose name only contains the prefix', withDetail({ 'repository-name': 'old/shop/web' })],
    ['a push without a tag, as it is written today', withDetail({ 'image-tag': '' })],
    ['a push without a tag, as it was written earlier', { ...push, detail: withoutTag }],
    ['a deletion', withDetail({ 'action-type': 'DELETE' })],
    ['a move to the archive', withDetail({ 'action-type': 'UPDATE_STORAGE_CLASS', 'target-storage-class': 'ARCHIVE' })],
    ['a failed push', withDetail({ result: 'FAILURE' })],
    ['a signature of an image', { ...push, 'detail-type': 'ECR Referrer Action' }],
    ["somebody's own event", { ...push, source: 'acme.ecr' }],
    ['a failed replication', withDetail({ result: 'FAILED' }, others['replication'])],
    ['a replication of another team', withDetail({ 'repository-name': 'billing/web' }, others['replication'])],
    ['a replication without a tag', withDetail({ 'image-tag': '' }, others['replication'])],
    ['a failed pull', withDetail({ 'sync-status': 'FAILED' }, others['pull through the cache'])],
    ['a pull without a tag', withDetail({ 'image-tag': '' }, others['pull through the cache'])],
    ['a failed scan', withDetail({ 'scan-status': 'FAILED' }, others['scan'])],
    ['a scan of another team', withDetail({ 'repository-name': 'billing/web' }, others['scan'])],
    [
      'an enhanced scan of another team',
      withDetail({ 'repository-name': arn.replace('shop', 'x') }, others['enhanced scan']),
    ],
    [
      'an enhanced scan of a name that only contains the prefix',
      withDetail({ 'repository-name': arn.replace('shop', 'old/shop') }, others['enhanced scan']),
    ],
    ['a scan of an instance', withDetail({ 'repository-name': undefined }, others['enhanced scan'])],
    ['a finding', { ...others['enhanced scan'], 'detail-type': 'Inspector2 Finding' }],
    ["an enhanced scan of somebody's own", { ...others['enhanced scan'], source: 'acme.inspector2' }],
    [
      'an enhanced scan in an account that is not named',
      withDetail({ 'repository-name': arn.replace('123456789012', '210987654321') }, others['enhanced scan']),
    ],
  ])('leave %s alone', (_, event) => expect(taken(event)).toBe(0));
});

describe('the patterns of rules for more registries', () => {
  const there = { account: '210987654321', region: 'us-east-1' };
  const scanThere = {
    ...others['enhanced scan']!,
    ...there,
    detail: {
      ...others['enhanced scan']!.detail,
      'repository-name': 'arn:aws:ecr:us-east-1:210987654321:repository/shop/web',
    },
  };

  it('take an enhanced scan of each once', () => {
    const rules = rulesOf([there]);
    expect(taken(scanThere, rules)).toBe(1);
    expect(taken(others['enhanced scan'], rules)).toBe(1);
    expect(taken(push, rules)).toBe(1);
  });

  it('take none of an account and Region that is not named', () => {
    expect(taken(scanThere, rulesOf([{ ...there, region: 'us-east-2' }]))).toBe(0);
  });
});

/**
 * EventBridge's rules for the operators that the pattern has, and an error for any other.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
function matches(wanted: unknown, value: unknown): boolean {
  if (!Array.isArray(wanted)) {
    const fields = (value ?? {}) as Record<string, unknown>;
    return Object.entries(wanted as object).every(([key, inner]) => matches(inner, fields[key]));
  }
  return value !== undefined && wanted.some((one: unknown) => matchesOne(one, value));
}

function matchesOne(wanted: unknown, value: unknown): boolean {
  if (typeof wanted === 'string') return wanted === value;
  const [operator, operand] = Object.entries(wanted as object)[0]!;
  if (operator === 'prefix') return typeof value === 'string' && value.startsWith(operand);
  if (operator === 'anything-but') return !operand.includes(value);
  throw new Error(`the pattern has ${operator}: teach this test what it means`);
}
