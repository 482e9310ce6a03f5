import { execFileSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { UserError } from '../../lib/model/errors.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, crd, deployment, namespace, service } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';
import { kubectl } from './kube-kubectl.ts';

const open: World[] = [];
async function world(spec = syncSpec()): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, spec);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const made of open.splice(0)) await made.close();
});

/** The cluster, with some of its methods replaced. */
function withMethods(real: World['cluster'], methods: Partial<World['cluster']>): World['cluster'] {
  return new Proxy(real, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

const replicasOf = (object: unknown) => (object as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;
const reasonOf = ({ changes }: { changes: { object: string; reason?: string }[] }, object: string) =>
  changes.find((change) => change.object === object)?.reason;

function hpa(ns: string, minReplicas: number): string {
  return `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: ${ns} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: ${minReplicas}
  maxReplicas: 6
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
`;
}

/** Scales through the subresource, as somebody else. */
function scale(ns: string, replicas: number, manager?: string): void {
  if (manager === undefined) kubectl(['scale', 'deployment', 'web', '-n', ns, `--replicas=${replicas}`]);
  else {
    const patch = JSON.stringify({ spec: { replicas } });
    kubectl([
      'patch',
      'deployment',
      'web',
      '-n',
      ns,
      '--subresource=scale',
      `--field-manager=${manager}`,
      '--type=merge',
      '-p',
      patch,
    ]);
  }
}

describeWithCluster('the replicas of a Deployment', () => {
  it('are the autoscaler’s while a HorizontalPodAutoscaler targets it, and Git’s again in the pull that drops it', async () => {
    const { pull, namespace: ns, live, cluster: real } = await world();
    const web = `apps/Deployment/${ns}/web`;
    const base = { 'ns.yaml': namespace(ns), 'other.yaml': configMap(ns, 'other', {}) };
    const files = (image: string, replicas = 1) => ({ ...base, 'web.yaml': deployment(ns, 'web', image, replicas) });
    const scaled = (image: string, replicas = 1) => ({ ...files(image, replicas), 'hpa.yaml': hpa(ns, 3) });
    const count = async () => replicasOf(await live('apps/v1', 'Deployment', 'web'));
    await pull(scaled('web:1'));
    await until('the autoscaler scales to its minimum', async () => (await count()) === 3);

    const quiet = await pull(scaled('web:1'), { revision: 'a'.repeat(40) });
    expect([quiet.report.drift, actionsOf(quiet)]).toEqual([[], { unchanged: 4 }]);
    const scaler = `autoscaling/HorizontalPodAutoscaler/${ns}/web`;
    expect(reasonOf(quiet, web)).toBe(`spec.replicas is left to ${scaler}`);
    const left = [{ object: web, fields: ['spec.replicas'], holder: scaler }];
    expect(quiet.report.left).toEqual(left);
    const changed = await pull(scaled('web:2'));
    expect([changed.report.drift, changed.report.errors]).toEqual([[], []]);
    expect(reasonOf(changed, web)).toBe(`changed in Git; spec.replicas is left to ${scaler}`);
    expect(changed.report.left).toEqual(left);
    expect(await count()).toBe(3);
    await pull(scaled('web:2', 2));
    expect(await count()).toBe(3);

    // A person scales it through the subresource, another one edits it: the autoscaler's as well.
    scale(ns, 5);
    const byHand = await pull(scaled('web:2', 2));
    expect([byHand.report.drift, byHand.report.left]).toEqual([[], left]);
    expect((await pull(scaled('web:3', 2))).report.drift).toEqual([]);
    expect(await count()).toBe(5);
    kubectl([
      'patch',
      'deployment',
      'web',
      '-n',
      ns,
      '--field-manager=kubectl-edit',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":4,"paused":true}}',
    ]);
    const healed = await pull(scaled('web:3', 2));
    expect(healed.report.drift.flatMap(({ fields }) => fields.map(({ path }) => path))).toEqual(['spec.paused']);
    expect(await count()).toBe(4);

    const list = real.list.bind(real);
    let lists = 0;
    const counting = withMethods(real, {
      list: (...args: Parameters<typeof list>) => {
        if (args[0].kind === 'HorizontalPodAutoscaler' && args[1] === undefined) lists++;
        return list(...args);
      },
    });
    const dropped = await pull(files('web:3', 2), { cluster: counting });
    expect([dropped.report.errors, await count(), lists]).toEqual([[], 2, 1]);
    expect(dropped.report.drift).toMatchObject([{ object: web, fields: [{ path: 'spec.replicas', live: 4 }] }]);
    // It goes when all is healthy; until then it may scale once more, which the next pull takes back.
    await until('the autoscaler is pruned', async () => {
      const { report } = await pull(files('web:3', 2), { wait: 'block' });
      expect(report.errors).toEqual([]);
      return (await live('autoscaling/v2', 'HorizontalPodAutoscaler', 'web')) === undefined;
    });
    await pull(files('web:3', 2), { wait: 'block' });
    expect(await count()).toBe(2);
    lists = 0;
    const after = await pull(files('web:3', 2), { cluster: counting });
    expect([after.report.drift, actionsOf(after), lists]).toEqual([[], { unchanged: 3 }, 0]);
  });

  it('are an autoscaler’s that Git does not know, until that is deleted', async () => {
    const { pull, namespace: ns, live } = await world();
    const files = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1', 1) };
    const count = async () => replicasOf(await live('apps/v1', 'Deployment', 'web'));
    await pull(files);
    kubectl(['apply', '-f', '-'], hpa(ns, 2));
    await until('the autoscaler scales to its minimum', async () => (await count()) === 2);
    expect((await pull(files)).report.drift).toEqual([]);
    expect(await count()).toBe(2);
    kubectl(['delete', 'hpa', 'web', '-n', ns]);
    const back = await pull(files);
    expect(back.report.drift).toMatchObject([
      {
        fields: [{ path: 'spec.replicas', git: 1, live: 2, manager: 'kube-controller-manager', subresource: 'scale' }],
      },
    ]);
    expect(await count()).toBe(1);
    expect((await pull(files)).report.drift).toEqual([]);
  });

  it('come back although they were ours, when the autoscaler is gone before it ever scaled', async () => {
    const { pull, namespace: ns, live } = await world();
    const files = (image: string, replicas: number) => ({
      'ns.yaml': namespace(ns),
      'web.yaml': deployment(ns, 'web', image, replicas),
    });
    const count = async () => replicasOf(await live('apps/v1', 'Deployment', 'web'));
    await pull(files('web:1', 2));
    kubectl(['apply', '-f', '-'], hpa(ns, 1));
    await pull(files('web:2', 4));
    expect(await count()).toBe(2);
    kubectl(['delete', 'hpa', 'web', '-n', ns]);
    const back = await pull(files('web:2', 4));
    expect(reasonOf(back, `apps/Deployment/${ns}/web`)).toBe('no autoscaler sets its replicas any more');
    expect(await count()).toBe(4);
    expect(actionsOf(await pull(files('web:2', 4)))).toEqual({ unchanged: 2 });
  });

  it('are taken back from a person where no autoscaler is, and named', async () => {
    const { pull, namespace: ns, live } = await world();
    const files = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1', 1) };
    await pull(files);
    scale(ns, 3);
    const { report } = await pull(files);
    expect(report.drift).toMatchObject([
      { fields: [{ path: 'spec.replicas', git: 1, live: 3, manager: 'kubectl', subresource: 'scale' }] },
    ]);
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(1);
  });

  it('are KEDA’s while a ScaledObject targets it, also at 0', async () => {
    const { pull, namespace: ns, live } = await world();
    const files = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1', 2) };
    const count = async () => replicasOf(await live('apps/v1', 'Deployment', 'web'));
    await pull(files);
    const definition = crd('keda.sh')
      .replaceAll('widgets', 'scaledobjects')
      .replaceAll('widget', 'scaledobject')
      .replaceAll('Widget', 'ScaledObject')
      .replace('name: v1\n', 'name: v1alpha1\n')
      .replace('properties: { size: { type: integer } }', 'x-kubernetes-preserve-unknown-fields: true');
    kubectl(['apply', '-f', '-'], definition);
    try {
      kubectl(['wait', '--for=condition=Established', 'crd/scaledobjects.keda.sh', '--timeout=480s']);
      const object = `apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: web, namespace: ${ns} }\nspec: { scaleTargetRef: { name: web } }\n`;
      await until('the kind is served', async () => kubectl(['apply', '-f', '-'], object));
      scale(ns, 0, 'keda-operator');
      expect((await pull(files)).report.drift).toEqual([]);
      expect(await count()).toBe(0);
      kubectl(['delete', 'scaledobject', 'web', '-n', ns]);
      expect((await pull(files)).report.drift).toMatchObject([
        { fields: [{ path: 'spec.replicas', note: 'by whom is not recorded' }] },
      ]);
      expect(await count()).toBe(2);
    } finally {
      kubectl(['delete', 'crd', 'scaledobjects.keda.sh']);
    }
  });

  it('are told from managed fields alone where autoscalers may not be read, with a notice', async () => {
    const { pull, namespace: ns, live, cluster: real } = await world();
    const files = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1', 1) };
    await pull(files);
    scale(ns, 3, 'kube-controller-manager');
    const blind = withMethods(real, {
      list: (...[resource, ...rest]: Parameters<typeof real.list>) => {
        if (resource.kind !== 'HorizontalPodAutoscaler') return real.list(resource, ...rest);
        return Promise.reject(new UserError('forbidden', { code: 'forbidden', subject: 'list' }));
      },
    });
    const { report } = await pull(files, { cluster: blind });
    expect(report.notices).toMatchObject([{ code: 'autoscalers-unread' }]);
    expect([report.drift, report.errors]).toEqual([[], []]);
    expect(replicasOf(await live('apps/v1', 'Deployment', 'web'))).toBe(3);
  });

  it('are told from the autoscalers that may be read, where one of them answers', async () => {
    const { pull, namespace: ns, live, cluster: real } = await world();
    const files = { 'ns.yaml': namespace(ns), 'web.yaml': deployment(ns, 'web', 'web:1', 1), 'hpa.yaml': hpa(ns, 3) };
    const blind = withMethods(real, {
      preferred: (group: string, kind: string) =>
        group === 'keda.sh'
          ? Promise.reject(new UserError('forbidden', { code: 'forbidden', subject: 'list' }))
          : real.preferred(group, kind),
    });
    await pull(files);
    const count = async () => replicasOf(await live('apps/v1', 'Deployment', 'web'));
    await until('the autoscaler scales to its minimum', async () => (await count()) === 3);
    const { report } = await pull(files, { cluster: blind });
    expect([report.drift, report.errors, report.notices]).toEqual([[], [], undefined]);
    expect(await count()).toBe(3);
  });
});

describeWithCluster('a field that a controller sets', () => {
  const authority = Buffer.from('a certificate').toString('base64');
  const webhook = (name: string, note: string, annotations = '') =>
    `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: ${name}, labels: { note: "${note}" }, annotations: { example.com/team: blue${annotations} } }
webhooks:
  - name: x.example.com
    clientConfig: { url: "https://x.example.com/x", caBundle: "" }
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    rules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [none] }]
`;
  const inject = (kind: string, name: string, patch: unknown) =>
    kubectl([
      'patch',
      kind,
      name,
      '--field-manager=cert-manager-cainjector',
      '--type=json',
      '-p',
      JSON.stringify(patch),
    ]);
  const bundle = (object: unknown) =>
    (object as { webhooks?: { clientConfig?: { caBundle?: string } }[] } | undefined)?.webhooks?.[0]?.clientConfig
      ?.caBundle;

  it('is left to it and said so, also when the rest of the object changes; an annotation takes it', async () => {
    const { pull, namespace: ns, live, sync } = await world();
    const name = `hook-${sync.name}`;
    const hook = () => live('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name, '');
    const base = { 'ns.yaml': namespace(ns) };
    const id = `admissionregistration.k8s.io/ValidatingWebhookConfiguration/${name}`;
    expect((await pull({ ...base, 'hook.yaml': webhook(name, '1') })).report.errors).toEqual([]);
    inject('validatingwebhookconfiguration', name, [
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: authority },
    ]);
    const quiet = await pull({ ...base, 'hook.yaml': webhook(name, '1') });
    expect([quiet.report.drift, actionsOf(quiet)]).toEqual([[], { unchanged: 2 }]);
    expect(reasonOf(quiet, id)).toBe(
      'webhooks[name=x.example.com].clientConfig.caBundle is left to cert-manager-cainjector',
    );
    await pull({ ...base, 'hook.yaml': webhook(name, '2') });
    expect(bundle(await hook())).toBe(authority);
    expect((await pull({ ...base, 'hook.yaml': webhook(name, '2') })).report.drift).toEqual([]);

    const taking = webhook(name, '2', ', windlass.dev/take-paths: "/webhooks/0/clientConfig/caBundle"');
    await pull({ ...base, 'hook.yaml': taking });
    expect(bundle(await hook())).not.toBe(authority);
    inject('validatingwebhookconfiguration', name, [
      { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: authority },
    ]);
    const back = await pull({ ...base, 'hook.yaml': taking });
    expect(back.report.drift).toMatchObject([{ object: id, fields: [{ manager: 'cert-manager-cainjector' }] }]);
    expect(bundle(await hook())).not.toBe(authority);
    await pull(base);
  });

  it('is left in an APIService, a CRD’s conversion and a Service', async () => {
    const { pull, namespace: ns, live, sync } = await world();
    const group = `${sync.name}.example.com`;
    const apiService = `apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.${group}x }
spec:
  group: ${group}x
  version: v1
  groupPriorityMinimum: 10
  versionPriority: 10
  caBundle: ""
  service: { name: none, namespace: ${ns} }
`;
    const converted = crd(group).replace(
      '  versions:',
      `  conversion:\n    strategy: Webhook\n    webhook: { conversionReviewVersions: [v1], clientConfig: { url: "https://x.example.com", caBundle: "" } }\n  versions:`,
    );
    const balanced = service(ns, 'web').replace(
      'metadata: {',
      'metadata: { annotations: { example.com/scheme: internal },',
    );
    const files = (note: string) => ({
      'ns.yaml': namespace(ns),
      'crd.yaml': converted.replace('metadata: {', `metadata: { labels: { note: "${note}" },`),
      'api.yaml': apiService.replace('metadata: {', `metadata: { labels: { note: "${note}" },`),
      'service.yaml': balanced.replace('metadata: {', `metadata: { labels: { note: "${note}" },`),
    });
    try {
      const first = await pull(files('1'));
      expect(first.report.errors).toEqual([]);
      inject('crd', `widgets.${group}`, [
        {
          op: 'add',
          path: '/spec/conversion/webhook/clientConfig/caBundle',
          value: Buffer.from(pem).toString('base64'),
        },
      ]);
      inject('apiservice', `v1.${group}x`, [{ op: 'add', path: '/spec/caBundle', value: authority }]);
      kubectl([
        ...['annotate', 'service', 'web', '-n', ns, '--overwrite', 'example.com/scheme=internet-facing'],
        '--field-manager=cloud-controller-manager',
      ]);
      expect((await pull(files('1'))).report.drift).toEqual([]);
      const changed = await pull(files('2'));
      expect([changed.report.drift, changed.report.errors]).toEqual([[], []]);
      expect(actionsOf(changed)).toEqual({ configured: 3, unchanged: 1 });
      const definition = await live('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `widgets.${group}`, '');
      expect(JSON.stringify(definition?.['spec'])).toContain(Buffer.from(pem).toString('base64'));
      expect((await live('apiregistration.k8s.io/v1', 'APIService', `v1.${group}x`, ''))?.['spec']).toMatchObject({
        caBundle: authority,
      });
      expect((await live('v1', 'Service', 'web'))?.metadata.annotations).toMatchObject({
        'example.com/scheme': 'internet-facing',
      });
    } finally {
      kubectl(['delete', '--ignore-not-found', 'apiservice', `v1.${group}x`]);
      kubectl(['delete', '--ignore-not-found', 'crd', `widgets.${group}`]);
    }
  });
});

const pem = execFileSync(
  'openssl',
  [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    '/dev/null',
    '-subj',
    '/CN=x',
    '-days',
    '9',
  ],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
);

describeWithCluster('a field that an unknown program changed', () => {
  it('is put right and named as drift; what it added stays', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const files = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', { a: '1' }) };
    await pull(files);
    await edit('v1', 'ConfigMap', 'a', { data: { a: '9', b: 'theirs' } }, 'some-program');
    const { report } = await pull(files);
    expect(report.drift).toMatchObject([{ state: 'changed', fields: [{ path: 'data.a', manager: 'some-program' }] }]);
    expect((await live('v1', 'ConfigMap', 'a'))?.['data']).toEqual({ a: '1', b: 'theirs' });
  });
});

describeWithCluster('a race', () => {
  it('for an object that changes between the look and the release of its fields is run again', async () => {
    const { pull, namespace: ns, live, edit, cluster: real } = await world();
    const files = { 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', { a: '1' }) };
    await pull(files);
    await edit('v1', 'ConfigMap', 'a', { data: { b: 'added' } });
    const answers: string[] = [];
    const racing = withMethods(real, {
      release: async (...args: Parameters<typeof real.release>) => {
        if (answers.length < 2) await edit('v1', 'ConfigMap', 'a', { data: { a: `9${answers.length}` } });
        const answer = await real.release(...args);
        answers.push('failure' in answer ? answer.failure.code : 'taken');
        return answer;
      },
    });
    const { report } = await pull(files, { cluster: racing });
    expect([report.errors, answers]).toEqual([[], ['conflict', 'conflict', 'taken']]);
    expect((await live('v1', 'ConfigMap', 'a'))?.['data']).toEqual({ a: '1' });
  });

  it('of many writers for one object ends with what Git says, and without an error', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const files = (a: number) => ({ 'ns.yaml': namespace(ns), 'a.yaml': configMap(ns, 'a', { a: `${a}` }) });
    await pull(files(0));
    let stopped = false;
    let edits = 0;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      while (!stopped)
        await edit('v1', 'ConfigMap', 'a', { data: { [`k${writer}`]: `${edits++}` } }, `program-${writer}`);
    });
    try {
      for (let a = 1; a <= 10; a++) {
        const { report } = await pull(files(a));
        expect([report.errors, report.drift]).toEqual([[], []]);
        expect((await live('v1', 'ConfigMap', 'a'))?.['data']).toMatchObject({ a: `${a}` });
      }
    } finally {
      stopped = true;
      await Promise.all(writers);
    }
    expect(edits).toBeGreaterThan(10);
  });
});
