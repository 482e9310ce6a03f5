import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pushEvent, readEvent } from '../../lib/bump/push-event.ts';

const message = { id: 'message-1', at: '2026-11-22T10:00:00.000Z' };

/** The sample of the Amazon ECR user guide, "Event for a completed image push". */
const sample = {
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '123456789012',
  time: '2019-11-16T01:54:34Z',
  region: 'us-west-2',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'my-repository-name',
    'image-digest': `sha256:${'7f5b'.repeat(16)}`,
    'action-type': 'PUSH',
    'image-tag': 'latest',
  } as Record<string, unknown>,
};

const read = (event: unknown) => readEvent(JSON.stringify(event), message);
const withDetail = (detail: Record<string, unknown>) => ({ ...sample, detail: { ...sample.detail, ...detail } });

describe('the event of a push', () => {
  it('is read as ECR documents it', () => {
    expect(read(sample)).toEqual({
      kind: 'push',
      push: {
        id: '13cde686-328b-6117-af20-0e5566167482',
        at: '2019-11-16T01:54:34.000Z',
        cause: 'push',
        repository: '123456789012.dkr.ecr.us-west-2.amazonaws.com/my-repository-name',
        tag: 'latest',
        digest: `sha256:${'7f5b'.repeat(16)}`,
      },
    });
  });

  it('is built as it is read', () => {
    const built = pushEvent({
      id: 'e-1',
      at: new Date('2026-11-22T10:00:00.750Z'),
      account: '123456789012',
      region: 'eu-west-1',
      repository: 'shop/web',
      tag: '1.5.0',
      digest: `sha256:${'a'.repeat(64)}`,
    });
    expect(Object.keys(built)).toEqual(Object.keys(sample));
    expect(built['time']).toBe('2026-11-22T10:00:00Z');
    expect(read(built)).toMatchObject({
      kind: 'push',
      push: { id: 'e-1', repository: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web', tag: '1.5.0' },
    });
  });

  it('needs only the repository, the action and a tag', () => {
    const detail = { 'repository-name': 'shop/web', 'action-type': 'PUSH', 'image-tag': '1.0.0' };
    const event = read({ ...sample, detail });
    expect(event.kind === 'push' && event.push).not.toHaveProperty('digest');
  });

  it('names the registry of a region in China', () => {
    const event = read({ ...sample, region: 'cn-north-1' });
    expect(event).toMatchObject({
      push: { repository: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/my-repository-name' },
    });
  });

  it.each([
    ['with an empty tag', withDetail({ 'image-tag': '' }), 'has no tag'],
    ['without a tag', withDetail({ 'image-tag': undefined }), 'has no tag'],
    [
      'with an impossible tag',
      withDetail({ 'image-tag': 'a b\nWindlass-Event: x' }),
      'has a tag that no registry allows',
    ],
    ['of a deletion', withDetail({ 'action-type': 'DELETE' }), 'is no push but "DELETE"'],
    [
      'of the archive tier',
      withDetail({ 'action-type': 'UPDATE_STORAGE_CLASS', 'image-tag': undefined }),
      'UPDATE_STORAGE_CLASS',
    ],
    ['of a push that failed', withDetail({ result: 'FAILED' }), 'did not succeed'],
    ['of another service', { ...sample, 'detail-type': 'ECR Scan Resource Change' }, 'is of another type'],
    ['of another source', { ...sample, source: 'acme.ecr' }, 'is of another type'],
    ['with a repository that is none', withDetail({ 'repository-name': '../web' }), 'is not an ECR Image Action'],
    ['with an account that is none', { ...sample, account: 'evil.example.com/' }, 'which account'],
    ['with a region that is none', { ...sample, region: 'x/../..' }, 'which account'],
  ])('is ignored %s', (_, event, reason) => {
    expect(read(event)).toMatchObject({
      kind: 'ignored',
      id: sample.id,
      at: '2019-11-16T01:54:34.000Z',
      reason: expect.stringContaining(reason),
    });
  });

  it.each(['', 'no json', '[]', 'null', '7', '{}', '{"source":"aws.ecr"}'])(
    'is ignored when the message is %j',
    (body) => {
      expect(readEvent(body, message)).toMatchObject({ kind: 'ignored', ...message });
    },
  );

  it('shows only the beginning of what it ignores, in one line and without what looks like a secret', () => {
    const body = `not json\n\u001b[31m{"password": "hunter2", token=abc123 AKIA ${'A1b2'.repeat(12)}} ${'x '.repeat(5000)}`;
    const event = readEvent(body, message);
    const { excerpt } = event.kind === 'ignored' ? event : { excerpt: '' };
    expect(excerpt.length).toBeLessThanOrEqual(200);
    expect(excerpt).toMatch(/^not json/);
    expect(excerpt).not.toMatch(/hunter2|abc123|A1b2A1b2/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is shown on terminals
    expect(excerpt).not.toMatch(/[\x00-\x1f]/);
  });

  it('never throws, whatever the message', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(readEvent(body, message).kind).toBe('ignored');
      }),
    );
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(...Object.keys(sample), ...Object.keys(sample.detail)),
        (value, key) => {
          const event = key in sample ? { ...sample, [key]: value } : withDetail({ [key]: value });
          expect(['push', 'ignored']).toContain(read(event).kind);
        },
      ),
    );
  });
});
