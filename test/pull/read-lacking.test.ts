import { describe, expect, it } from 'vitest';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { formatObjectId } from '../../lib/model/object-id.ts';
import type { Resource } from '../../lib/pull/ports.ts';
import { type Lacking, readLacking } from '../../lib/pull/read-lacking.ts';

const maps: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** So many objects of one kind in each of the namespaces. */
function lackingIn(namespaces: readonly string[], each: number, resource = maps): Lacking[] {
  return namespaces.flatMap((namespace) =>
    Array.from({ length: each }, (_, index) => ({
      id: { group: '', kind: resource.kind, namespace, name: `map-${index}` },
      resource,
    })),
  );
}

interface There {
  /** What exists, as `namespace/name`. */
  objects: readonly string[];
  /** How many others the cluster has of the kind, in namespaces of no interest. */
  others?: number;
  forbidden?: 'cluster' | 'everything';
  /** The name of one that may not be read by name. */
  unreadable?: string;
}

/** A cluster in memory that counts what it is asked. */
function clusterWith({ objects, others = 0, forbidden, unreadable }: There) {
  const asked = { get: 0, names: [] as (string | undefined)[] };
  const all = objects.map((path) => {
    const [namespace = '', name = ''] = path.split('/');
    return { namespace, name };
  });
  return {
    asked,
    cluster: {
      async names(_: Resource, atMost: number, namespace?: string) {
        asked.names.push(namespace);
        if (forbidden === 'everything' || (forbidden === 'cluster' && namespace === undefined))
          throw new UserError('the API server forbids it', { code: 'forbidden' });
        const found = all.filter((one) => namespace === undefined || one.namespace === namespace);
        return found.length + (namespace === undefined ? others : 0) > atMost ? undefined : found;
      },
      async get(_: Resource, id: Lacking['id']) {
        asked.get++;
        if (id.name === unreadable) throw new UserError('the API server forbids it', { code: 'forbidden' });
        if (!objects.includes(`${id.namespace}/${id.name}`)) return undefined;
        return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id.name, namespace: id.namespace } };
      },
    },
  };
}

function foundIn(read: Awaited<ReturnType<typeof readLacking>>): string[] {
  return [...read.objects].filter(([, object]) => object !== undefined).map(([name]) => name);
}

describe('reading what the lists by label lack', () => {
  it('asks for few objects one by one', async () => {
    const lacking = lackingIn(['shop'], 10);
    const { cluster, asked } = clusterWith({ objects: ['shop/map-3'] });
    const read = await readLacking(lacking, cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/shop/map-3']);
    expect([...read.objects.keys()]).toEqual(lacking.map(({ id }) => formatObjectId(id)));
    expect(asked).toEqual({ get: 10, names: [] });
  });

  it('asks for the names first when there are many, and reads those that exist', async () => {
    const { cluster, asked } = clusterWith({ objects: ['shop/map-3', 'shop/other', 'pay/map-3'], others: 20 });
    const read = await readLacking(lackingIn(['shop'], 100), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/shop/map-3']);
    expect(read.objects.size).toBe(100);
    expect(asked).toEqual({ get: 1, names: [undefined] });
  });

  it('lists the namespaces of interest where the cluster has far more', async () => {
    const { cluster, asked } = clusterWith({ objects: ['shop/map-3', 'pay/map-0'], others: 50_000 });
    const read = await readLacking(lackingIn(['shop', 'pay'], 20), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/shop/map-3', 'ConfigMap/pay/map-0']);
    expect(asked).toEqual({ get: 2, names: [undefined, 'shop', 'pay'] });
  });

  it('reads one by one where the objects are strewn over many namespaces of a large cluster', async () => {
    const namespaces = Array.from({ length: 30 }, (_, index) => `team-${index}`);
    const { cluster, asked } = clusterWith({ objects: ['team-7/map-0'], others: 50_000 });
    const read = await readLacking(lackingIn(namespaces, 1), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/team-7/map-0']);
    expect(asked).toEqual({ get: 30, names: [undefined] });
  });

  it('reads one by one where one of the namespaces has far more', async () => {
    const crowd = Array.from({ length: 500 }, (_, index) => `shop/other-${index}`);
    const { cluster, asked } = clusterWith({ objects: [...crowd, 'shop/map-3'], others: 50_000 });
    const read = await readLacking(lackingIn(['shop'], 20), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/shop/map-3']);
    expect(asked).toMatchObject({ get: 20 });
  });

  it('lists namespace by namespace where the whole cluster may not be listed', async () => {
    const { cluster, asked } = clusterWith({ objects: ['pay/map-1'], forbidden: 'cluster' });
    const read = await readLacking(lackingIn(['shop', 'pay'], 20), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/pay/map-1']);
    expect(asked).toEqual({ get: 1, names: [undefined, 'shop', 'pay'] });
  });

  it('reads one by one where no list is allowed, and takes none that may not be read for absent', async () => {
    const { cluster, asked } = clusterWith({ objects: ['shop/map-5'], forbidden: 'everything', unreadable: 'map-7' });
    const read = await readLacking(lackingIn(['shop'], 20), cluster);
    expect(foundIn(read)).toEqual(['ConfigMap/shop/map-5']);
    expect(asked).toEqual({ get: 20, names: [undefined, 'shop'] });
    expect([...read.unread.keys()]).toEqual(['ConfigMap/shop/map-7']);
    expect(read.objects.has('ConfigMap/shop/map-7')).toBe(false);
    expect(read.objects.size).toBe(19);
  });

  it('throws what is no refusal', async () => {
    const { cluster } = clusterWith({ objects: [] });
    const get = () => Promise.reject(new RetryableError('no answer', { code: 'server' }));
    await expect(readLacking(lackingIn(['shop'], 1), { ...cluster, get })).rejects.toThrow('no answer');
  });

  it('reads one by one a kind of the whole cluster that may not be listed', async () => {
    const namespaces: Resource = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
    const { cluster, asked } = clusterWith({ objects: ['/map-5'], forbidden: 'everything' });
    const read = await readLacking(lackingIn([''], 20, namespaces), cluster);
    expect(foundIn(read)).toEqual(['Namespace/map-5']);
    expect(asked).toEqual({ get: 20, names: [undefined] });
  });
});
