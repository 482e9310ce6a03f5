import { expect, it } from 'vitest';
import type { AppliedEntry, AppliedRecord } from '../../lib/kube/record.ts';
import { readLive } from '../../lib/pull/live.ts';
import type { Cluster, Resource } from '../../lib/pull/ports.ts';

const entry = (kind: string, namespace: string, name: string) => {
  const object = [kind, namespace, name].filter(Boolean).join('/');
  return { object, apiVersion: 'v1', kind, namespace, name } as AppliedEntry;
};
const live = ({ apiVersion, kind, namespace, name }: AppliedEntry) => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace !== '' && { namespace }) },
});

it('misses what was in a namespace together with it, when that goes while a pull reads', async () => {
  const namespace = entry('Namespace', '', 'many');
  const inside = Array.from({ length: 5 }, (_, index) => entry('ConfigMap', 'many', `part-${index}`));
  // It is being deleted: it goes when it is asked for by name, and all that was in it has gone before.
  let isGone = false;
  const cluster = {
    resource: async (apiVersion: string, kind: string) => ({ apiVersion, kind, plural: kind, namespaced: false }),
    list: async ({ kind }: Resource) => (kind === 'Namespace' || isGone ? [] : inside.map(live)),
    get: async (_: Resource, { kind }: { kind: string }) => {
      if (kind === 'Namespace') isGone = true;
      return undefined;
    },
  } as unknown as Cluster;
  const record = { entries: [...inside, namespace] } as unknown as AppliedRecord;
  const { objects, unread, resources } = await readLive('many', [], record, cluster);
  expect(unread.size).toBe(0);
  expect([...objects]).toEqual([...inside, namespace].map(({ object }) => [object, undefined]));
  expect(resources.size).toBe(6);
});
