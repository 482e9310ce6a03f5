import type { ApiClient } from './api-client.ts';

const ZONES = ['a', 'b', 'c'];

/**
 * Makes what a cluster has before its first user comes: three nodes in three zones, and a default storage class.
 * The nodes' leases go: each kwok has a name of its own and leaves a node alone until the lease of the last one has run out.
 * Throws what the API server does not do; it may be tried again.
 */
export async function seed(api: ApiClient): Promise<undefined> {
  await api.remove('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases');
  const storageClass = api.apply('/apis/storage.k8s.io/v1/storageclasses/standard', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/host-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  });
  const nodes = ZONES.map((zone, index) => {
    const name = `node-${index + 1}`;
    return api.apply(`/api/v1/nodes/${name}`, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'topology.kubernetes.io/region': 'local',
          'topology.kubernetes.io/zone': `local-${zone}`,
        },
      },
    });
  });
  await Promise.all([storageClass, ...nodes]);
  return undefined;
}

/** Whether controllers, scheduler's nodes and stages have come up: what says so, or what is still awaited. */
export async function awaitedOfControllers(api: ApiClient): Promise<string | undefined> {
  const account = await api.get('/api/v1/namespaces/default/serviceaccounts/default');
  if (account.status !== 200) return 'kube-controller-manager has not made the default service account';
  const root = await api.get('/api/v1/namespaces/default/configmaps/kube-root-ca.crt');
  if (root.status !== 200) return 'kube-controller-manager has not published the root certificate';
  const nodes = await api.get('/api/v1/nodes');
  if (nodes.status !== 200) return `kube-apiserver does not list the nodes: ${nodes.status}`;
  const waiting = (JSON.parse(nodes.body) as { items: Node[] }).items.filter((node) => !isReady(node));
  return waiting.length === 0
    ? undefined
    : `kwok has not made ready ${waiting.map((node) => node.metadata.name).join(', ')}`;
}

interface Node {
  metadata: { name: string };
  spec: { taints?: { key: string }[] };
  status: { conditions?: { type: string; status: string }[] };
}

/** Ready, and the taint that a new node bears was taken away by the controllers. */
function isReady(node: Node): boolean {
  const ready = node.status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  const tainted = node.spec.taints?.some((taint) => taint.key.startsWith('node.kubernetes.io/'));
  return ready === true && tainted !== true;
}
