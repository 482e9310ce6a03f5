import { describe, expect, it } from 'vitest';
import { compareRecorded, verdictsOf } from '../../lib/drift/compare-recorded.ts';
import type { ClusterReader } from '../../lib/drift/ports.ts';
import { edited, entryOf, git, hashKey } from '../kube/answers.ts';

describe('very many objects that differ', () => {
  const objects = Array.from({ length: 1_005 }, (_, index) => git('ConfigMap', `m${index}`, { data: { a: '1' } }));
  const live = objects.map((object) =>
    edited(object, (copy) => {
      copy.data = { a: '2' };
      copy.metadata.resourceVersion = 'moved';
    }),
  );
  const cluster: Pick<ClusterReader, 'resource' | 'pages'> = {
    resource: async () => ({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }),
    // Its pages expired and it began again: all come twice.
    async *pages() {
      yield live;
      yield live;
    },
  };

  it('are all told, and only so many are held to show Git beside them', async () => {
    const applied = { sync: 'shop', entries: objects.map((object) => entryOf(object)), unknown: [], hashKey };
    const compared = await compareRecorded(applied, { cluster: cluster as ClusterReader });
    expect(compared.found.filter((one) => one.live !== undefined)).toHaveLength(1_000);
    const { drift } = verdictsOf(compared, new Map(objects.map((object, i) => [compared.objects[i]!, object])));
    expect(drift).toHaveLength(1_005);
    expect(drift.filter(({ fields }) => fields[0]?.git === '1')).toHaveLength(1_000);
    expect(drift.every(({ fields }) => fields[0]?.live === '2')).toBe(true);
  });
});
