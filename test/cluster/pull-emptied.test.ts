import { afterAll, beforeAll, expect, it } from 'vitest';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { namespace } from '../pull/manifests.ts';
import { openWorld, syncSpec, type World } from '../pull/world.ts';

describeWithCluster('a map of a custom resource that Git has empty', () => {
  let world: World;
  const group = () => `${world.sync.name}.example.com`;
  const crd = () => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: releases.${group()} }
spec:
  group: ${group()}
  scope: Namespaced
  names: { plural: releases, singular: release, kind: Release, listKind: ReleaseList }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: { type: integer, minimum: 0 }
                automated: { type: object, properties: { prune: { type: boolean }, retries: { type: integer, default: 3 } } }
                window: { type: object, properties: { from: { type: string } } }
`;
  const release = (automated: string, size = 1) =>
    `apiVersion: ${group()}/v1\nkind: Release\nmetadata: { name: web, namespace: ${world.namespace} }\nspec: { size: ${size}, automated: ${automated} }\n`;
  const files = (automated: string, size?: number) => ({
    'namespace.yaml': namespace(world.namespace),
    'crd.yaml': crd(),
    'release.yaml': release(automated, size),
  });
  const spec = async () => (await world.live(`${group()}/v1`, 'Release', 'web'))?.['spec'];
  const managers = async () =>
    (await world.live(`${group()}/v1`, 'Release', 'web'))?.metadata.managedFields?.map(
      ({ manager, operation }) => `${manager} ${operation}`,
    );

  beforeAll(async () => {
    world = await openWorld(cluster().kubeconfigPath, syncSpec());
  });
  afterAll(() => world.close());

  it('is shown emptied by a dry run, and is emptied, with other changes of the same commit', async () => {
    const withWindow = (window: string, size = 1) => {
      const { 'release.yaml': text, ...rest } = files('{}', size);
      return { ...rest, 'release.yaml': text.replace('automated: {}', `window: ${window}`) };
    };
    expect((await world.pull(withWindow('{ from: noon }'))).report.errors).toEqual([]);
    const before = await world.live(`${group()}/v1`, 'Release', 'web');
    const { report, differences } = await world.pull(withWindow('{}', 2), { dryRun: true });
    expect(report.errors).toEqual([]);
    expect(differences.get(`${group()}/Release/${world.namespace}/web`)).toEqual([
      { path: 'spec.size', from: 1, to: 2 },
      { path: 'spec.window.from', from: 'noon', to: undefined },
    ]);
    expect(await world.live(`${group()}/v1`, 'Release', 'web')).toEqual(before);
    const wrong = await world.pull(withWindow('{}', -1), { dryRun: true });
    expect(wrong.report.errors).toMatchObject([{ code: 'apply-invalid' }]);
    expect((await world.pull(withWindow('{}', 2))).report.errors).toEqual([]);
    expect(await spec()).toEqual({ size: 2, window: {} });
  });

  it('is emptied when Git empties it, with other changes of the same commit', async () => {
    expect((await world.pull(files('{ prune: true }'))).report.errors).toEqual([]);
    const { report } = await world.pull(files('{}', 2));
    expect(report.errors).toEqual([]);
    expect(await spec()).toEqual({ size: 2, automated: { retries: 3 } });
    expect(await managers()).toEqual(['windlass Apply']);
  });

  it('is emptied again when a person filled it, and changed a default in it', async () => {
    await world.edit(`${group()}/v1`, 'Release', 'web', { spec: { automated: { prune: true, retries: 9 } } });
    const { report } = await world.pull(files('{}', 2));
    expect(report).toMatchObject({ errors: [], healed: true, drift: [{ state: 'added' }] });
    expect(await spec()).toEqual({ size: 2, automated: { retries: 3 } });
    expect(await managers()).toEqual(['windlass Apply']);
    expect((await world.pull(files('{}', 2))).report.drift).toEqual([]);
  });
});
