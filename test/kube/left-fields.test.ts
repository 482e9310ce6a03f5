import { describe, expect, it } from 'vitest';
import { leftFields } from '../../lib/kube/left-fields.ts';
import type { PlannedApply } from '../../lib/kube/plan.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const object: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
const applied = (id: string, left: PlannedApply['left']): PlannedApply => ({
  ...{ id, object, desired: object, action: 'configured', reason: 'changed in Git' },
  ...(left && { left }),
});

describe('what a plan leaves to others', () => {
  it('is told of changed and of unchanged objects, once each, by holder', () => {
    const found = leftFields({
      apply: [[applied('a', [{ path: 'spec.replicas', holder: 'keda-operator' }])], [applied('b', undefined)]],
      leftToControllers: [
        { id: 'a', fields: [{ path: 'spec.replicas', manager: 'keda-operator' }] },
        {
          id: 'c',
          fields: [
            { path: 'spec.replicas' },
            { path: 'metadata.annotations[x]', manager: 'cert-manager' },
            { path: 'metadata.annotations[y]', manager: 'cert-manager' },
          ],
        },
      ],
    });
    expect(found).toEqual([
      { object: 'a', fields: ['spec.replicas'], holder: 'keda-operator' },
      { object: 'c', fields: ['spec.replicas'], holder: 'a controller' },
      { object: 'c', fields: ['metadata.annotations[x]', 'metadata.annotations[y]'], holder: 'cert-manager' },
    ]);
  });

  it('is the first hundred where there is more, with twenty fields', () => {
    const fields = Array.from({ length: 30 }, (_, index) => ({ path: `spec.f${index}`, manager: 'm' }));
    const leftToControllers = Array.from({ length: 150 }, (_, index) => ({ id: `${index}`, fields }));
    const found = leftFields({ apply: [], leftToControllers });
    expect(found).toHaveLength(100);
    expect(found.every((one) => one.fields.length === 20)).toBe(true);
  });
});
