import { expect, it } from 'vitest';
import type { ClusterReader, Resource } from '../../lib/drift/ports.ts';
import type { Applied } from '../../lib/drift/read-applied.ts';
import { readLive } from '../../lib/drift/read-live.ts';
import type { AppliedEntry } from '../../lib/kube/record.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const entry = (kind: string, namespace: string, name: string): AppliedEntry => ({
  ...{ object: [kind, namespace, name].filter(Boolean).join('/'), apiVersion: 'v1', kind, namespace, name },
  ...{ uid: `uid-${name}`, resourceVersion: '1', ours: [], foreign: [] },
  ...({ hash: 'h', projection: {}, appliedAt: '2026-11-22T12:00:00Z' } as unknown as AppliedEntry),
});
const live = ({ apiVersion, kind, namespace, name }: AppliedEntry, resourceVersion: string): KubeObject => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace !== '' && { namespace }), uid: `uid-${name}`, resourceVersion },
});

it('misses what was in a namespace together with it, when that goes while a check reads', async () => {
  const namespace = entry('Namespace', '', 'many');
  const inside = Array.from({ length: 5 }, (_, index) => entry('ConfigMap', 'many', `part-${index}`));
  // It is being deleted: the first list has it, changed; by the next read of it, it is gone with all that was in it.
  let reads = 0;
  const cluster = {
    resource: async (apiVersion: string, kind: string) => ({ apiVersion, kind, plural: kind, namespaced: false }),
    async *pages({ kind }: Resource) {
      if (kind === 'Namespace') yield reads++ === 0 ? [live(namespace, '2')] : [];
      else yield reads > 1 ? [] : inside.map((one) => live(one, '1'));
    },
    get: async () => undefined,
  } as unknown as ClusterReader;
  const applied: Applied = { sync: 'many', entries: [...inside, namespace], unknown: [], hashKey: new Uint8Array() };
  const missing: string[] = [];
  const unknown = await readLive(applied, { cluster }, ({ object }, found) => {
    if (found === undefined) missing.push(object);
  });
  expect(unknown).toEqual([]);
  expect(missing.toSorted()).toEqual([...inside.map(({ object }) => object), 'Namespace/many'].toSorted());
});
