import { describe, expect, it } from 'vitest';
import { KubernetesCluster } from '../../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../../lib/adapters/kubernetes/records.ts';
import { ClusterSyncs, syncKind } from '../../../lib/adapters/kubernetes/sync-objects.ts';
import { access, answer, client, server } from './http2-server.ts';

/** As an API server writes a list of metadata that has nothing in it. */
const empty = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: {}, items: null };

describe('a list that an API server writes as null', () => {
  it('is an empty one of Syncs and of records', async () => {
    const { port } = await server((stream, headers) => {
      const isDiscovery = String(headers[':path']) === `/apis/${syncKind.apiVersion}`;
      const resources = [{ name: 'syncs', kind: 'Sync', namespaced: true, verbs: ['list'] }];
      answer(stream, 200, {}, isDiscovery ? { kind: 'APIResourceList', resources } : empty);
    });
    const cluster = new KubernetesCluster(client(access(port)));
    expect(await new ClusterSyncs(cluster).names()).toEqual([]);
    const records = new ClusterRecords(cluster.client);
    expect(await records.syncs()).toEqual([]);
  });
});
