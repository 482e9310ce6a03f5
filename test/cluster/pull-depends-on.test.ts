import { afterEach, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import type { Cluster } from '../../lib/pull/ports.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

const open: World[] = [];
async function world(spec = syncSpec()): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** A ConfigMap that comes after other objects. */
function mapAfter(ns: string, name: string, ...names: string[]): string {
  const annotation = JSON.stringify({ 'windlass.dev/depends-on': names.join(', ') });
  return configMap(ns, name, { a: '1' }).replace(`namespace: ${ns}`, `namespace: ${ns}, annotations: ${annotation}`);
}

function inWave(wave: number, manifest: string): string {
  return manifest.replace('metadata:', `metadata:\n  annotations: { argocd.argoproj.io/sync-wave: "${wave}" }`);
}

/** A cluster that keeps what `look` saw at the moment an object was about to be applied. */
function watched(inner: Cluster, name: string, look: () => Promise<KubeObject | undefined>) {
  const seen: (KubeObject | undefined)[] = [];
  const outer = new Proxy(inner, {
    get(target, key) {
      if (key === 'apply')
        return async (...[resource, object, options]: Parameters<Cluster['apply']>) => {
          if (object.metadata.name === name && !options.dryRun) seen.push(await look());
          return await target.apply(resource, object, options);
        };
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { cluster: outer, seen };
}

const reasonOf = (changes: readonly { object: string; reason?: string }[], end: string) =>
  changes.find(({ object }) => object.endsWith(end))?.reason;

describeWithCluster('an object that depends on others', () => {
  it('is applied when they are healthy, in one pull that stays for health', async () => {
    const { pull, namespace: ns, live, cluster: inner } = await world();
    const files = {
      'a.yaml': mapAfter(ns, 'after', `apps/Deployment/${ns}/db`),
      'b.yaml': mapAfter(ns, 'last', `ConfigMap/${ns}/after`),
      'c.yaml': deployment(ns, 'db', 'db:1.0.0'),
      'd.yaml': configMap(ns, 'free', { a: '1' }),
      'e.yaml': namespace(ns),
    };
    const eyes = watched(inner, 'after', () => live('apps/v1', 'Deployment', 'db'));
    const outcome = await pull(files, { wait: 'block', cluster: eyes.cluster });
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    expect(outcome.changes.map(({ object }) => object)).toEqual([
      `Namespace/${ns}`,
      `ConfigMap/${ns}/free`,
      `apps/Deployment/${ns}/db`,
      `ConfigMap/${ns}/after`,
      `ConfigMap/${ns}/last`,
    ]);
    expect(eyes.seen.map((db) => db?.['status'])).toMatchObject([{ availableReplicas: 1 }]);
    expect(actionsOf(await pull(files))).toEqual({ unchanged: 5 });
  });

  it('is left for the next pull where a pull does not stay; until then the revision is not reached and nothing is pruned', async () => {
    const { pull, namespace: ns, live, records, sync } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'old.yaml': configMap(ns, 'old', { a: '1' }) }, { revision: 'a'.repeat(40) });
    const files = {
      ...base,
      'a.yaml': mapAfter(ns, 'after', `apps/Deployment/${ns}/db`),
      'c.yaml': deployment(ns, 'db', 'db:1.0.0'),
    };
    const at = { revision: 'b'.repeat(40) };
    const first = await pull(files, at);
    expect(first.report).toMatchObject({ result: 'progressing', errors: [] });
    expect(actionsOf(first)).toEqual({ created: 1, unchanged: 1, skipped: 2 });
    expect(reasonOf(first.changes, '/after')).toMatch(
      new RegExp(`^it waits for apps/Deployment/${ns}/db, which is InProgress: .+`),
    );
    expect(await live('v1', 'ConfigMap', 'after')).toBeUndefined();
    expect((await records.read(sync.name))?.revision).toBe('a'.repeat(40));
    expect((await records.read(sync.name))?.intent).toBeUndefined();

    await until('the rest is applied', async () => (await pull(files, at)).report.result === 'synced');
    expect(await live('v1', 'ConfigMap', 'after')).toBeDefined();
    expect(await live('v1', 'ConfigMap', 'old')).toBeUndefined();
    expect((await records.read(sync.name))?.revision).toBe('b'.repeat(40));
  });

  it('stays as it is while they have failed, and all others are applied', async () => {
    const { pull, namespace: ns, live, entries } = await world(syncSpec({ waitSeconds: 600 }));
    const files = {
      'ns.yaml': namespace(ns),
      'a.yaml': mapAfter(ns, 'after', `apps/Deployment/${ns}/db`),
      'b.yaml': mapAfter(ns, 'behind', `ConfigMap/${ns}/after`),
      'c.yaml': deployment(ns, 'db', 'db:1.0.0-broken'),
      'd.yaml': mapAfter(ns, 'free', `Namespace/${ns}`),
    };
    const outcome = await pull(files, { wait: 'block' });
    expect(outcome.report.result).toBe('unhealthy');
    expect(reasonOf(outcome.changes, '/after')).toMatch(/which is Failed: .*CrashLoopBackOff/);
    expect(reasonOf(outcome.changes, '/behind')).toBe(`it waits for ConfigMap/${ns}/after, which waits as well`);
    expect([...(await entries()).keys()]).not.toContain(`ConfigMap/${ns}/after`);
    expect(await live('v1', 'ConfigMap', 'free')).toBeDefined();

    const mended = await pull({ ...files, 'c.yaml': deployment(ns, 'db', 'db:1.0.0') }, { wait: 'block' });
    expect(mended.report.result).toBe('synced');
    expect(await live('v1', 'ConfigMap', 'behind')).toBeDefined();
  });

  it('is not applied when the API server refuses one of them', async () => {
    const { pull, namespace: ns, live } = await world();
    const bad = configMap(ns, 'first', { 'not a key!': '1' });
    const files = { 'ns.yaml': namespace(ns), 'a.yaml': mapAfter(ns, 'after', `ConfigMap/${ns}/first`), 'b.yaml': bad };
    const outcome = await pull(files, { wait: 'block' });
    expect(outcome.report.errors.map(({ object }) => object)).toEqual([`ConfigMap/${ns}/first`]);
    expect(reasonOf(outcome.changes, '/after')).toBe(`it waits for ConfigMap/${ns}/first, which could not be applied`);
    expect(await live('v1', 'ConfigMap', 'after')).toBeUndefined();
  });

  it('is an error with file and line where its annotation cannot be followed, and the others are applied', async () => {
    const { pull, namespace: ns, live } = await world();
    await pull({ 'ns.yaml': namespace(ns), 'old.yaml': configMap(ns, 'old', { a: '1' }) });
    const outcome = await pull({
      'ns.yaml': namespace(ns),
      'a.yaml': mapAfter(ns, 'a', `ConfigMap/${ns}/b`),
      'b.yaml': mapAfter(ns, 'b', `ConfigMap/${ns}/a`),
      'c.yaml': mapAfter(ns, 'c', `apps/Deployment/${ns}/nowhere`),
      'd.yaml': mapAfter(ns, 'd', `ConfigMap/${ns}/a`),
      'e.yaml': configMap(ns, 'free', { a: '1' }),
    });
    const round = `these wait for each other: ConfigMap/${ns}/a -> ConfigMap/${ns}/b -> ConfigMap/${ns}/a`;
    expect(outcome.report.errors.map(({ code, file, line, message }) => [code, `${file}:${line}`, message])).toEqual([
      ['bad-annotation', 'app/a.yaml:1', `windlass.dev/depends-on: ${round}`],
      ['bad-annotation', 'app/b.yaml:1', `windlass.dev/depends-on: ${round}`],
      ['bad-annotation', 'app/c.yaml:1', `windlass.dev/depends-on: the sync has no apps/Deployment/${ns}/nowhere`],
    ]);
    expect(reasonOf(outcome.changes, '/d')).toBe(`it waits for ConfigMap/${ns}/a, which could not be applied`);
    expect(await live('v1', 'ConfigMap', 'free')).toBeDefined();
    expect(await live('v1', 'ConfigMap', 'old')).toBeDefined();
  });

  it('is pruned before them', async () => {
    const { pull, namespace: ns } = await world();
    const files = { 'ns.yaml': namespace(ns), 'keep.yaml': configMap(ns, 'keep', { a: '1' }) };
    const more = {
      'a.yaml': mapAfter(ns, 'after', `apps/Deployment/${ns}/db`),
      'b.yaml': deployment(ns, 'db', 'db:1'),
    };
    await pull({ ...files, ...more }, { wait: 'block' });
    const outcome = await pull(files);
    const pruned = outcome.changes.filter(({ action }) => action === 'pruned').map(({ object }) => object);
    expect(pruned).toEqual([`ConfigMap/${ns}/after`, `apps/Deployment/${ns}/db`]);
  });

  it("waits for the waves of Argo CD's annotation one after the other", async () => {
    const { pull, namespace: ns, live, cluster: inner } = await world();
    const files = {
      'ns.yaml': namespace(ns),
      'a.yaml': inWave(-1, deployment(ns, 'db', 'db:1.0.0')),
      'b.yaml': configMap(ns, 'second', { a: '1' }),
    };
    const eyes = watched(inner, 'second', () => live('apps/v1', 'Deployment', 'db'));
    const outcome = await pull(files, { wait: 'block', cluster: eyes.cluster });
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    expect(eyes.seen.map((db) => db?.['status'])).toMatchObject([{ availableReplicas: 1 }]);
  });
});
