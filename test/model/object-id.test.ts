import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatObjectId, parseObjectId } from '../../lib/model/object-id.ts';

describe('the written name of an object', () => {
  it.each([
    [{ group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' }, 'apps/Deployment/shop/web'],
    [{ group: '', kind: 'ConfigMap', namespace: 'shop', name: 'settings' }, 'ConfigMap/shop/settings'],
    [{ group: '', kind: 'Namespace', namespace: '', name: 'shop' }, 'Namespace/shop'],
    [
      { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', namespace: '', name: 'system:reader' },
      'rbac.authorization.k8s.io/ClusterRole/system:reader',
    ],
  ])('writes %o as %s and reads it back', (id, text) => {
    expect(formatObjectId(id)).toBe(text);
    expect(parseObjectId(text)).toEqual(id);
  });

  it.each(['', 'apps', 'apps/deployment/shop/web', 'Deployment', 'a/B/c/d/e', 'apps//shop/web'])(
    'refuses "%s"',
    (text) => {
      expect(parseObjectId(text)).toBeUndefined();
    },
  );

  it('reads back whatever it writes', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
    const id = fc.record({
      group: fc.oneof(fc.constant(''), name),
      kind: fc.stringMatching(/^[A-Z][A-Za-z]{0,20}$/),
      namespace: fc.oneof(fc.constant(''), name),
      name,
    });
    fc.assert(
      fc.property(id, (value) => {
        expect(parseObjectId(formatObjectId(value))).toEqual(value);
      }),
    );
  });
});
