import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { differences } from '../../lib/pull/differences.ts';

const key = new Uint8Array(32);

function object(changes: Record<string, unknown>): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, ...changes };
}

describe('the differences that a diff shows', () => {
  it('name the field as a person would, with the item of a list by its name', () => {
    const containers = (image: string) => ({
      template: {
        spec: {
          containers: [
            { name: 'side', image: 's:1' },
            { name: 'web', image },
          ],
        },
      },
    });
    expect(differences(object({ spec: containers('web:1') }), object({ spec: containers('web:2') }), key)).toEqual([
      { path: 'spec.template.spec.containers[name=web].image', from: 'web:1', to: 'web:2' },
    ]);
  });

  it('leave out what the API server keeps: bookkeeping and status', () => {
    const before = object({ status: { replicas: 1 } });
    const after = object({ status: { replicas: 2 } });
    before.metadata = { ...before.metadata, resourceVersion: '1', generation: 1, managedFields: [{ manager: 'a' }] };
    after.metadata = { ...after.metadata, resourceVersion: '2', generation: 2, managedFields: [{ manager: 'b' }] };
    expect(differences(before, after, key)).toEqual([]);
  });

  it('show neither side of a Secret', () => {
    const secret = (password: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'x' },
      data: { password },
    });
    const found = differences(secret('aHVudGVyMg=='), secret('c3dvcmRmaXNo'), key);
    expect(found.map(({ path }) => path)).toEqual(['data.password']);
    expect(JSON.stringify(found)).not.toMatch(/aHVudGVyMg|c3dvcmRmaXNo|hunter2|swordfish/);
  });

  it('are none between an object and itself, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (spec) => {
        const turned = Object.fromEntries(Object.entries(spec).reverse());
        expect(differences(object({ spec }), object({ spec: turned }), key)).toEqual([]);
      }),
    );
  });
});
