import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { findHelm } from '../../lib/adapters/renderers/helm-program.ts';
import { lastAppliedAnnotation } from '../../lib/kube/mask.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';
import { kubectl } from './kube-kubectl.ts';

const open: World[] = [];
async function world(): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec());
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** What the earlier tool applies: more than Git has later. */
function before(ns: string): string {
  const web = deployment(ns, 'web', 'web:1', 2).replace(
    '            - { name: MODE, value: plain }',
    '            - { name: MODE, value: plain }\n            - { name: OLD, value: "1" }',
  );
  return [configMap(ns, 'settings', { a: '1', old: '1' }), web].join('---\n');
}

const after = (ns: string) => ({
  'ns.yaml': namespace(ns),
  'a.yaml': configMap(ns, 'settings', { a: '1' }),
  'b.yaml': deployment(ns, 'web', 'web:1', 2),
});

const serverSide = (manager: string) => (ns: string) =>
  void kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], before(ns));

async function byHelm(ns: string): Promise<void> {
  const { path: helm } = await findHelm({ env: process.env });
  const dir = await mkdtemp(join(tmpdir(), 'windlass-test-chart-'));
  try {
    await mkdir(join(dir, 'templates'));
    await writeFile(join(dir, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
    await writeFile(join(dir, 'templates', 'all.yaml'), before(ns));
    execFileSync(helm, ['install', 'shop', dir, '--namespace', ns, '--kubeconfig', cluster().kubeconfigPath], {
      stdio: 'pipe',
      env: { ...process.env, HELM_CACHE_HOME: dir, HELM_CONFIG_HOME: dir, HELM_DATA_HOME: dir },
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** As of objects that were stored before managed fields were kept, or of which somebody took them away. */
function withoutManagers(ns: string): void {
  kubectl(['create', '-f', '-'], before(ns));
  for (const name of ['configmap/settings', 'deployment/web']) {
    const patch = JSON.stringify({ metadata: { managedFields: [{}] } });
    kubectl(['patch', name, '-n', ns, '--type=merge', '-p', patch]);
  }
}

const managersOf = (
  object: { metadata: { managedFields?: { manager?: string; subresource?: string }[] } } | undefined,
) => (object?.metadata.managedFields ?? []).filter(({ subresource }) => !subresource).map(({ manager }) => manager);

describeWithCluster('what leaves Git leaves the cluster, when the object was there before by', () => {
  it.each<[string, string[], (ns: string) => void | Promise<void>]>([
    ['kubectl apply', ['kubectl-client-side-apply'], (ns) => void kubectl(['apply', '-f', '-'], before(ns))],
    ['kubectl create', ['kubectl-create'], (ns) => void kubectl(['create', '-f', '-'], before(ns))],
    ['kubectl apply --server-side', ['kubectl'], serverSide('kubectl')],
    ['helm install', ['helm'], byHelm],
    ['Flux', ['kustomize-controller'], serverSide('kustomize-controller')],
    ['Argo CD', ['argocd-controller'], serverSide('argocd-controller')],
    ['nobody that is known', [], withoutManagers],
  ])('%s', async (_tool, managers, applyBefore) => {
    const { pull, namespace: ns, live } = await world();
    kubectl(['create', 'namespace', ns]);
    await applyBefore(ns);
    const settings = () => live('v1', 'ConfigMap', 'settings');
    const web = () => live('apps/v1', 'Deployment', 'web');
    const generation = await until('the Deployment is seen by its controller', async () => {
      const found = await web();
      const { observedGeneration } = (found?.['status'] ?? {}) as { observedGeneration?: number };
      return observedGeneration === found?.metadata.generation && found;
    });
    expect(managersOf(generation)).toEqual(expect.arrayContaining(managers));

    const adopted = await pull(after(ns), { wait: 'block' });
    expect(adopted.report.errors).toEqual([]);
    expect((await settings())?.['data']).toEqual({ a: '1' });
    expect(JSON.stringify((await web())?.['spec'])).not.toContain('OLD');
    expect((await web())?.['spec']).toMatchObject({ replicas: 2 });
    for (const object of [await settings(), await web()]) {
      expect(managersOf(object)).toEqual(['windlass']);
      expect(object?.metadata.annotations).not.toHaveProperty([lastAppliedAnnotation]);
    }
    for (const manager of managers) {
      const { reason } = adopted.changes.find(({ object }) => object === `ConfigMap/${ns}/settings`) ?? {};
      expect(reason).toBe(`it was there before this sync; taken over from ${manager}`);
    }
    const again = await pull(after(ns));
    expect([actionsOf(again), again.report.drift]).toEqual([{ unchanged: 3 }, []]);
  });

  it('Helm, while an autoscaler scales it: its replicas are left', async () => {
    const { pull, namespace: ns, live } = await world();
    kubectl(['create', 'namespace', ns]);
    await byHelm(ns);
    kubectl(['autoscale', 'deployment', 'web', '-n', ns, '--min=3', '--max=5', '--cpu=80%']);
    const replicas = async () => (await live('apps/v1', 'Deployment', 'web'))?.['spec'] as { replicas: number };
    await until('the autoscaler scales to its minimum', async () => (await replicas()).replicas === 3);
    const adopted = await pull(after(ns));
    expect(adopted.report.errors).toEqual([]);
    expect((await replicas()).replicas).toBe(3);
    expect(adopted.changes.find(({ object }) => object === `apps/Deployment/${ns}/web`)?.reason).toBe(
      `it was there before this sync; taken over from helm; spec.replicas is left to autoscaling/HorizontalPodAutoscaler/${ns}/web`,
    );
  });

  it('Flux, when the pull that takes it over is cut off', async () => {
    const { pull, namespace: ns, live, cluster: real, entries } = await world();
    kubectl(['create', 'namespace', ns]);
    serverSide('kustomize-controller')(ns);
    const dying = new Proxy(real, {
      get(target, name) {
        if (name === 'release') return () => Promise.reject(new Error('killed'));
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
    await expect(pull(after(ns), { cluster: dying })).rejects.toThrow('killed');
    expect((await entries()).has(`ConfigMap/${ns}/settings`)).toBe(false);
    expect((await pull(after(ns))).report.errors).toEqual([]);
    expect((await live('v1', 'ConfigMap', 'settings'))?.['data']).toEqual({ a: '1' });
  });
});
