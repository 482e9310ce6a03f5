import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import type { Cluster } from '../../lib/pull/ports.ts';
import { addUser, cluster, describeWithCluster, privateControlPlane, temporaryFolder } from '../helpers/cluster.ts';
import { kubeconfigThrough, relayTo } from '../helpers/relay.ts';
import { configMap, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

async function world(kubeconfig = cluster().kubeconfigPath): Promise<World> {
  const made = await openWorld(kubeconfig, syncSpec());
  onTestFinished(() => made.close());
  return made;
}

/** A cluster that does something after the nth apply was answered. */
function afterApplies(real: Cluster, count: number, act: () => void): Cluster {
  let applied = 0;
  return {
    as: (user) => afterApplies(real.as(user), count, act),
    resource: (...args) => real.resource(...args),
    preferred: (...args) => real.preferred(...args),
    rediscover: () => real.rediscover(),
    list: (...args) => real.list(...args),
    watch: (...args) => real.watch(...args),
    names: (...args) => real.names(...args),
    schema: (...args) => real.schema(...args),
    get: (...args) => real.get(...args),
    release: (...args) => real.release(...args),
    remove: (...args) => real.remove(...args),
    async apply(...args) {
      const answer = await real.apply(...args);
      if (++applied === count) act();
      return answer;
    },
  };
}

describeWithCluster('a pull in trouble', () => {
  it('whose API server goes away in the middle of an apply says what was done, and the next one goes on', async () => {
    const way = await relayTo(cluster().server);
    const { pull, namespace: ns, cluster: through, records } = await world(await kubeconfigThrough(way, cluster()));
    const files: Record<string, string> = { 'ns.yaml': namespace(ns) };
    for (let index = 0; index < 120; index++)
      files[`${index}.yaml`] = configMap(ns, `map-${index}`, { index: String(index) });
    const cutOff = await pull(files, { cluster: afterApplies(through, 40, way.cut) });
    expect(cutOff.report.result).toBe('failed');
    expect(cutOff.trouble).toBe(true);
    expect(cutOff.report.errors.some(({ code, message }) => code === 'unreachable' && message.includes(way.url))).toBe(
      true,
    );
    expect(actionsOf(cutOff)['created']).toBeGreaterThanOrEqual(40);

    way.mend();
    const record = await records.read(cutOff.report.sync);
    expect(record?.intent?.objects.length).toBeGreaterThan(0);
    const next = await pull(files);
    expect(next.report).toMatchObject({ result: 'synced', errors: [] });
    expect((await records.read(cutOff.report.sync))?.intent).toBeUndefined();
    expect(actionsOf(await pull(files))).toEqual({ unchanged: 121 });
  });

  it('orphans nothing: what a cut off pull made and Git has dropped since is pruned', async () => {
    const way = await relayTo(cluster().server);
    const { pull, namespace: ns, cluster: through, live } = await world(await kubeconfigThrough(way, cluster()));
    const base = { 'ns.yaml': namespace(ns), 'keep.yaml': configMap(ns, 'keep', {}) };
    await pull(base);
    const cutOff = await pull(
      { ...base, 'new.yaml': configMap(ns, 'new', { a: '1' }) },
      { cluster: afterApplies(through, 1, way.cut) },
    );
    expect(cutOff.report.result).toBe('failed');
    way.mend();
    expect(await live('v1', 'ConfigMap', 'new')).toBeDefined();
    const next = await pull(base);
    expect(next.changes).toContainEqual({ object: `ConfigMap/${ns}/new`, action: 'pruned', reason: 'left Git' });
    expect(await live('v1', 'ConfigMap', 'new')).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'keep')).toBeDefined();
  });

  it('whose record cannot be read or is of another format writes nothing and says which', async () => {
    const { pull, namespace: ns, cluster: real, sync, writes, live } = await world();
    await pull({ 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) });
    const maps = (await real.resource('v1', 'ConfigMap'))!;
    const name = `windlass-record-${sync.name}-0`;
    const head = (await live('v1', 'ConfigMap', name, 'windlass-system'))!;
    const wayOut = `delete configmaps -l windlass.dev/record-of=${sync.name}`;
    for (const [spoilt, isBroken] of [
      [{ ...head, binaryData: { record: Buffer.from('garbage').toString('base64') } }, true],
      [
        {
          ...head,
          metadata: {
            ...head.metadata,
            annotations: { ...head.metadata.annotations, 'windlass.dev/record-storage': '2' },
          },
        },
        false,
      ],
    ] as const) {
      const { managedFields: _, resourceVersion: __, ...metadata } = spoilt.metadata;
      expect(await real.apply(maps, { ...spoilt, metadata }, { force: true, dryRun: false })).toHaveProperty('object');
      writes();
      const outcome = await pull({ 'ns.yaml': namespace(ns) });
      expect(outcome.report.errors).toMatchObject([{ code: 'record-unreadable' }]);
      expect(outcome.report.errors[0]?.message).toContain(name);
      expect(outcome.report.errors[0]?.message.includes(wayOut)).toBe(isBroken);
      expect(writes()).toEqual({});
      expect(await live('v1', 'ConfigMap', 'a')).toBeDefined();
    }
    for (const { metadata } of await real.list(maps, `windlass.dev/record-of=${sync.name}`, 'windlass-system'))
      await real.remove(
        maps,
        { group: '', kind: 'ConfigMap', namespace: 'windlass-system', name: metadata.name },
        metadata.uid ?? '',
      );
    const anew = await pull({ 'ns.yaml': namespace(ns) });
    expect(anew.report.errors).toEqual([]);
    expect(await live('v1', 'ConfigMap', 'a')).toBeDefined();
    expect(actionsOf(await pull({ 'ns.yaml': namespace(ns) }))).toEqual({ unchanged: 1 });
  });

  it('names what is forbidden when the credentials may not do it', async () => {
    const file = join(await temporaryFolder(), 'kubeconfig');
    await writeFile(file, await addUser({ name: 'nobody' }));
    const made = await openWorld(file);
    const outcome = await made.pull({ 'a.yaml': configMap('default', 'a', {}) });
    await made.cluster.close();
    expect(outcome.report.result).toBe('failed');
    expect(outcome.trouble).toBe(false);
    expect(outcome.report.errors[0]).toMatchObject({ code: 'forbidden' });
    expect(outcome.report.errors[0]?.message).toContain('"nobody"');
  });

  it('keeps a record of any size, in parts, and reads no half of it', async () => {
    const { records, sync, cluster: real } = await world();
    const noise = (seed: number) =>
      Buffer.from(
        Array.from({ length: 60 }, (_, index) => (seed * 7919 + index * 104729 + seed * index) % 251),
      ).toString('base64');
    const entries = Array.from({ length: 30_000 }, (_, index) => ({
      ...{
        object: `ConfigMap/x/${index}`,
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace: 'x',
        name: String(index),
        uid: noise(index),
        resourceVersion: '1',
      },
      ...{
        desiredHash: noise(index * 31),
        fields: {},
        foreign: [],
        projection: 'x',
        appliedAt: new Date(0).toISOString(),
      },
    }));
    const record = {
      format: 1 as const,
      sync: sync.name,
      revision: 'r',
      at: new Date(0).toISOString(),
      renderers: {},
      entries,
    };
    onTestFinished(() => records.write({ ...record, entries: [] }));
    await records.write(record);
    expect(await records.read(sync.name)).toEqual(record);
    const maps = (await real.resource('v1', 'ConfigMap'))!;
    const stored = () => real.list(maps, `windlass.dev/record-of=${sync.name}`, 'windlass-system');
    const parts = await stored();
    expect(parts.length).toBeGreaterThan(1);
    await records.write({ ...record, revision: 's' });
    expect((await stored()).length).toBe(parts.length);
    expect((await records.read(sync.name))?.revision).toBe('s');
    const part = (await stored()).find(({ metadata }) => !metadata.name.endsWith('-0'))!;
    await real.remove(
      maps,
      { group: '', kind: 'ConfigMap', namespace: 'windlass-system', name: part.metadata.name },
      part.metadata.uid ?? '',
    );
    await expect(records.read(sync.name)).rejects.toThrow('its parts do not belong together');
  });

  it('loses no request to a server that retires connections all the time', async () => {
    const plane = await privateControlPlane({ apiServerFlags: { 'goaway-chance': '0.02' } });
    const retiring = await openCluster({ kubeconfig: plane.kubeconfigPath });
    onTestFinished(() => retiring.close());
    const maps = (await retiring.resource('v1', 'ConfigMap'))!;
    const apply = (index: number) =>
      retiring.apply(
        maps,
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `m${index}`, namespace: 'default' },
          data: { a: '1' },
        },
        { force: true, dryRun: false },
      );
    const answers = await Promise.all(Array.from({ length: 1500 }, (_, index) => apply(index)));
    expect(answers.filter((answer) => 'failure' in answer)).toEqual([]);
    expect(
      (await retiring.list(maps, undefined, 'default')).filter(({ metadata }) => /^m\d+$/.test(metadata.name)),
    ).toHaveLength(1500);
  });

  it('says which server cannot be reached', async () => {
    const plane = await privateControlPlane();
    const real = await openCluster({ kubeconfig: plane.kubeconfigPath });
    onTestFinished(() => real.close());
    expect(await real.resource('v1', 'ConfigMap')).toBeDefined();
    await plane.stop();
    real.rediscover();
    const error = await real.resource('v1', 'ConfigMap').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as Error).message).toContain(plane.server);
  });
});
