import { describe, expect, it } from 'vitest';
import { gitObjects } from '../../lib/drift/git-objects.ts';
import type { Applied } from '../../lib/drift/read-applied.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

describe('what Git declared when it was applied', () => {
  const role: KubeObject = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'view', namespace: 'shop' },
  };
  const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'view', namespace: 'shop' } };
  const applied = (...objects: string[]) =>
    ({ sync: 'shop', revision: 'a', entries: objects.map((object) => ({ object })) }) as Applied;
  const read = (applied: Applied) =>
    gitObjects(applied, { head: async () => 'a', objects: async () => structuredClone([role, map]) });

  it('is found under the names of the record, also where a chart writes a namespace on what the whole cluster shares', async () => {
    const objects = await read(applied('rbac.authorization.k8s.io/ClusterRole/view', 'ConfigMap/shop/view'));
    expect([...objects.keys()]).toEqual(['rbac.authorization.k8s.io/ClusterRole/view', 'ConfigMap/shop/view']);
    const { metadata } = objects.get('rbac.authorization.k8s.io/ClusterRole/view')!;
    expect(metadata.namespace).toBeUndefined();
    expect(metadata.annotations).toEqual({ 'windlass.dev/id': 'shop:rbac.authorization.k8s.io/ClusterRole/view' });
  });

  it('keeps the namespace of what lives in one', async () => {
    const objects = await read(applied('ConfigMap/view', 'ConfigMap/shop/view'));
    expect(objects.get('ConfigMap/shop/view')?.metadata.namespace).toBe('shop');
    expect(objects.has('ConfigMap/view')).toBe(false);
  });
});
