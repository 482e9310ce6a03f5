import { describe, expect, it } from 'vitest';
import type { RecordedSync } from '../../lib/drift/all-recorded.ts';
import type { ClusterReader } from '../../lib/drift/ports.ts';
import { unmanaged } from '../../lib/drift/unmanaged.ts';
import { UserError } from '../../lib/model/errors.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const configMap = (name: string): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap' },
  metadata: { namespace: 'shop', name, uid: name, creationTimestamp: '2027-01-01T00:00:00Z' },
});

/** Two objects that are in no applied record, in a namespace of the sync that looks. */
const cluster: Pick<ClusterReader, 'kinds' | 'pages'> = {
  kinds: async () => ({
    kinds: [{ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }],
    unread: [],
  }),
  async *pages() {
    yield [configMap('of-web'), configMap('stray')];
  },
};
const recorded: RecordedSync[] = [{ sync: 'infra', objects: ['Namespace/shop'], uids: ['n'] }];

/** One look, where `web` was never pulled. */
async function look(syncs: string[], declared: (sync: string) => Promise<KubeObject[]>) {
  const asked: string[] = [];
  const found = await unmanaged(
    { sync: 'infra', syncs, rules: { namespaces: ['*'], ignore: [] }, recorded: async () => recorded },
    {
      cluster,
      records: {
        syncs: async () => ['infra'],
        read: async () => ({
          ...{ format: 3, sync: 'infra', revision: 'a', at: '', renderers: {}, entries: [] },
          intent: { revision: 'a', objects: ['Namespace/shop'] },
        }),
      },
      declared: async (sync) => {
        asked.push(sync);
        return await declared(sync);
      },
    },
  );
  return { asked, drift: found.drift.map(({ object }) => object), unknown: found.unknown };
}

describe('objects that a sync declares which was never pulled', () => {
  it('are none of nobody: another tool may apply that sync still', async () => {
    const found = await look(['infra', 'web'], async () => [configMap('of-web')]);
    expect(found).toEqual({ asked: ['web'], drift: ['ConfigMap/shop/stray'], unknown: [] });
  });

  it('are not asked for where all syncs were pulled', async () => {
    const found = await look(['infra'], async () => []);
    expect(found).toEqual({ asked: [], drift: ['ConfigMap/shop/of-web', 'ConfigMap/shop/stray'], unknown: [] });
  });

  it('are unknown, and with them what may be one of them, where Git cannot be rendered', async () => {
    const { drift, unknown } = await look(['infra', 'web'], async () => {
      throw new UserError('web cannot be rendered', { code: 'render' });
    });
    expect(drift).toEqual([]);
    const reason = 'nobody knows whether sync web declares it, which was never pulled: web cannot be rendered';
    expect(unknown).toEqual([
      { object: 'ConfigMap/shop/of-web', reason, undeclared: true },
      { object: 'ConfigMap/shop/stray', reason, undeclared: true },
    ]);
  });
});
