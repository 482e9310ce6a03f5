import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyOrder, order, orderGroups } from '../../lib/kube/order.ts';
import { nameOf } from '../../lib/model/kube-object.ts';
import { git } from './answers.ts';

const object = (kind: string, name = 'a', namespace = 'shop') => git(kind, name, {}, namespace);
const expectBefore = (first: string, second: string) => {
  const [a, b] = [object(first), object(second)];
  expect(applyOrder([b, a])).toEqual([a, b]);
  expect(orderGroups([a, b])).toHaveLength(2);
};

describe('the apply order', () => {
  it.each([
    [
      'a custom object needs its definition',
      'apiextensions.k8s.io/v1 CustomResourceDefinition',
      'example.com/v1 Thing',
    ],
    ['a namespaced object needs its namespace', 'Namespace', 'ServiceAccount'],
    ['a claim names its class', 'storage.k8s.io/v1 StorageClass', 'PersistentVolumeClaim'],
    ['a pod names its priority', 'scheduling.k8s.io/v1 PriorityClass', 'apps/v1 Deployment'],
    ['a quota counts from the first pod', 'ResourceQuota', 'apps/v1 Deployment'],
    ['a network policy guards from the first pod', 'networking.k8s.io/v1 NetworkPolicy', 'apps/v1 Deployment'],
    ['a pod is refused without its account', 'ServiceAccount', 'Pod'],
    [
      'a binding is refused without its role',
      'rbac.authorization.k8s.io/v1 Role',
      'rbac.authorization.k8s.io/v1 RoleBinding',
    ],
    ['a controller needs its rights', 'rbac.authorization.k8s.io/v1 ClusterRoleBinding', 'apps/v1 Deployment'],
    ['a pod waits for what it mounts', 'Secret', 'apps/v1 StatefulSet'],
    ['a pod gets the addresses of services', 'Service', 'apps/v1 Deployment'],
    ['an autoscaler points at what runs', 'apps/v1 Deployment', 'autoscaling/v2 HorizontalPodAutoscaler'],
    ['an API is served by what runs', 'apps/v1 Deployment', 'apiregistration.k8s.io/v1 APIService'],
    [
      'a webhook would refuse what comes after it',
      'example.com/v1 Thing',
      'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration',
    ],
  ])('%s', (_why, first, second) => expectBefore(first, second));

  it('respects the group of a kind', () => {
    expectBefore('Namespace', 'example.com/v1 Namespace');
    expect(orderGroups([object('example.com/v1 Namespace'), object('example.com/v1 Thing')])).toHaveLength(1);
  });

  it('goes by group, kind, namespace and name inside a step', () => {
    const sorted = ['apps/v1 Deployment', 'batch/v1 Job'].flatMap((kind) =>
      ['a', 'b'].flatMap((namespace) => ['x', 'y'].map((name) => object(kind, name, namespace))),
    );
    expect(applyOrder(sorted.toReversed())).toEqual(sorted);
  });

  it('names each kind once, and gives every step a reason', () => {
    const kinds = order.flatMap((step) => step.kinds);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(order.every(({ why }) => why !== '')).toBe(true);
  });

  it('loses nothing and does not depend on the order that it is given', () => {
    const kinds = fc.constantFrom('Namespace', 'ConfigMap', 'Secret', 'apps/v1 Deployment', 'example.com/v1 Thing');
    const objects = fc.uniqueArray(
      fc.tuple(kinds, fc.stringMatching(/^[a-z]{1,3}$/)).map(([kind, name]) => object(kind, name)),
      { selector: nameOf },
    );
    fc.assert(
      fc.property(objects, (given) => {
        const names = applyOrder(given).map(nameOf);
        expect(names).toHaveLength(given.length);
        expect(applyOrder(given.toReversed()).map(nameOf)).toEqual(names);
      }),
    );
  });
});
