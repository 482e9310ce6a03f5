import { describe, expect, it } from 'vitest';
import { belongsTo, normalise } from '../../lib/kube/normalise.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const sync = 'shop';
const as = (object: object) => normalise(object as KubeObject, { sync });
const own = {
  labels: { 'windlass.dev/sync': 'shop' },
  annotations: { 'windlass.dev/id': 'shop:ConfigMap/shop/a' },
};
const config = (rest: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
  ...rest,
});

describe('normalising an object of Git', () => {
  it('puts in our label and an id that names the object', () => {
    expect(as(config()).metadata).toEqual({ name: 'a', namespace: 'shop', ...own });
    expect(as(config({}, { labels: { app: 'x' } })).metadata.labels).toEqual({ app: 'x', ...own.labels });
  });

  it('takes out empty and null labels and annotations, and what only the API server writes', () => {
    const exported = {
      labels: null,
      annotations: {},
      creationTimestamp: null,
      uid: 'u',
      resourceVersion: '1',
      generation: 3,
      managedFields: [],
    };
    expect(as(config({ status: { phase: 'x' } }, exported))).toEqual(config({}, own));
  });

  it('takes the same out of templates', () => {
    const empty = { creationTimestamp: null, annotations: {}, labels: { app: 'x' } };
    const spec = {
      template: { metadata: empty },
      volumeClaimTemplates: [{ metadata: { name: 'd', creationTimestamp: null } }],
    };
    const cron = { jobTemplate: { metadata: { creationTimestamp: null }, spec: { template: { metadata: empty } } } };
    const apps = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'a' } };
    expect(as({ ...apps, spec }).spec).toEqual({
      template: { metadata: { labels: { app: 'x' } } },
      volumeClaimTemplates: [{ metadata: { name: 'd' } }],
    });
    expect(as({ ...apps, spec: cron }).spec).toEqual({
      jobTemplate: { metadata: {}, spec: { template: { metadata: { labels: { app: 'x' } } } } },
    });
  });

  it('drops the rules of a ClusterRole that gathers them, and no others', () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'a' },
      rules: [],
    };
    expect(as({ ...role, aggregationRule: { clusterRoleSelectors: [] } })).not.toHaveProperty('rules');
    expect(as(role)).toHaveProperty('rules', []);
  });

  it('turns stringData into data, which it wins over', () => {
    const secret = { ...config({ stringData: { a: 'grüß' }, data: { a: 'eA==', b: 'eQ==' } }), kind: 'Secret' };
    expect(as(secret)).toMatchObject({ data: { a: 'Z3LDvMOf', b: 'eQ==' } });
    expect(as(secret)).not.toHaveProperty('stringData');
  });

  it('leaves a malformed Secret for the API server to refuse', () => {
    const secret = { ...config({ stringData: { a: 7 } }), kind: 'Secret' };
    expect(as(secret)).toMatchObject({ stringData: { a: 7 } });
  });

  it('does not change what it was given, and nothing the second time', () => {
    const given = config({ status: {} }, { annotations: {} });
    const before = structuredClone(given);
    const once = as(given);
    expect(given).toEqual(before);
    expect(as(once)).toEqual(once);
  });
});

describe('whose object it is', () => {
  it('is the sync that label and id name', () => {
    expect(belongsTo(as(config()), 'shop')).toBe(true);
    expect(belongsTo(as(config()), 'other')).toBe(false);
  });

  it('is nobody for a copy under another name', () => {
    const copy = as(config());
    copy.metadata.name = 'b';
    expect(belongsTo(copy, 'shop')).toBe(false);
  });
});
