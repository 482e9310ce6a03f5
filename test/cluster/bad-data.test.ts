import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { badData } from '../../lib/kube/bad-data.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';

let server: KubernetesCluster;

/** Whether the API server refuses it, in a dry run. */
async function isRefused(object: KubeObject): Promise<boolean> {
  const resource = (await server.resource(object.apiVersion, object.kind))!;
  return 'failure' in (await server.apply(resource, object, { force: true, dryRun: true }));
}

const texts = ['', 'a', 'ab', 'abc', 'aGk=', 'aGk', 'aGl=', 'aGk==', 'aG=k', 'aGk=aGk=', 'aGk=\n', 'aG\r\nk=', 'aGk= '];
const tried: unknown[] = [
  ...texts,
  'ä',
  'a-_=',
  '====',
  'AAA=',
  'AAAA\n\nAAAA',
  8080,
  1.5,
  true,
  null,
  ['a'],
  { a: 'b' },
];

describeWithCluster('bad data of ConfigMaps and Secrets', () => {
  beforeAll(async () => {
    server = await openCluster({ kubeconfig: cluster().kubeconfigPath });
  });
  afterAll(() => server?.close());

  it.each([
    ['ConfigMap', 'data'],
    ['ConfigMap', 'binaryData'],
    ['Secret', 'data'],
    ['Secret', 'stringData'],
  ])('is what the API server refuses in %s %s', async (kind, field) => {
    const metadata = { name: 'windlass-bad-data', namespace: 'default' };
    const one = (value: unknown) => ({ apiVersion: 'v1', kind, metadata, [field]: { key: value } }) as KubeObject;
    const found = tried.filter((value) => badData(one(value)).length > 0);
    const refused: unknown[] = [];
    for (const value of tried) if (await isRefused(one(value))) refused.push(value);
    expect(found).toEqual(refused);
    expect(refused.length).toBeGreaterThan(0);
  });
});
