import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageNotified, readNotification } from '../../lib/bump/distribution-event.ts';
import { readEvent } from '../../lib/bump/push-event.ts';
import { registryEvent } from '../../lib/bump/registry-event.ts';

const now = new Date('2026-11-22T22:50:00Z');
const digest = 'sha256:6cc1beb3b05c6cf4e7eafb854e32ea9ffaff06dc12cf05c5860925dff5dd5b35';

/** What registry 3.1.2 posted when crane pushed 1.5.0, address and instance shortened. */
const event = {
  id: '01a20570-aa7b-766c-aed8-2a79dd679676',
  timestamp: '2026-11-22T22:46:39.483421289Z',
  action: 'push',
  target: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
    size: 401,
    length: 401,
    repository: 'shop/web',
    url: `http://127.0.0.1:45870/v2/shop/web/manifests/${digest}`,
    tag: '1.5.0' as string | undefined,
  },
  request: {
    id: '01a20570-aa7b-7325-9e6d-4186b987cbbd',
    addr: '127.0.0.1:51870',
    host: '127.0.0.1:45870',
    method: 'PUT',
    useragent: 'crane-0.22.1_linux-amd64/v0.22.1 go-containerregistry/v0.22.1',
  },
  actor: {},
  source: { addr: 'vm:45870', instanceID: '01a20570' },
};
type Event = typeof event;
const read = (...events: unknown[]) => readNotification(JSON.stringify({ events }), now);
const withTarget = (target: Partial<Event['target']>): Event => ({ ...event, target: { ...event.target, ...target } });

const push = {
  id: event.id,
  at: '2026-11-22T22:46:39.483Z',
  host: '127.0.0.1:45870',
  path: 'shop/web',
  tag: '1.5.0',
  digest,
};

describe('the webhook of a registry', () => {
  it('tells of the push of a manifest and of an index', () => {
    expect(read(event)).toEqual([push]);
    for (const mediaType of [
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
    ])
      expect(read(withTarget({ mediaType }))).toEqual([push]);
  });

  it.each([
    ['a blob', withTarget({ mediaType: 'application/octet-stream', tag: undefined })],
    ['a blob that says that it has a tag', withTarget({ mediaType: 'application/octet-stream' })],
    ['a manifest without a tag', withTarget({ tag: undefined })],
    ['a pull', { ...event, action: 'pull' }],
    ['a mount', { ...event, action: 'mount' }],
    ['a deletion', { ...event, action: 'delete' }],
    ['an impossible tag', withTarget({ tag: '1.5.0\nWindlass-Event: x' })],
    ['an impossible repository', withTarget({ repository: '../../etc' })],
    ['an id that would not stay in one line', { ...event, id: 'a\nWindlass-Policy: web' }],
    ['a number', 7],
  ])('tells of nothing with %s', (_, one) => {
    expect(read(one)).toEqual([]);
    expect(read(one, event)).toEqual([push]);
  });

  it('tells of all pushes of one envelope, and of a hundred at most', () => {
    expect(read(event, withTarget({ tag: '1.6.0' }))?.map(({ tag }) => tag)).toEqual(['1.5.0', '1.6.0']);
    expect(read(...Array.from({ length: 200 }, () => event))).toHaveLength(100);
  });

  it('goes by the own clock where the time is missing, no time, or later than now', () => {
    for (const timestamp of [undefined, 'soon', '2036-01-01T00:00:00Z'])
      expect(read({ ...event, timestamp })?.[0]?.at).toBe(now.toISOString());
  });

  it('needs no host and no digest', () => {
    const bare = { ...withTarget({ digest: 'sha256:xyz' }), request: undefined };
    expect(read(bare)).toEqual([{ id: push.id, at: push.at, path: 'shop/web', tag: '1.5.0' }]);
  });

  it.each(['', 'no json', '[]', 'null', '{}', '{"events": 7}'])('is none when its body is %j', (body) => {
    expect(readNotification(body, now)).toBeUndefined();
  });

  it('never throws, and gives only names that can be', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constant(event.target), fc.constant('push'));
    fc.assert(
      fc.property(odd, fc.constantFrom(...Object.keys(event), ...Object.keys(event.target)), (value, key) => {
        const one = key in event ? { ...event, [key]: value } : withTarget({ [key]: value } as object);
        for (const { id, path, tag } of read(one) ?? []) {
          expect(`${id} ${path} ${tag}`).toMatch(/^[\w.-]+ [\w./-]+ [\w.-]+$/);
        }
      }),
    );
  });
});

describe('the image that a webhook is about', () => {
  const images = ['127.0.0.1:5000/shop/web', 'ghcr.io/shop/web', 'registry.test/shop/api'];

  it('is the one of the host that it tells', () => {
    const both = ['ghcr.io', '127.0.0.1:5000'];
    expect(imageNotified({ host: '127.0.0.1:5000', path: 'shop/web' }, images, both)).toBe(images[0]);
    expect(imageNotified({ host: 'ghcr.io', path: 'shop/web' }, images, both)).toBe('ghcr.io/shop/web');
  });

  it('is the one of the same path where the registry was called by another name', () => {
    for (const host of ['localhost:5000', undefined])
      expect(imageNotified({ host, path: 'shop/web' }, images, ['127.0.0.1:5000'])).toBe(images[0]);
  });

  it('is none of a registry that sends no webhooks, and none that windlass.yaml lacks', () => {
    expect(imageNotified({ host: 'ghcr.io', path: 'shop/web' }, images, ['registry.test'])).toBeUndefined();
    expect(imageNotified({ host: '127.0.0.1:5000', path: 'shop/none' }, images, ['127.0.0.1:5000'])).toBeUndefined();
  });
});

describe('the event that Windlass makes of it', () => {
  const made = {
    id: 'e-1',
    at: '2026-11-22T22:46:39.483Z',
    repository: '127.0.0.1:5000/shop/web',
    tag: '1.5.0',
    digest,
  };
  const readBack = (changes: object = {}) => {
    const one = registryEvent(made) as { detail: object };
    return readEvent(JSON.stringify({ ...one, detail: { ...one.detail, ...changes } }), { id: 'm', at: made.at });
  };

  it('is read as it was built', () => {
    expect(readBack()).toEqual({ kind: 'push', push: { ...made, cause: 'push' } });
    expect(readBack({ digest: undefined })).toMatchObject({ push: { tag: '1.5.0' } });
  });

  it.each([
    [{ repository: 'a b' }, 'does not name a repository'],
    [{ repository: 'ghcr.io/acme/web:1.0' }, 'does not name a repository'],
    [{ tag: 'a b' }, 'a tag that no registry allows'],
    [{ tag: undefined }, 'is not a Registry Push'],
  ])('is ignored with %o', (changes, reason) => {
    expect(readBack(changes)).toMatchObject({ kind: 'ignored', id: 'e-1', reason: expect.stringContaining(reason) });
  });
});
