import { afterEach, expect, it } from 'vitest';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, type World } from '../pull/world.ts';

const open: World[] = [];
async function world(spec = syncSpec()): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** The manifest with an annotation. */
function annotated(manifest: string, key: string, value: string): string {
  if (/metadata: \{/.test(manifest.split('\nspec:')[0]!))
    return manifest.replace('metadata: {', `metadata: { annotations: { "${key}": "${value}" },`);
  return manifest.replace('metadata:\n', `metadata:\n  annotations: { "${key}": "${value}" }\n`);
}

const replicasOf = (object: unknown) => (object as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;

describeWithCluster('an object with an exception', () => {
  it('that is applied once is made, left as people change it, made again when it is gone, and pruned', async () => {
    const { pull, namespace: ns, live, edit, writes, cluster: real } = await world();
    const once = (a: string) => annotated(configMap(ns, 'seed', { a }), 'windlass.dev/apply', 'once');
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    expect(actionsOf(await pull({ ...base, 'seed.yaml': once('1') }))).toEqual({ created: 3 });
    await edit('v1', 'ConfigMap', 'seed', { data: { a: '9', b: '2' } });
    const revision = 'a'.repeat(40);
    const changed = await pull({ ...base, 'seed.yaml': once('2') }, { revision });
    expect([actionsOf(changed), changed.report.drift]).toEqual([{ unchanged: 3 }, []]);
    writes();
    await pull({ ...base, 'seed.yaml': once('2') }, { revision });
    expect(writes()).toEqual({});
    const seed = (await live('v1', 'ConfigMap', 'seed'))!;
    expect(seed['data']).toEqual({ a: '9', b: '2' });

    const maps = (await real.resource('v1', 'ConfigMap'))!;
    const id = { group: '', kind: 'ConfigMap', namespace: ns, name: 'seed' };
    await real.remove(maps, id, seed.metadata.uid!);
    expect(actionsOf(await pull({ ...base, 'seed.yaml': once('2') }))).toEqual({ created: 1, unchanged: 2 });
    expect((await live('v1', 'ConfigMap', 'seed'))?.['data']).toEqual({ a: '2' });
    expect(actionsOf(await pull(base))).toEqual({ pruned: 1, unchanged: 2 });
  });

  it('that is applied once and was there before is never ours: neither changed nor pruned', async () => {
    const { pull, namespace: ns, live, cluster: real, entries } = await world();
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    await pull(base);
    const made = await real.client.send({
      verb: 'release',
      method: 'POST',
      path: `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-create`,
      body: JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'theirs' },
        data: { a: 'theirs' },
      }),
    });
    expect(made.status).toBe(201);
    const file = annotated(configMap(ns, 'theirs', { a: 'git' }), 'kustomize.toolkit.fluxcd.io/ssa', 'IfNotPresent');
    expect(actionsOf(await pull({ ...base, 'x.yaml': file }))).toEqual({ unchanged: 3 });
    expect([...(await entries()).keys()]).not.toContain(`ConfigMap/${ns}/theirs`);
    expect(actionsOf(await pull(base))).toEqual({ unchanged: 2 });
    expect((await live('v1', 'ConfigMap', 'theirs'))?.['data']).toEqual({ a: 'theirs' });
  });

  it('that is never applied is looked away from, and stays when it leaves Git', async () => {
    const { pull, namespace: ns, live, edit, entries } = await world();
    const base = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', {}) };
    const own = configMap(ns, 'own', { a: '1' });
    await pull({ ...base, 'own.yaml': own });
    const never = annotated(configMap(ns, 'own', { a: '2' }), 'windlass.dev/apply', 'never');
    await edit('v1', 'ConfigMap', 'own', { data: { a: '9' } });
    const outcome = await pull({
      ...base,
      'own.yaml': never,
      'b.yaml': annotated(configMap(ns, 'b', {}), 'windlass.dev/apply', 'never'),
    });
    expect([actionsOf(outcome), outcome.report.drift, outcome.report.errors]).toEqual([{ unchanged: 4 }, [], []]);
    expect(outcome.report.health.map(({ object }) => object)).not.toContain(`ConfigMap/${ns}/own`);
    expect((await live('v1', 'ConfigMap', 'own'))?.['data']).toEqual({ a: '9' });
    expect(await live('v1', 'ConfigMap', 'b')).toBeUndefined();
    expect([...(await entries()).keys()]).not.toContain(`ConfigMap/${ns}/own`);
    await pull(base);
    expect(await live('v1', 'ConfigMap', 'own')).toBeDefined();
    // Without the annotation it is Windlass's again.
    await pull({ ...base, 'own.yaml': own });
    expect((await live('v1', 'ConfigMap', 'own'))?.['data']).toEqual({ a: '1' });
    expect(actionsOf(await pull(base))).toEqual({ pruned: 1, unchanged: 2 });
  });

  it('that is merged keeps what others add, and Git still wins where it says something', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const file = (a: string) => annotated(configMap(ns, 'm', { a }), 'windlass.dev/apply', 'merge');
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'm.yaml': file('1') });
    await edit('v1', 'ConfigMap', 'm', { data: { b: 'theirs' } });
    const quiet = await pull({ ...base, 'm.yaml': file('1') });
    expect([actionsOf(quiet), quiet.report.drift]).toEqual([{ unchanged: 2 }, []]);
    await pull({ ...base, 'm.yaml': file('2') });
    expect((await live('v1', 'ConfigMap', 'm'))?.['data']).toEqual({ a: '2', b: 'theirs' });
    await edit('v1', 'ConfigMap', 'm', { data: { a: '9' } });
    const healed = await pull({ ...base, 'm.yaml': file('2') });
    expect(healed.report.drift).toMatchObject([{ state: 'changed', fields: [{ path: 'data.a' }] }]);
    expect((await live('v1', 'ConfigMap', 'm'))?.['data']).toEqual({ a: '2', b: 'theirs' });
  });

  it('that ignores its replicas is scaled by a person, and by nobody else, also when the rest of it changes', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const file = (image: string, replicas: number) =>
      annotated(deployment(ns, 'web', image, replicas), 'windlass.dev/ignore-paths', '/spec/replicas');
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'web.yaml': file('web:1', 2) });
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(2);
    // Ours alone: a change of something else must not take the field away.
    await pull({ ...base, 'web.yaml': file('web:2', 4) });
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(2);
    await edit('apps/v1', 'Deployment', 'web', { spec: { replicas: 5, paused: true } });
    const healed = await pull({ ...base, 'web.yaml': file('web:2', 4) });
    expect(healed.report.drift.flatMap(({ fields }) => fields.map(({ path }) => path))).toEqual(['spec.paused']);
    const after = await live('apps/v1', 'Deployment', 'web');
    expect(replicasOf(after)).toBe(5);
    expect(after?.['spec']).not.toHaveProperty('paused');
    await pull({ ...base, 'web.yaml': file('web:3', 1) });
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(5);
    // Without the annotation Git's number counts again.
    await pull({ ...base, 'web.yaml': deployment(ns, 'web', 'web:3', 3) });
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(3);
  });

  it('that ignores the image of a container leaves it to who sets it', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const path = '/spec/template/spec/containers/0/image';
    const file = (mode: string) =>
      annotated(
        deployment(ns, 'web', 'web:1').replace('value: plain', `value: ${mode}`),
        'windlass.dev/ignore-paths',
        path,
      );
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'web.yaml': file('a') });
    await edit('apps/v1', 'Deployment', 'web', {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'web:9' }] } } },
    });
    const quiet = await pull({ ...base, 'web.yaml': file('a') });
    expect([actionsOf(quiet), quiet.report.drift]).toEqual([{ unchanged: 2 }, []]);
    await pull({ ...base, 'web.yaml': file('b') });
    const spec = (await live('apps/v1', 'Deployment', 'web'))?.['spec'];
    expect(spec).toMatchObject({ template: { spec: { containers: [{ image: 'web:9', env: [{ value: 'b' }] }] } } });
  });

  it('that cannot be understood is an error with its file and line, and stops its object alone', async () => {
    const { pull, namespace: ns, live } = await world();
    const odd = annotated(configMap(ns, 'odd', {}), 'windlass.dev/prune', 'nevr');
    const outcome = await pull({ 'ns.yaml': namespace(ns), 'b.yaml': `${configMap(ns, 'fine', {})}---\n${odd}` });
    expect(outcome.report.errors).toEqual([
      {
        code: 'bad-annotation',
        object: `ConfigMap/${ns}/odd`,
        message: 'windlass.dev/prune: "nevr" is not a value that it can have',
        hint: 'it is one of never, confirm, always',
        file: 'app/b.yaml',
        line: 6,
      },
    ]);
    expect(await live('v1', 'ConfigMap', 'fine')).toBeDefined();
    expect(await live('v1', 'ConfigMap', 'odd')).toBeUndefined();
  });
});
