import { describe, expect, it } from 'vitest';
import { maskObject, shownValue } from '../../lib/kube/mask.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { hashKey } from './answers.ts';

const canary = 'canary-s3cret';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const secret = (rest: object, metadata: object = {}) =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', namespace: 'shop', ...metadata },
    ...rest,
  }) as KubeObject;

describe('masking', () => {
  it.each([
    ['data', { data: { password: canary } }],
    ['stringData', { stringData: { password: canary } }],
    ['data that is a text', { data: canary }],
    ['data that is a list', { data: [canary, { a: canary }] }],
    ['data one level too deep', { data: { a: { b: canary } } }],
    ['a misspelt field', { dataa: { password: canary }, spec: { a: canary } }],
    ['a field of metadata that no Secret has', { metadata: { name: 'login', password: canary } }],
    ['metadata that is a text', { metadata: canary }],
  ])('a Secret with %s shows no value', (_name, rest) => {
    expect(JSON.stringify(maskObject(secret(rest), hashKey))).not.toContain(canary);
  });

  it('keeps the names of keys, the type and the labels of a Secret', () => {
    const masked = maskObject(
      secret({ type: 'Opaque', data: { password: canary } }, { labels: { app: 'web' } }),
      hashKey,
    );
    expect(masked).toMatchObject({
      type: 'Opaque',
      metadata: { name: 'login', labels: { app: 'web' } },
      data: { password: expect.stringMatching(/^hash:[\w-]{16}$/) },
    });
  });

  it('masks what kubectl remembers, on every kind', () => {
    const copy = JSON.stringify({ data: { password: canary } });
    for (const kind of ['Secret', 'ConfigMap', 'SealedSecret']) {
      const object = { ...secret({}, { annotations: { [lastApplied]: copy } }), kind };
      expect(JSON.stringify(maskObject(object, hashKey))).not.toContain(canary);
      const path = ['f:metadata', 'f:annotations', `f:${lastApplied}`];
      expect(shownValue(object, path, copy, hashKey)).toMatch(/^hash:/);
    }
  });

  it('leaves other kinds readable, and cuts what is too long to read', () => {
    const config = { apiVersion: 'v1', kind: 'ConfigMap' };
    expect(shownValue(config, ['f:data', 'f:a'], 'short', hashKey)).toBe('short');
    expect(shownValue(config, ['f:data', 'f:a'], 'x'.repeat(5000), hashKey)).toBe(
      `${'x'.repeat(1000)}… (5000 characters)`,
    );
  });
});
