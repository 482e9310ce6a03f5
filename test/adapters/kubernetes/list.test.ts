import type http2 from 'node:http2';
import { describe, expect, it } from 'vitest';
import { KubernetesCluster } from '../../../lib/adapters/kubernetes/cluster.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import type { Resource } from '../../../lib/pull/ports.ts';
import { access, answer, client, server } from './http2-server.ts';

const resource: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

interface Asked {
  query: URLSearchParams;
  path: string;
  accept: string;
}

/** A cluster whose server answers a list as told. */
async function clusterThat(
  handle: (asked: Asked, stream: http2.ServerHttp2Stream, count: number) => void,
): Promise<{ cluster: KubernetesCluster; asked: Asked[] }> {
  const asked: Asked[] = [];
  const { port } = await server((stream, headers) => {
    const url = new URL(String(headers[':path']), 'https://server.example');
    asked.push({ query: url.searchParams, path: url.pathname, accept: String(headers.accept) });
    handle(asked.at(-1)!, stream, asked.length);
  });
  return { cluster: new KubernetesCluster(client(access(port))), asked };
}

const item = (name: string) => ({ metadata: { name, namespace: 'shop' } });

function page(stream: http2.ServerHttp2Stream, names: string[], more?: { token: string; remaining?: number }): void {
  const metadata = { continue: more?.token ?? '', remainingItemCount: more?.remaining };
  answer(stream, 200, {}, { kind: 'ConfigMapList', metadata, items: names.map(item) });
}

const expired = (stream: http2.ServerHttp2Stream) =>
  answer(stream, 410, {}, { kind: 'Status', reason: 'Expired', message: 'The provided continue parameter is too old' });

describe('a list', () => {
  it('has the items of all pages, at the version that was asked for', async () => {
    const { cluster, asked } = await clusterThat(({ query }, stream) => {
      if (query.get('continue') === null) page(stream, ['a', 'b'], { token: 'two' });
      else if (query.get('continue') === 'two') page(stream, ['c'], { token: 'three' });
      else page(stream, ['d']);
    });
    const items = await cluster.list(resource, 'app=web');
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c', 'd']);
    expect(items.every(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'ConfigMap')).toBe(true);
    expect(asked.map(({ query }) => [query.get('limit'), query.get('labelSelector')])).toEqual(
      Array(3).fill(['500', 'app=web']),
    );
    expect(asked[0]?.path).toBe('/api/v1/configmaps');
  });

  it('asks for one namespace where one is given', async () => {
    const { cluster, asked } = await clusterThat((_, stream) => page(stream, []));
    expect(await cluster.list(resource, undefined, 'shop')).toEqual([]);
    expect(asked[0]?.path).toBe('/api/v1/namespaces/shop/configmaps');
  });

  it('begins again when its pages expire, and keeps nothing of before', async () => {
    const { cluster } = await clusterThat(({ query }, stream, count) => {
      if (query.get('continue') === null) page(stream, count === 1 ? ['old'] : ['new'], { token: 'next' });
      else if (count === 2) expired(stream);
      else page(stream, ['last']);
    });
    const items = await cluster.list(resource);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['new', 'last']);
  });

  it('is given up when its pages expire again and again', async () => {
    const { cluster } = await clusterThat(({ query }, stream) =>
      query.get('continue') === null ? page(stream, ['a'], { token: 'next' }) : expired(stream),
    );
    await expect(cluster.list(resource)).rejects.toThrow('its pages expire while they are read');
  });

  it.each([
    [403, UserError],
    [404, RetryableError],
    [500, RetryableError],
  ])('fails as a whole when one of its pages is answered with %d', async (status, kind) => {
    const { cluster } = await clusterThat(({ query }, stream) =>
      query.get('continue') === null ? page(stream, ['a'], { token: 'next' }) : answer(stream, status),
    );
    await expect(cluster.list(resource)).rejects.toThrow(kind);
  });

  it.each(['<html>log in first</html>', '{"items":"none"}', '{"ok":true}', '{"kind":"Status"}', 'null'])(
    'fails when the answer is no list but %s',
    async (body) => {
      const { cluster } = await clusterThat((_, stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/json' });
        stream.end(body);
      });
      await expect(cluster.list(resource)).rejects.toThrow(RetryableError);
    },
  );

  it('is empty when the server says so, in either way', async () => {
    const { cluster } = await clusterThat((_, stream, count) =>
      answer(stream, 200, {}, { kind: 'WidgetList', items: count === 1 ? [] : null }),
    );
    expect(await cluster.list(resource)).toEqual([]);
    expect(await cluster.list(resource)).toEqual([]);
  });

  it('waits where the server asks for it', async () => {
    const { cluster, asked } = await clusterThat((_, stream, count) =>
      count < 3 ? answer(stream, 429, { 'retry-after': '0' }) : page(stream, ['a']),
    );
    expect(await cluster.list(resource)).toHaveLength(1);
    expect(asked).toHaveLength(3);
  });
});

