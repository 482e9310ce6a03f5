import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountManifests } from '../../lib/install/accounts.ts';
import { rightsOf, type SyncObjects } from '../../lib/install/rights.ts';
import type { PolicyRule } from '../../lib/install/rules.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const objectVerbs = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
/** Two rules for one kind, as an aggregated role has them. */
const admin: PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps', 'resourcequotas'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'delete', 'deletecollection', 'patch', 'update'] },
];
const places: Record<string, { plural: string; namespaced: boolean }> = {
  ConfigMap: { plural: 'configmaps', namespaced: true },
  ResourceQuota: { plural: 'resourcequotas', namespaced: true },
  Widget: { plural: 'widgets', namespaced: true },
  Namespace: { plural: 'namespaces', namespaced: false },
  ClusterRole: { plural: 'clusterroles', namespaced: false },
  Deployment: { plural: 'deployments', namespaced: true },
  PersistentVolumeClaim: { plural: 'persistentvolumeclaims', namespaced: true },
};
const keda = { group: 'keda.sh', plural: 'scaledobjects' };
const basis = { placeOf: ({ kind }: KubeObject) => places[kind], admin, scalers: [keda] };

function object(kind: string, name: string, namespace?: string, apiVersion = 'v1'): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
}

function sync(objects: KubeObject[], changes: Partial<SyncObjects> = {}): SyncObjects {
  return { name: 'shop', objects, namespaces: [], clusterAdmin: false, ...changes };
}

