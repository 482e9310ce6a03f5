import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type AppliedRecord, recordFormat } from '../../lib/kube/record.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

async function world(): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec());
  onTestFinished(() => made.close());
  return made;
}

/** Rewrites the stored record of a sync, as another version of Windlass would have stored it. */
async function rewrite({ cluster: real, live, sync }: World, change: (record: Record<string, unknown>) => void) {
  const name = `windlass-record-${sync.name}-0`;
  const head = (await live('v1', 'ConfigMap', name, 'windlass-system'))!;
  const stored = (head['binaryData'] as { record: string }).record;
  const record = JSON.parse((await promisify(gunzip)(Buffer.from(stored, 'base64'))).toString()) as AppliedRecord;
  change(record as unknown as Record<string, unknown>);
  const bytes = await promisify(gzip)(JSON.stringify(record));
  const { managedFields: _, resourceVersion: __, ...metadata } = head.metadata;
  const annotations = {
    ...metadata.annotations,
    'windlass.dev/record-sha256': createHash('sha256').update(bytes).digest('hex'),
  };
  const object = { ...head, metadata: { ...metadata, annotations }, binaryData: { record: bytes.toString('base64') } };
  const maps = (await real.resource('v1', 'ConfigMap'))!;
  expect(await real.apply(maps, object, { force: true, dryRun: false })).toHaveProperty('object');
}

describeWithCluster('the record of another version', () => {
  it('of the first format is read: nothing is written anew, what left Git is pruned, and the next write is of today’s', async () => {
    const made = await world();
    const { pull, namespace: ns, records, sync, writes, live } = made;
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    const revision = 'a'.repeat(40);
    await pull({ ...base, 'old.yaml': configMap(ns, 'old', {}) }, { revision });
    await rewrite(made, (record) => {
      record['format'] = 1;
      delete record['path'];
      delete record['waiting'];
    });
    writes();
    expect(
      actionsOf(await pull({ ...base, 'old.yaml': configMap(ns, 'old', {}) }, { revision, dryRun: true })),
    ).toEqual({
      unchanged: 3,
    });
    expect(writes()).toEqual({});
    expect(actionsOf(await pull(base))).toEqual({ unchanged: 2, pruned: 1 });
    expect(await live('v1', 'ConfigMap', 'old')).toBeUndefined();
    expect(await records.read(sync.name)).toMatchObject({ format: recordFormat, path: sync.path });
  });

  it('of a newer Windlass is refused, not touched, and works for that one afterwards', async () => {
    const made = await world();
    const { pull, namespace: ns, writes, live, sync } = made;
    await pull({ 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) });
    await rewrite(made, (record) => {
      record['format'] = recordFormat + 1;
      record['news'] = { of: 'then' };
    });
    writes();
    const stored = await live('v1', 'ConfigMap', `windlass-record-${sync.name}-0`, 'windlass-system');
    const outcome = await pull({ 'ns.yaml': namespace(ns) });
    expect(outcome.report.errors).toMatchObject([
      { code: 'record-unreadable', message: expect.stringContaining('a newer Windlass wrote it') },
    ]);
    expect([writes(), outcome.trouble]).toEqual([{}, false]);
    expect(await live('v1', 'ConfigMap', 'a')).toBeDefined();
    expect(await live('v1', 'ConfigMap', `windlass-record-${sync.name}-0`, 'windlass-system')).toEqual(stored);
    await rewrite(made, (record) => {
      expect(record['news']).toEqual({ of: 'then' });
      record['format'] = recordFormat;
    });
    expect(actionsOf(await pull({ 'ns.yaml': namespace(ns) }))).toEqual({ unchanged: 1, pruned: 1 });
  });
});
