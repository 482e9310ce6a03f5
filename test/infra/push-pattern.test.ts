import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';

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

const withDetail = (detail: Record<string, unknown>) => ({ ...push, detail: { ...push.detail, ...detail } });
const { 'image-tag': _tag, ...withoutTag } = push.detail;

const stack = new WindlassStack(new App(), 'Windlass', { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] });
const [rule] = Object.values(Template.fromStack(stack).findResources('AWS::Events::Rule'));
const pattern: unknown = rule!.Properties.EventPattern;

describe('the pattern of the rule', () => {
  it('takes a push of a tag', () => expect(matches(pattern, push)).toBe(true));

  it('takes one without the media types, which older events lack', () => {
    const { 'manifest-media-type': _, ...detail } = push.detail;
    expect(matches(pattern, { ...push, detail })).toBe(true);
  });

  it.each([
    ['a push of another team', withDetail({ 'repository-name': 'billing/web' })],
    ['a repository whose name only contains the prefix', withDetail({ 'repository-name': 'old/shop/web' })],
    ['a push without a tag, as it is written today', withDetail({ 'image-tag': '' })],
    ['a push without a tag, as it was written earlier', { ...push, detail: withoutTag }],
    ['a deletion', withDetail({ 'action-type': 'DELETE' })],
    ['a move to the archive', withDetail({ 'action-type': 'UPDATE_STORAGE_CLASS', 'target-storage-class': 'ARCHIVE' })],
    ['a failed push', withDetail({ result: 'FAILURE' })],
    ['a scan', { ...push, 'detail-type': 'ECR Image Scan' }],
    ["somebody's own event", { ...push, source: 'acme.ecr' }],
  ])('leaves %s alone', (_, event) => expect(matches(pattern, event)).toBe(false));
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
