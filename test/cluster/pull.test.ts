import { afterEach, expect, it } from 'vitest';
import { syncLabel } from '../../lib/kube/normalise.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, crd, deployment, namespace, service, statefulSet, widget } from '../pull/manifests.ts';
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

function imageOf(object: KubeObject | undefined): string | undefined {
  const spec = object?.['spec'] as { template?: { spec?: { containers?: { image?: string }[] } } } | undefined;
  return spec?.template?.spec?.containers?.[0]?.image;
}

function dataOf(object: KubeObject | undefined): unknown {
  return object?.['data'];
}

describeWithCluster('a pull', () => {
  it('creates in order, whatever the order in Git, and waits until all is healthy', async () => {
    const { pull, namespace: ns, live, sync, entries } = await world();
    const files = {
      'a.yaml': deployment(ns, 'web', 'web:1.0.0', 2),
      'b.yaml': service(ns, 'web'),
      'c.yaml': configMap(ns, 'settings', { a: '1' }),
      'z.yaml': namespace(ns),
    };
    const outcome = await pull(files, { wait: 'block' });
    expect(outcome.report.errors).toEqual([]);
    expect(outcome.report.result).toBe('synced');
    expect(outcome.changes.map(({ object }) => object)).toEqual([
      `Namespace/${ns}`,
      `ConfigMap/${ns}/settings`,
      `Service/${ns}/web`,
      `apps/Deployment/${ns}/web`,
    ]);
    expect(actionsOf(outcome)).toEqual({ created: 4 });
    const web = await live('apps/v1', 'Deployment', 'web');
    expect(web?.['status']).toMatchObject({ availableReplicas: 2 });
    expect(web?.metadata.labels?.[syncLabel]).toBe(sync.name);
    expect([...(await entries()).keys()].sort()).toEqual(outcome.changes.map(({ object }) => object).sort());
    expect(outcome.report.health.every(({ status }) => status === 'Current')).toBe(true);
    expect(outcome.report.images).toEqual(['web:1.0.0']);
  });

  it('changes nothing a second time: no write of any kind', async () => {
    const { pull, namespace: ns, writes, live } = await world();
    const files = {
      'all.yaml': [namespace(ns), configMap(ns, 'settings', { a: '1' }), deployment(ns, 'web', 'web:1.0.0')].join(
        '---\n',
      ),
    };
    await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    const before = await live('v1', 'ConfigMap', 'settings');
    writes();
    const again = await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    expect(again.report.errors).toEqual([]);
    expect(again.report.result).toBe('synced');
    expect(actionsOf(again)).toEqual({ unchanged: 3 });
    expect(writes()).toEqual({});
    expect((await live('v1', 'ConfigMap', 'settings'))?.metadata.resourceVersion).toBe(
      before?.metadata.resourceVersion,
    );
    const elsewhere = await pull(files, { wait: 'block', revision: 'b'.repeat(40) });
    expect(actionsOf(elsewhere)).toEqual({ unchanged: 3 });
    expect(writes()).toEqual({ 'write-record': 1 });
  });

  it('configures a changed image, and the new pods roll out', async () => {
    const { pull, namespace: ns, live } = await world();
    await pull({ 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1.0.0') }, { wait: 'block' });
    const outcome = await pull(
      { 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1.1.0') },
      { wait: 'block' },
    );
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [], drift: [] });
    expect(outcome.report.changes).toEqual([
      { object: `apps/Deployment/${ns}/web`, action: 'configured', reason: 'changed in Git' },
    ]);
    const web = await live('apps/v1', 'Deployment', 'web');
    expect(imageOf(web)).toBe('web:1.1.0');
    expect(web?.['status']).toMatchObject({
      updatedReplicas: 1,
      availableReplicas: 1,
      observedGeneration: web?.metadata.generation,
    });
  });

  it('reports a hand edit as drift with field and tool, and puts it right', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const files = { 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1.0.0') };
    await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    await edit(
      'apps/v1',
      'Deployment',
      'web',
      { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:9.9.9' }] } } } },
      'kubectl-set',
    );
    const outcome = await pull(files, { revision: 'a'.repeat(40) });
    expect(outcome.report.drift).toHaveLength(1);
    expect(outcome.report.drift[0]).toMatchObject({ object: `apps/Deployment/${ns}/web`, state: 'changed' });
    expect(outcome.report.drift[0]?.fields).toMatchObject([
      {
        path: 'spec.template.spec.containers[name=web].image',
        git: 'web:1.0.0',
        live: 'web:9.9.9',
        manager: 'kubectl-set',
        operation: 'Update',
      },
    ]);
    expect(outcome.report.healed).toBe(true);
    expect(imageOf(await live('apps/v1', 'Deployment', 'web'))).toBe('web:1.0.0');
    expect((await pull(files, { revision: 'a'.repeat(40) })).report.drift).toEqual([]);
  });

  it('removes what a person added, and reports it as drift once', async () => {
    const { pull, namespace: ns, live, edit, writes } = await world();
    const files = { 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1.0.0') };
    await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    await edit('apps/v1', 'Deployment', 'web', { metadata: { labels: { team: 'blue' } } }, 'kubectl-label');
    await edit(
      'apps/v1',
      'Deployment',
      'web',
      { spec: { template: { spec: { containers: [{ name: 'web', env: [{ name: 'DEBUG', value: '1' }] }] } } } },
      'kubectl-set',
    );
    const outcome = await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    expect(outcome.report.errors).toEqual([]);
    expect(outcome.report.drift).toMatchObject([{ object: `apps/Deployment/${ns}/web`, state: 'added' }]);
    expect(outcome.report.drift[0]?.fields.map(({ path, manager }) => [path, manager])).toEqual([
      ['metadata.labels.team', 'kubectl-label'],
      ['spec.template.spec.containers[name=web].env[name=DEBUG]', 'kubectl-set'],
    ]);
    const web = await live('apps/v1', 'Deployment', 'web');
    expect(web?.metadata.labels).not.toHaveProperty('team');
    expect(JSON.stringify(web?.['spec'])).not.toContain('DEBUG');
    expect(JSON.stringify(web?.['spec'])).toContain('MODE');
    writes();
    const again = await pull(files, { wait: 'block', revision: 'a'.repeat(40) });
    expect(again.report.drift).toEqual([]);
    expect(writes()).toEqual({});
  });

  it('leaves drift alone where self-heal is off, and says so', async () => {
    const { pull, namespace: ns, live, edit, writes } = await world(syncSpec({ selfHeal: false }));
    const files = { 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'settings', { a: '1' }) };
    await pull(files, { revision: 'a'.repeat(40) });
    await edit('v1', 'ConfigMap', 'settings', { data: { a: '2' } });
    writes();
    const outcome = await pull(files, { revision: 'a'.repeat(40) });
    expect(outcome.report.drift).toMatchObject([{ object: `ConfigMap/${ns}/settings`, state: 'changed' }]);
    expect(outcome.report.healed).toBe(false);
    expect(outcome.report.changes).toMatchObject([{ object: `ConfigMap/${ns}/settings`, action: 'skipped' }]);
    expect(writes()).toEqual({});
    const changed = await pull({ ...files, 'b.yaml': configMap(ns, 'settings', { a: '3' }) });
    expect(actionsOf(changed)).toEqual({ configured: 1, unchanged: 1 });
    expect(dataOf(await live('v1', 'ConfigMap', 'settings'))).toEqual({ a: '3' });
  });

  it('creates again what was deleted', async () => {
    const { pull, namespace: ns, live, cluster } = await world();
    const files = { 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'settings', { a: '1' }) };
    await pull(files);
    const settings = await live('v1', 'ConfigMap', 'settings');
    const maps = await cluster.resource('v1', 'ConfigMap');
    await cluster.remove(
      maps!,
      { group: '', kind: 'ConfigMap', namespace: ns, name: 'settings' },
      settings?.metadata.uid ?? '',
    );
    const outcome = await pull(files);
    expect(outcome.report.drift).toMatchObject([{ object: `ConfigMap/${ns}/settings`, state: 'missing' }]);
    expect(outcome.report.healed).toBe(true);
    expect(dataOf(await live('v1', 'ConfigMap', 'settings'))).toEqual({ a: '1' });
  });

  it('prunes what left Git and nothing else', async () => {
    const { pull, namespace: ns, live, cluster, entries } = await world();
    const both = {
      'a.yaml': namespace(ns),
      'b.yaml': configMap(ns, 'one', { a: '1' }),
      'c.yaml': configMap(ns, 'two', { a: '1' }),
    };
    await pull(both);
    const maps = await cluster.resource('v1', 'ConfigMap');
    const copy = {
      ...(await live('v1', 'ConfigMap', 'two'))!,
      metadata: { name: 'copy', namespace: ns, labels: (await live('v1', 'ConfigMap', 'two'))!.metadata.labels },
    };
    expect(await cluster.apply(maps!, copy, { force: true, dryRun: false })).toHaveProperty('object');
    const { 'c.yaml': _, ...one } = both;
    const outcome = await pull(one);
    expect(outcome.report.errors).toEqual([]);
    expect(outcome.report.changes).toEqual([{ object: `ConfigMap/${ns}/two`, action: 'pruned', reason: 'left Git' }]);
    expect(await live('v1', 'ConfigMap', 'two')).toBeUndefined();
    expect(await live('v1', 'ConfigMap', 'one')).toBeDefined();
    expect(await live('v1', 'ConfigMap', 'copy')).toBeDefined();
    expect([...(await entries()).keys()]).not.toContain(`ConfigMap/${ns}/two`);
  });

  it('prunes nothing where prune is off, while there are errors, or when Git cannot be rendered', async () => {
    const { pull, namespace: ns, live } = await world();
    const files = {
      'a.yaml': namespace(ns),
      'b.yaml': configMap(ns, 'one', { a: '1' }),
      'c.yaml': configMap(ns, 'two', { a: '1' }),
    };
    await pull(files);
    const { 'c.yaml': _, ...one } = files;
    expect((await pull(one, { sync: { prune: false } })).report.changes).toMatchObject([
      { object: `ConfigMap/${ns}/two`, action: 'skipped' },
    ]);
    const broken = await pull({
      ...one,
      'd.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad, namespace: ${ns} }\ndataa: { a: b }\n`,
    });
    expect(broken.report.result).toBe('failed');
    expect(broken.changes).toContainEqual({
      object: `ConfigMap/${ns}/two`,
      action: 'skipped',
      reason: 'nothing is pruned while there are errors',
    });
    const unreadable = await pull({ ...one, 'd.yaml': 'a: [' });
    expect(unreadable.report.errors[0]).toMatchObject({ file: 'app/d.yaml' });
    expect(unreadable.changes).toEqual([]);
    expect(await live('v1', 'ConfigMap', 'two')).toBeDefined();
  });

  it('a broken manifest stops nothing else, and the error names it', async () => {
    const { pull, namespace: ns, live } = await world();
    const outcome = await pull({
      'a.yaml': namespace(ns),
      'b.yaml': configMap(ns, 'good', { a: '1' }),
      'c.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad, namespace: ${ns} }\ndataa: { a: b }\n`,
      'd.yaml': `apiVersion: example.com/v1\nkind: Nothing\nmetadata: { name: unknown, namespace: ${ns} }\n`,
      'e.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: homeless }\n`,
      'f.yaml': service(ns, 'web').replace('targetPort: 8080', 'targetPort: "8080"'),
    });
    expect(outcome.report.result).toBe('failed');
    expect(outcome.trouble).toBe(false);
    expect(outcome.report.errors.map(({ code, object }) => [code, object])).toEqual([
      ['unknown-kind', `example.com/Nothing/${ns}/unknown`],
      ['no-namespace', 'ConfigMap/homeless'],
      ['unknown-field', `ConfigMap/${ns}/bad`],
      ['apply-invalid', `Service/${ns}/web`],
    ]);
    expect(outcome.report.errors[2]).toMatchObject({
      ...{ file: 'app/c.yaml', line: 1, hint: 'did you mean "data"?' },
      message: 'the API server knows no field dataa',
    });
    expect(await live('v1', 'ConfigMap', 'good')).toBeDefined();
    expect(await live('v1', 'ConfigMap', 'bad')).toBeUndefined();
  });

  it('applies a CRD and an object of it in one sync', async () => {
    const { pull, namespace: ns, live, sync } = await world();
    const group = `${sync.name}.example.com`;
    const files = { 'a.yaml': widget(group, ns, 'first'), 'b.yaml': crd(group), 'c.yaml': namespace(ns) };
    const rehearsal = await pull(files, { dryRun: true });
    expect(rehearsal.report.errors).toEqual([]);
    expect(actionsOf(rehearsal)).toEqual({ created: 3 });
    const outcome = await pull(files, { wait: 'block' });
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    expect((await live(`${group}/v1`, 'Widget', 'first'))?.['spec']).toEqual({ size: 1 });
    expect(actionsOf(await pull(files))).toEqual({ unchanged: 3 });
  });

  it('rolls out a StatefulSet with a volume', async () => {
    const { pull, namespace: ns, live } = await world();
    const outcome = await pull(
      { 'a.yaml': namespace(ns), 'b.yaml': service(ns, 'db'), 'c.yaml': statefulSet(ns, 'db') },
      { wait: 'block' },
    );
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    expect((await live('v1', 'PersistentVolumeClaim', 'data-db-0'))?.['status']).toMatchObject({ phase: 'Bound' });
  });

  it('says in seconds that a crash-looping image is unhealthy, with the reason of the pod', async () => {
    const { pull, namespace: ns } = await world(syncSpec({ waitSeconds: 600 }));
    const outcome = await pull(
      { 'a.yaml': namespace(ns), 'b.yaml': deployment(ns, 'web', 'web:1.0.0-broken') },
      { wait: 'block' },
    );
    expect(outcome.report.result).toBe('unhealthy');
    const web = outcome.report.health.find(({ object }) => object.includes('Deployment'));
    expect(web).toMatchObject({ status: 'Failed' });
    expect(web?.reason).toContain('CrashLoopBackOff');
  });

  it('reports progress without blocking, and the next pull goes on with the same deadline', async () => {
    const { pull, namespace: ns, entries } = await world(syncSpec({ waitSeconds: 300 }));
    // No node has this label: the pods stay pending.
    const stuck = deployment(ns, 'web', 'web:1.0.0').replace(
      'containers:',
      'nodeSelector: { nowhere: "true" }\n      containers:',
    );
    const files = { 'a.yaml': namespace(ns), 'b.yaml': stuck };
    const start = Date.now();
    const first = await pull(files, { revision: 'a'.repeat(40) });
    expect(first.report.result).toBe('progressing');
    const since = (await entries()).get(`apps/Deployment/${ns}/web`)?.healthProgressingSince;
    expect(Date.parse(since ?? '')).toBeGreaterThanOrEqual(start);
    const later = await pull(files, { revision: 'a'.repeat(40), now: () => new Date(start + 3_600_000) });
    expect(later.report.result).toBe('unhealthy');
    expect((await entries()).get(`apps/Deployment/${ns}/web`)?.healthProgressingSince).toBe(since);
  });

  it('waits with pruning while objects are on their way', async () => {
    const { pull, namespace: ns, live } = await world(syncSpec({ waitSeconds: 300 }));
    const files = { 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'old', { a: '1' }) };
    await pull(files);
    const stuck = deployment(ns, 'web', 'web:1.0.0').replace(
      'containers:',
      'nodeSelector: { nowhere: "true" }\n      containers:',
    );
    const next = { 'a.yaml': namespace(ns), 'c.yaml': stuck };
    const start = Date.now();
    const early = await pull(next);
    expect(early.changes).toContainEqual(expect.objectContaining({ object: `ConfigMap/${ns}/old`, action: 'skipped' }));
    expect(await live('v1', 'ConfigMap', 'old')).toBeDefined();
    const late = await pull(next, { now: () => new Date(start + 3_600_000) });
    expect(late.changes).toContainEqual({ object: `ConfigMap/${ns}/old`, action: 'pruned', reason: 'left Git' });
    expect(await live('v1', 'ConfigMap', 'old')).toBeUndefined();
  });

  it('refuses an object that two syncs declare, and takes over one that moved', async () => {
    const first = await world(syncSpec({ path: 'first' }));
    const second = await world(syncSpec({ path: 'second' }));
    const ns = first.namespace;
    const shared = configMap(ns, 'shared', { a: '1' });
    const files = {
      'first/ns.yaml': namespace(ns),
      'first/a.yaml': shared,
      'first/b.yaml': configMap(ns, 'mine', {}),
      'second/a.yaml': configMap(ns, 'shared', { a: '2' }),
    };
    expect((await first.pull(files, { others: [second.sync] })).report.errors).toEqual([]);
    const refused = await second.pull(files, { others: [first.sync] });
    expect(refused.report.errors).toMatchObject([{ code: 'claimed-twice', object: `ConfigMap/${ns}/shared` }]);
    expect(dataOf(await first.live('v1', 'ConfigMap', 'shared'))).toEqual({ a: '1' });

    const { 'first/a.yaml': _, ...moved } = files;
    const released = await first.pull(moved, { others: [second.sync] });
    expect(released.changes).toContainEqual({
      object: `ConfigMap/${ns}/shared`,
      action: 'skipped',
      reason: `it left this sync, but sync ${second.sync.name} declares it`,
    });
    expect((await second.pull(moved, { others: [first.sync] })).report.errors).toEqual([]);
    const taken = await first.live('v1', 'ConfigMap', 'shared');
    expect(dataOf(taken)).toEqual({ a: '2' });
    expect(taken?.metadata.labels?.[syncLabel]).toBe(second.sync.name);
    await first.pull(moved, { others: [second.sync] });
    expect((await first.entries()).has(`ConfigMap/${ns}/shared`)).toBe(false);
    expect((await first.live('v1', 'ConfigMap', 'shared'))?.metadata.uid).toBe(taken?.metadata.uid);
  });

  it('takes over what kubectl applied, so that what leaves Git leaves the cluster', async () => {
    const { pull, namespace: ns, live, cluster } = await world();
    await pull({ 'a.yaml': namespace(ns) });
    const made = await cluster.client.send({
      verb: 'release',
      method: 'POST',
      path: `/api/v1/namespaces/${ns}/configmaps?fieldManager=kubectl-client-side-apply`,
      body: JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { a: '1', b: '2' },
      }),
    });
    expect(made.status).toBe(201);
    await pull({ 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'settings', { a: '1', b: '2' }) });
    await pull({ 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'settings', { a: '1' }) });
    expect(dataOf(await live('v1', 'ConfigMap', 'settings'))).toEqual({ a: '1' });
  });

  it('a dry run plans the same, finds what the server would refuse, and writes nothing', async () => {
    const { pull, namespace: ns, writes, live, reports } = await world();
    await pull({ 'a.yaml': namespace(ns), 'b.yaml': configMap(ns, 'old', { a: '1' }) });
    const sent = reports.length;
    writes();
    const outcome = await pull(
      {
        'a.yaml': namespace(ns),
        'c.yaml': configMap(ns, 'new', { a: '1' }),
        'd.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bad, namespace: ${ns} }\ndataa: { a: b }\n`,
      },
      { dryRun: true },
    );
    expect(writes()).toEqual({});
    expect(actionsOf(outcome)).toEqual({ unchanged: 1, created: 1, pruned: 1 });
    expect(outcome.report.errors).toMatchObject([{ code: 'unknown-field', object: `ConfigMap/${ns}/bad` }]);
    expect(await live('v1', 'ConfigMap', 'new')).toBeUndefined();
    expect(reports).toHaveLength(sent);
  });

  it('never shows the value of a Secret, neither in the record nor in an error nor in the report', async () => {
    const { pull, namespace: ns, edit, cluster } = await world();
    const secret = (value: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: ${ns} }\nstringData: { password: ${value} }\n`;
    const files = { 'a.yaml': namespace(ns), 'b.yaml': secret('correct-horse') };
    await pull(files);
    await edit('v1', 'Secret', 'key', { data: { password: Buffer.from('battery-staple').toString('base64') } });
    const outcome = await pull(files);
    expect(outcome.report.drift).toMatchObject([{ object: `Secret/${ns}/key`, state: 'changed' }]);
    const bad = await pull({
      'a.yaml': namespace(ns),
      'b.yaml': secret('correct-horse')
        .replace('stringData:', 'type: kubernetes.io/dockerconfigjson\nstringData:')
        .replace('password:', '.dockerconfigjson:'),
    });
    expect(bad.report.errors).toHaveLength(1);
    expect(bad.report.errors[0]?.message).toContain("invalid character '***'");
    const records = await cluster.client.send({
      verb: 'get',
      method: 'GET',
      path: `/api/v1/namespaces/windlass-system/configmaps`,
    });
    const said = JSON.stringify([outcome, bad, records.json]);
    for (const word of ['correct-horse', 'battery-staple']) {
      expect(said).not.toContain(word);
      expect(said).not.toContain(Buffer.from(word).toString('base64'));
    }
  });
});