describe('the rights of an account', () => {
  it('are admin of the namespaces of its objects, and of those that it is given', () => {
    const [rights] = rightsOf([sync([object('ConfigMap', 'a', 'shop')], { namespaces: ['later'] })], basis);
    expect(rights).toEqual({
      account: 'windlass-sync-shop',
      syncs: ['shop'],
      clusterAdmin: false,
      namespaces: ['later', 'shop'],
      declaredNamespaces: [],
      extra: [],
      looks: [],
      withheld: [],
    });
  });

  it('have kinds beside it that admin lacks, or may only read, there and nowhere else', () => {
    const objects = [
      object('ResourceQuota', 'all', 'shop'),
      object('Widget', 'w', 'shop', 'acme.example/v1'),
      object('Widget', 'x', 'shop', 'acme.example/v1'),
      object('ConfigMap', 'a', 'other'),
    ];
    const [rights] = rightsOf([sync(objects)], basis);
    expect(rights?.extra).toEqual([
      { namespace: 'shop', group: '', plural: 'resourcequotas' },
      { namespace: 'shop', group: 'acme.example', plural: 'widgets' },
    ]);
    const roles = accountManifests(rights!).filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
      [
        'shop',
        [
          { apiGroups: [''], resources: ['resourcequotas'], verbs: objectVerbs },
          { apiGroups: ['acme.example'], resources: ['widgets'], verbs: objectVerbs },
        ],
      ],
    ]);
  });

  it('are to look at autoscalers where Git sets replicas, and at StorageClasses where it has claims', () => {
    const scaled = (name: string, namespace: string, replicas?: number) => ({
      ...object('Deployment', name, namespace, 'apps/v1'),
      spec: { replicas },
    });
    const objects = [
      ...[scaled('web', 'shop', 2), scaled('api', 'shop', 1), scaled('left', 'open')],
      object('PersistentVolumeClaim', 'data', 'open'),
    ];
    const [rights] = rightsOf([sync(objects)], basis);
    expect(rights?.looks).toEqual([
      { group: 'storage.k8s.io', plural: 'storageclasses', verb: 'get' },
      { namespace: 'shop', ...keda, verb: 'list' },
    ]);
    const looks = accountManifests(rights!).filter(({ metadata }) => metadata.name.endsWith(':looks'));
    expect(looks.map(({ kind, metadata, rules }) => [kind, metadata.namespace, rules])).toEqual([
      ['ClusterRole', undefined, [{ apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get'] }]],
      ['ClusterRoleBinding', undefined, undefined],
      ['Role', 'shop', [{ apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: ['list'] }]],
      ['RoleBinding', 'shop', undefined],
    ]);
    const seeing = { ...basis, admin: [...admin, { apiGroups: ['keda.sh'], resources: ['*'], verbs: ['list'] }] };
    expect(rightsOf([sync([scaled('web', 'shop', 2)])], seeing)[0]?.looks).toEqual([]);
  });

  it('are for Namespaces by name, and do not make the sync the administrator of what is in them', () => {
    const [rights] = rightsOf([sync([object('Namespace', 'shop')])], basis);
    expect(rights).toMatchObject({ namespaces: [], declaredNamespaces: ['shop'] });
    const role = accountManifests(rights!).find(({ kind }) => kind === 'ClusterRole');
    expect(role?.['rules']).toEqual([
      {
        apiGroups: [''],
        resources: ['namespaces'],
        resourceNames: ['shop'],
        verbs: ['get', 'create', 'patch', 'delete'],
      },
    ]);
  });

  it('leave out, and name, what belongs to the whole cluster', () => {
    const objects = [
      object('ClusterRole', 'reader', undefined, 'rbac.authorization.k8s.io/v1'),
      object('ConfigMap', 'coredns', 'kube-system'),
      object('ConfigMap', 'record', 'windlass-system'),
      object('Namespace', 'kube-system'),
      object('Unheard', 'of', 'shop', 'acme.example/v1'),
    ];
    const [rights] = rightsOf([sync(objects)], basis);
    expect(rights).toMatchObject({ namespaces: [], declaredNamespaces: [], extra: [] });
    expect(rights?.withheld.map(({ object }) => object)).toEqual([
      'ConfigMap/kube-system/coredns',
      'ConfigMap/windlass-system/record',
      'Namespace/kube-system',
      'acme.example/Unheard/shop/of',
      'rbac.authorization.k8s.io/ClusterRole/reader',
    ]);
    expect(accountManifests(rights!).map(({ kind }) => kind)).toEqual(['ServiceAccount']);
  });

  it('are for kube-system only where somebody said so', () => {
    const objects = [object('ConfigMap', 'coredns', 'kube-system')];
    const [rights] = rightsOf([sync(objects, { namespaces: ['kube-system'] })], basis);
    expect(rights).toMatchObject({ namespaces: ['kube-system'], withheld: [] });
  });

  it('are everything for a sync that is told to be cluster-admin, and that alone', () => {
    const objects = [object('ClusterRole', 'reader'), object('ConfigMap', 'a', 'shop')];
    const [rights] = rightsOf([sync(objects, { clusterAdmin: true })], basis);
    expect(rights).toMatchObject({ clusterAdmin: true, namespaces: [], withheld: [] });
    expect(accountManifests(rights!).map(({ kind, roleRef }) => [kind, (roleRef as { name?: string })?.name])).toEqual([
      ['ServiceAccount', undefined],
      ['ClusterRoleBinding', 'cluster-admin'],
    ]);
  });

  it('of syncs that name one account are those of all of them', () => {
    const serviceAccount = 'deployer';
    const rights = rightsOf(
      [
        sync([object('ConfigMap', 'a', 'two')], { name: 'b', serviceAccount }),
        sync([object('ConfigMap', 'a', 'one')], { name: 'a', serviceAccount }),
      ],
      basis,
    );
    expect(rights).toMatchObject([{ account: 'deployer', syncs: ['a', 'b'], namespaces: ['one', 'two'] }]);
  });

  it('do not depend on the order of syncs or objects', () => {
    const kinds = Object.keys(places);
    const anyObject = fc
      .tuple(fc.constantFrom(...kinds), fc.constantFrom('a', 'b', 'c'), fc.constantFrom('one', 'two', 'kube-system'))
      .map(([kind, name, namespace]) => object(kind, name, places[kind]!.namespaced ? namespace : undefined));
    const anySync = fc.record({
      name: fc.constantFrom('p', 'q', 'r'),
      serviceAccount: fc.constantFrom('same', 'other'),
      objects: fc.array(anyObject, { maxLength: 6 }),
      namespaces: fc.subarray(['one', 'two', 'kube-system']),
      clusterAdmin: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anySync, { maxLength: 4 }), (syncs) => {
        const turned = syncs.map((one) => ({ ...one, objects: one.objects.toReversed() })).reverse();
        expect(rightsOf(turned, basis)).toEqual(rightsOf(syncs, basis));
      }),
    );
  });
});
