import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type KubernetesCluster, openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import type { UnmanagedRules } from '../../lib/config/config.ts';
import { type DriftDeps, type DriftRequest, drift } from '../../lib/drift/drift.ts';
import type { ClusterReader } from '../../lib/drift/ports.ts';
import { describeWithCluster, privateControlPlane, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { configMap, crd, deployment, namespace, service, statefulSet } from '../pull/manifests.ts';
import { openWorld, syncSpec, type World } from '../pull/world.ts';

const { path: program } = await findKubectl({ env: process.env });

/** An API server with syncs on it, and a person at kubectl. */
async function stage(kubeconfig: string) {
  const worlds = new Map<string, World>();
  const open = async (name: string) => {
    const world = await openWorld(kubeconfig, syncSpec({ name }));
    onTestFinished(() => world.cluster.close());
    worlds.set(name, world);
    return world;
  };
  const rules: UnmanagedRules = { namespaces: ['shop-*'], ignore: [] };
  return {
    kubectl: (args: string[], input?: string) =>
      execFileSync(program, ['--kubeconfig', kubeconfig, ...args], { input, encoding: 'utf8', stdio: 'pipe' }),
    async pull(name: string, files: Record<string, string>) {
      const world = worlds.get(name) ?? (await open(name));
      const { report } = await world.pull(files);
      expect(report.errors).toEqual([]);
      return report;
    },
    async check(name: string, request: Partial<DriftRequest> = {}, deps: Partial<DriftDeps> = {}) {
      const world = worlds.get(name)!;
      const syncs = [...worlds.keys()];
      return await drift(
        { sync: world.sync, run: 'check', now: new Date(), unmanaged: { rules, syncs }, ...request },
        {
          ...{ cluster: world.cluster, records: world.records, findings: { send: async () => undefined } },
          desired: { head: async () => 'a', objects: async () => [] },
          ...deps,
        },
      );
    },
    rules,
    world: (name: string) => worlds.get(name)!,
  };
}

/** The methods of a cluster as functions of an object of their own. */
function bound(cluster: KubernetesCluster): ClusterReader {
  return {
    as: (user) => cluster.as(user),
    resource: (...args) => cluster.resource(...args),
    kinds: () => cluster.kinds(),
    schema: (...args) => cluster.schema(...args),
    pages: (...args) => cluster.pages(...args),
    get: (...args) => cluster.get(...args),
  };
}

const objectsOf = ({ drift: found }: Awaited<ReturnType<typeof drift>>) =>
  found.map(({ object, state }) => `${state} ${object}`);

describeWithCluster('objects that nobody declared, without controllers', () => {
  it('are found whatever their kind, with who made them and when, and told by one sync', async () => {
    const plane = await privateControlPlane();
    const { kubectl, pull, check } = await stage(plane.kubeconfigPath);
    const group = `g${randomBytes(3).toString('hex')}.example.com`;
    await pull('infra', {
      'shop.yaml': namespace('shop-prod'),
      'other.yaml': namespace('other'),
      'crd.yaml': crd(group),
      'web.yaml': deployment('shop-prod', 'web', 'web:1'),
    });
    await pull('a-first', { 'settings.yaml': configMap('shop-prod', 'of-a', { a: '1' }) });
    expect(objectsOf(await check('infra'))).toEqual([]);

    kubectl(['-n', 'shop-prod', 'create', 'configmap', 'stray', '--from-literal=a=1']);
    kubectl(['-n', 'shop-prod', 'create', 'secret', 'generic', 'token', '--from-literal=a=canary']);
    kubectl(['-n', 'shop-prod', 'create', 'deployment', 'debug', '--image=debug:1']);
    kubectl(['-n', 'shop-prod', 'run', 'shell', '--image=shell:1']);
    kubectl(
      ['apply', '-f', '-'],
      `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: one, namespace: shop-prod }\nspec: { size: 1 }\n`,
    );
    kubectl(['apply', '--server-side', '--field-manager=some-tool', '-f', '-'], service('shop-prod', 'by-tool'));
    kubectl(['-n', 'other', 'create', 'configmap', 'elsewhere', '--from-literal=a=1']);
    kubectl(['create', 'namespace', 'shop-free']);
    kubectl(['-n', 'shop-free', 'create', 'configmap', 'free', '--from-literal=a=1']);
    const found = await check('infra');
    expect(found.unknown).toEqual([]);
    expect(objectsOf(found)).toEqual([
      'unmanaged ConfigMap/shop-prod/stray',
      'unmanaged Pod/shop-prod/shell',
      'unmanaged Secret/shop-prod/token',
      'unmanaged Service/shop-prod/by-tool',
      'unmanaged apps/Deployment/shop-prod/debug',
      `unmanaged ${group}/Widget/shop-prod/one`,
    ]);
    const reasons = Object.fromEntries(found.drift.map(({ object, reason }) => [object, reason]));
    expect(reasons['ConfigMap/shop-prod/stray']).toMatch(/^made at \d{4}-\S+Z by kubectl-create$/);
    expect(reasons['Service/shop-prod/by-tool']).toMatch(/^made at \S+ by some-tool$/);
    expect(JSON.stringify(found)).not.toContain('canary');
    // The sync that declares the namespace tells of it, though another one comes before it by name.
    expect(objectsOf(await check('a-first'))).toEqual([]);

    kubectl(['-n', 'shop-prod', 'label', 'configmap/stray', 'a=b']);
    expect((await check('infra')).drift[0]?.reason).toMatch(/ by kubectl-create; kubectl-label changed it$/);
  });

  it('are none where another sync declares them, a rule allows them, they have an owner, or the cluster or Helm made them', async () => {
    const plane = await privateControlPlane();
    const { kubectl, pull, check, rules } = await stage(plane.kubeconfigPath);
    kubectl(['create', 'namespace', 'shop-prod']);
    await pull('b', { 'b.yaml': configMap('shop-prod', 'of-b', { a: '1' }) });
    await pull('c', { 'c.yaml': configMap('shop-prod', 'of-c', { a: '1' }) });
    const make = (text: string) => kubectl(['-n', 'shop-prod', 'create', '-f', '-'], text);
    const { uid } = JSON.parse(kubectl(['-n', 'shop-prod', 'get', 'configmap/of-b', '-o', 'json'])).metadata;
    const owners = `ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: of-b, uid: ${uid} }]`;
    make(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: owned, ${owners} }\ndata: { a: b }\n`);
    make(
      'apiVersion: v1\nkind: Secret\nmetadata: { name: sh.helm.release.v1.shop.v1, labels: { owner: helm } }\ntype: helm.sh/release.v1\n',
    );
    make('apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: { name: leader }\nspec: { holderIdentity: me }\n');
    make('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kube-root-ca.crt }\ndata: { a: b }\n');
    make('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: known }\ndata: { a: b }\n');
    const by = (manager: string, name: string) =>
      kubectl(['-n', 'shop-prod', 'create', 'configmap', name, '--from-literal=a=1', `--field-manager=${manager}`]);
    by('cert-manager-issuing', 'by-controller');
    by('shop-agent', 'by-agent');
    const ignored = { rules: { ...rules, ignore: ['ConfigMap/*/known'] }, syncs: ['b', 'c'] };
    // Nobody declares the namespace: the first sync by name that has something in it tells of it.
    expect(objectsOf(await check('c', { unmanaged: ignored }))).toEqual([]);
    expect(objectsOf(await check('b', { unmanaged: ignored }))).toEqual(['unmanaged ConfigMap/shop-prod/by-agent']);
    const settings = { ignore: [], managers: { alert: [], silent: ['shop-agent'] } };
    expect(objectsOf(await check('b', { unmanaged: ignored, settings }))).toEqual([]);
    const everywhere = { rules: { namespaces: ['*'], ignore: ['ConfigMap/*/known'] }, syncs: ['b', 'c'] };
    expect(objectsOf(await check('b', { unmanaged: everywhere, settings }))).toEqual([]);
    // Of a sync that is not checked any more nobody would tell.
    expect(objectsOf(await check('c', { unmanaged: { ...ignored, syncs: ['c'] } }))).toHaveLength(1);
  });

  it('are none of what a pull is just writing', async () => {
    const plane = await privateControlPlane();
    const { pull, check, world } = await stage(plane.kubeconfigPath);
    await pull('shop', { 'shop.yaml': namespace('shop-prod') });
    await pull('more', { 'more.yaml': configMap('shop-prod', 'first', { a: '1' }) });
    const { cluster: reader } = world('shop');
    const kinds = async () => {
      await pull('more', { 'more.yaml': configMap('shop-prod', 'second', { a: '1' }) });
      return await reader.kinds();
    };
    const cluster = { ...bound(reader), kinds };
    expect(objectsOf(await check('shop', {}, { cluster }))).toEqual([]);
  });

  it('are unknown where a kind cannot be listed, and of Secrets nothing is said where they are left out', async () => {
    const plane = await privateControlPlane();
    const { kubectl, pull, check } = await stage(plane.kubeconfigPath);
    await pull('shop', {
      'shop.yaml': namespace('shop-prod'),
      'settings.yaml': configMap('shop-prod', 'a', { a: '1' }),
    });
    kubectl(['-n', 'shop-prod', 'create', 'configmap', 'stray', '--from-literal=a=1']);
    kubectl(['-n', 'shop-prod', 'create', 'secret', 'generic', 'token', '--from-literal=a=1']);
    const left = await check('shop', {}, { secrets: 'left' });
    expect([objectsOf(left), left.unknown, left.leftOut]).toEqual([
      ['unmanaged ConfigMap/shop-prod/stray'],
      [],
      ['Secret'],
    ]);

    kubectl(['create', 'clusterrole', 'some', '--verb=get,list', '--resource=configmaps,namespaces,secrets']);
    kubectl(['create', 'clusterrolebinding', 'some', '--clusterrole=some', '--user=reader']);
    const kubeconfig = join(await temporaryFolder(), 'reader.kubeconfig');
    await writeFile(kubeconfig, await plane.addUser({ name: 'reader' }));
    const reader = await openCluster({ kubeconfig });
    onTestFinished(() => reader.close());
    const records = new ClusterRecords(reader.client, { readOnly: true });
    const found = await waitFor(
      async () => {
        const one = await check('shop', {}, { cluster: reader, records });
        return one.drift.length > 0 && one;
      },
      { what: 'the grant to be known' },
    );
    expect(objectsOf(found)).toEqual(['unmanaged ConfigMap/shop-prod/stray', 'unmanaged Secret/shop-prod/token']);
    expect(found.unknown.map(({ object }) => object)).toContain('apps/Deployment');
    expect(found.unknown.every(({ reason }) => reason.includes('forbidden'))).toBe(true);
    expect(found.unknown.every(({ undeclared }) => undeclared)).toBe(true);
    expect(Object.keys(reader.stats()).sort()).toEqual(['discover', 'get', 'list']);
  });

  it('are unknown of a group whose own server does not answer', async () => {
    const plane = await privateControlPlane();
    const { kubectl, pull, check } = await stage(plane.kubeconfigPath);
    await pull('shop', { 'shop.yaml': namespace('shop-prod') });
    const spec = 'group: lost.example.com, version: v1, groupPriorityMinimum: 100, versionPriority: 1';
    const service = 'service: { namespace: shop-prod, name: lost }, insecureSkipTLSVerify: true';
    const lost = `apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: { name: v1.lost.example.com }\n`;
    kubectl(['create', '-f', '-'], `${lost}spec: { ${spec}, ${service} }\n`);
    const { unknown, drift: found } = await waitFor(
      async () => {
        const one = await check('shop');
        return one.unknown.length > 0 && one;
      },
      { what: 'the group to be known' },
    );
    expect(found).toEqual([]);
    expect(unknown).toEqual([
      {
        object: 'lost.example.com',
        reason: expect.stringContaining('its own server does not answer'),
        undeclared: true,
      },
    ]);
  });

  it('are unknown as a whole where what a sync has applied cannot be read', async () => {
    const plane = await privateControlPlane();
    const { kubectl, pull, check } = await stage(plane.kubeconfigPath);
    await pull('shop', { 'shop.yaml': namespace('shop-prod') });
    await pull('more', { 'more.yaml': configMap('shop-prod', 'of-more', { a: '1' }) });
    const broken = ['-n', 'windlass-system', 'annotate', '--overwrite', 'configmap/windlass-record-more-0'];
    kubectl([...broken, 'windlass.dev/record-sha256=0']);
    const found = await check('shop');
    expect(found.drift).toEqual([]);
    expect(found.unknown).toEqual([
      {
        object: '*',
        reason: expect.stringMatching(/^objects that nobody declared: the applied record of sync more cannot be read/),
        undeclared: true,
      },
    ]);
  });
});

describeWithCluster('objects that nobody declared, with controllers', () => {
  it('are none of what controllers make, and of what a person makes only what that person made', async () => {
    const plane = await privateControlPlane({ controllers: true });
    const { kubectl, pull, check } = await stage(plane.kubeconfigPath);
    await pull('shop', {
      'shop.yaml': namespace('shop-prod'),
      'web.yaml': deployment('shop-prod', 'web', 'web:1', 2),
      'service.yaml': service('shop-prod', 'web'),
      'db.yaml': statefulSet('shop-prod', 'db'),
      'headless.yaml': service('shop-prod', 'db').replace('spec:', 'spec:\n  clusterIP: None'),
      'job.yaml': `apiVersion: batch/v1
kind: CronJob
metadata: { name: tick, namespace: shop-prod }
spec:
  schedule: "* * * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: tick, image: "tick:1" }] } } } }
`,
    });
    const names = (kind: string) => kubectl(['-n', 'shop-prod', 'get', kind, '-o', 'name']).trim().split('\n');
    const made = async () => {
      const [pods, claims, slices, accounts] = [
        'pods',
        'persistentvolumeclaims',
        'endpointslices',
        'serviceaccounts',
      ].map(names);
      return (
        pods!.length >= 3 && claims!.length === 1 && slices!.length === 2 && accounts![0] === 'serviceaccount/default'
      );
    };
    await waitFor(made, { what: 'the controllers to have made what they make' });
    const found = await check('shop');
    expect([objectsOf(found), found.unknown]).toEqual([[], []]);

    kubectl(['-n', 'shop-prod', 'create', 'deployment', 'debug', '--image=debug:1', '--replicas=2']);
    kubectl(['-n', 'shop-prod', 'create', 'job', 'once', '--from=cronjob/tick']);
    await waitFor(() => names('pods').some((name) => name.startsWith('pod/debug-')), { what: 'its pods' });
    const strays = ['unmanaged apps/Deployment/shop-prod/debug'];
    expect(objectsOf(await check('shop'))).toEqual(strays);
    kubectl(['-n', 'shop-prod', 'delete', 'deployment', 'debug', '--cascade=foreground', '--wait=false']);
    await waitFor(async () => objectsOf(await check('shop')).length === 0, { what: 'it to be over' });
  });
});