describe('the names of what there is', () => {
  it('are asked for without contents', async () => {
    const { cluster, asked } = await clusterThat(({ query }, stream) =>
      query.get('continue') === null ? page(stream, ['a'], { token: 'next', remaining: 1 }) : page(stream, ['b']),
    );
    expect(await cluster.names(resource, 2)).toEqual([
      { namespace: 'shop', name: 'a' },
      { namespace: 'shop', name: 'b' },
    ]);
    expect(asked[0]?.accept).toMatch(/^application\/json;as=PartialObjectMetadataList;g=meta\.k8s\.io;v=v1,/);
  });

  it('are not read any further when there are too many', async () => {
    const { cluster, asked } = await clusterThat((_, stream) =>
      page(stream, ['a'], { token: 'next', remaining: 90_000 }),
    );
    expect(await cluster.names(resource, 100)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('are counted where the server does not say how many remain', async () => {
    const { cluster, asked } = await clusterThat((_, stream, count) =>
      page(stream, [`n${count}`], { token: `${count}` }),
    );
    expect(await cluster.names(resource, 3)).toBeUndefined();
    expect(asked).toHaveLength(4);
  });
});

describe('a list that is read page by page', () => {
  const read = async (cluster: KubernetesCluster, only?: 'metadata') => {
    const pages: string[][] = [];
    for await (const page of cluster.pages(resource, { ...(only && { only }), labelSelector: 'app=web' }))
      pages.push(page.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    return pages;
  };

  it('is given page by page, of metadata where only these are asked for', async () => {
    const { cluster, asked } = await clusterThat(({ query }, stream) => {
      if (query.get('continue') === null) page(stream, ['a', 'b'], { token: 'two' });
      else page(stream, ['c']);
    });
    expect(await read(cluster, 'metadata')).toEqual([['ConfigMap a', 'ConfigMap b'], ['ConfigMap c']]);
    expect(asked.map(({ query }) => query.get('labelSelector'))).toEqual(['app=web', 'app=web']);
    for (const { accept } of asked) expect(accept).toContain('as=PartialObjectMetadataList');
    asked.length = 0;
    await read(cluster);
    for (const { accept } of asked) expect(accept).toBe('application/json');
  });

  it('gives all again when its pages expire, and not for ever', async () => {
    const { cluster } = await clusterThat(({ query }, stream, count) => {
      if (query.get('continue') === null) page(stream, count === 1 ? ['old'] : ['new'], { token: 'next' });
      else if (count === 2) expired(stream);
      else page(stream, ['last']);
    });
    expect(await read(cluster)).toEqual([['ConfigMap old'], ['ConfigMap new'], ['ConfigMap last']]);
    const { cluster: hopeless } = await clusterThat(({ query }, stream) => {
      if (query.get('continue') === null) page(stream, ['a'], { token: 'next' });
      else expired(stream);
    });
    await expect(read(hopeless)).rejects.toBeInstanceOf(RetryableError);
  });

  it('has smaller pages where objects are large', async () => {
    const large = { ...item('large'), data: { text: 'x'.repeat(100_000) } };
    const { cluster, asked } = await clusterThat((_, stream, count) => {
      if (count > 2) return page(stream, ['small']);
      answer(stream, 200, {}, { kind: 'ConfigMapList', metadata: { continue: `page-${count}` }, items: [large] });
    });
    await read(cluster);
    const limits = asked.map(({ query }) => Number(query.get('limit')));
    expect(limits[0]).toBe(100);
    expect(limits[1]).toBeLessThan(25);
    expect(limits[1]).toBeGreaterThan(10);
  });

  it('ends with the reason of its signal', async () => {
    const { cluster } = await clusterThat(() => undefined);
    const signal = AbortSignal.timeout(50);
    const reading = async () => {
      for await (const _ of cluster.pages(resource, { signal }));
    };
    await expect(reading()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
