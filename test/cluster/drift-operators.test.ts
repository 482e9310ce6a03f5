import { expect, it } from 'vitest';
import { type DriftStage, foundIn, type Loose, managersOf } from '../helpers/drift-stage.ts';
import { describeWithStages } from '../helpers/drift-stages.ts';
import { configMap, deployment, service } from '../pull/manifests.ts';

/**
 * What operators and controllers that are not part of Kubernetes write beside Git, as they write it: whole objects put back by an Update,
 * merge patches, forced applies, subresources, under the field managers that they have. A check and a pull find nothing, the pull writes
 * nothing, and a hand edit beside it is found and put right.
 */

/** Reads the object, changes it and puts it back whole, as programs made with controller-runtime do. */
function put(stage: DriftStage, manager: string, target: string, change: (object: Loose) => void): void {
  const object = stage.get(target);
  change(object);
  delete object.metadata.managedFields;
  stage.kubectl(['replace', `--field-manager=${manager}`, '-f', '-'], JSON.stringify(object));
}

const patchAs = (stage: DriftStage, manager: string, target: string, patch: unknown, ...rest: string[]) =>
  stage.kubectl(['patch', target, '--type=merge', '-p', JSON.stringify(patch), `--field-manager=${manager}`, ...rest]);
const annotate = (stage: DriftStage, target: string) => () => stage.kubectl(['annotate', target, 'note=x']);
const noted = { 'metadata.annotations.note': 'kubectl-annotate' };

/** A kind whose objects hold anything, with or without a subresource for its status. */
const crdOf = (group: string, plural: string, kind: string, more = '') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${plural}.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { plural: ${plural}, singular: ${kind.toLowerCase()}, kind: ${kind} }
  versions:
    - name: v1
      served: true
      storage: true
${more}      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;
const subresource = '      subresources: { status: {} }\n';

const authority = (text: string) =>
  Buffer.from(
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(text).toString('base64')}\n-----END CERTIFICATE-----\n`,
  ).toString('base64');

describeWithStages('what an operator writes', (open) => {
  it('is no drift: an injected authority, also where Git has an empty one or none', async () => {
    const hook = (
      kind: string,
      ns: string,
      name: string,
      bundle: string,
    ) => `apiVersion: admissionregistration.k8s.io/v1
kind: ${kind}
metadata: { name: ${ns}-${name} }
webhooks:
  - name: x.example.com
    clientConfig: { url: "https://127.0.0.1:9/x"${bundle} }
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    rules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [none] }]
`;
    const api = (ns: string, name: string, bundle: string) => `apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.${name}.${ns}.example.com }
spec:
  group: ${name}.${ns}.example.com
  version: v1
  groupPriorityMinimum: 10
  versionPriority: 10
  service: { name: none, namespace: ${ns} }
${bundle}`;
    const stage = await open((ns) => ({
      'hooks.yaml': [
        hook('MutatingWebhookConfiguration', ns, 'empty', ', caBundle: ""'),
        hook('MutatingWebhookConfiguration', ns, 'none', ''),
        hook('ValidatingWebhookConfiguration', ns, 'empty', ', caBundle: ""'),
        hook('ValidatingWebhookConfiguration', ns, 'none', ''),
        api(ns, 'empty', '  caBundle: ""\n'),
        api(ns, 'none', ''),
      ].join('---\n'),
      'crd.yaml': crdOf(`${ns}.example.com`, 'things', 'Thing').replace(
        '  versions:',
        '  conversion:\n    strategy: Webhook\n    webhook: { conversionReviewVersions: [v1], clientConfig: { url: "https://127.0.0.1:9" } }\n  versions:',
      ),
    }));
    const { namespace: ns } = stage;
    const hooks = ['empty', 'none'].flatMap((name) =>
      ['mutating', 'validating'].map((kind) => `${kind}webhookconfiguration/${ns}-${name}`),
    );
    const apis = ['empty', 'none'].map((name) => `apiservice/v1.${name}.${ns}.example.com`);
    const pem = await certificate();
    try {
      // The second time it is another authority, as after a renewal.
      for (const [manager, bundle] of [
        ['cainjector', authority('one')],
        ['cert-manager-cainjector', authority('two')],
      ] as const) {
        for (const target of hooks)
          put(stage, manager, target, (object) => Object.assign(object.webhooks[0].clientConfig, { caBundle: bundle }));
        for (const target of apis)
          put(stage, manager, target, (object) => Object.assign(object.spec, { caBundle: bundle }));
        put(stage, manager, `crd/things.${ns}.example.com`, (object) => {
          object.spec.conversion.webhook.clientConfig.caBundle = pem;
        });
        await stage.quiet();
      }
      // Applied anew, for Git has changed, they keep it.
      stage.git['hooks.yaml'] = stage.git['hooks.yaml']!.replaceAll('https://127.0.0.1:9/x', 'https://127.0.0.1:9/y');
      await stage.pull();
      expect(stage.get(hooks[0]!).webhooks[0].clientConfig).toMatchObject({ caBundle: authority('two') });
      await stage.quiet();
      const policy = { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Fail' };
      await stage.handEdit(() => stage.kubectl(['patch', hooks[0]!, '--type=json', '-p', JSON.stringify([policy])]), {
        [`admissionregistration.k8s.io/MutatingWebhookConfiguration/${ns}-empty`]: {
          'webhooks[name=x.example.com].failurePolicy': 'kubectl-patch',
        },
      });
      await stage.handEdit(annotate(stage, apis[1]!), {
        [`apiregistration.k8s.io/APIService/v1.none.${ns}.example.com`]: noted,
      });
    } finally {
      stage.kubectl(['delete', ...hooks, ...apis, `crd/things.${ns}.example.com`]);
    }
  });

  it('is no drift: annotations, labels and finalizers of DNS, mesh, backup and load balancer controllers', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1', 2),
      'service.yaml': service(ns, 'web').replace(
        'metadata: {',
        'metadata: { finalizers: [example.com/ours], annotations: { external-dns.alpha.kubernetes.io/hostname: web.example.com },',
      ),
      'settings.yaml': configMap(ns, 'settings', { a: '1' }).replace('metadata: {', 'metadata: { annotations: {},'),
    }));
    const { namespace: ns } = stage;
    const managers = [
      'external-dns',
      'istiod',
      'pilot-discovery',
      'linkerd-proxy-injector',
      'velero',
      'controller',
      'my-app',
    ];
    for (const manager of managers) {
      for (const target of ['deployment/web', 'service/web', 'configmap/settings']) {
        const mark = { [`${manager}.example.com/at`]: 'x' };
        const finalizers = ['example.com/ours', `${manager}.example.com/cleanup`];
        const metadata = { annotations: mark, labels: mark, ...(target === 'service/web' && { finalizers }) };
        patchAs(stage, manager, target, { metadata });
      }
      await stage.quiet();
    }
    // What an unknown program added is shown to nobody, and is there still.
    expect(stage.get('configmap/settings').metadata.annotations).toHaveProperty(['my-app.example.com/at']);
    for (const [target, id] of [
      ['deployment/web', `apps/Deployment/${ns}/web`],
      ['service/web', `Service/${ns}/web`],
      ['configmap/settings', `ConfigMap/${ns}/settings`],
    ] as const) {
      await stage.handEdit(annotate(stage, target), { [id]: noted });
    }
    const finalizers = JSON.stringify({ metadata: { finalizers: ['my-app.example.com/cleanup'] } });
    await stage.handEdit(() => stage.kubectl(['patch', 'service/web', '--type=merge', '-p', finalizers]), {
      [`Service/${ns}/web`]: { 'metadata.finalizers["example.com/ours"]': 'nobody' },
    });
    stage.kubectl(['patch', 'service/web', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
  });

  it('is no drift: a load balancer’s ports, finalizer and address', async () => {
    const balanced = (ns: string) => service(ns, 'web').replace('spec:', 'spec:\n  type: LoadBalancer');
    const stage = await open((ns) => ({
      'a.yaml': balanced(ns),
      'b.yaml': balanced(ns)
        .replace('name: web', 'name: local')
        .replace('type: LoadBalancer', 'type: LoadBalancer\n  externalTrafficPolicy: Local'),
    }));
    const { namespace: ns } = stage;
    for (const name of ['web', 'local']) {
      const address = { status: { loadBalancer: { ingress: [{ hostname: 'a.elb.example.com' }] } } };
      patchAs(stage, 'cloud-controller-manager', `service/${name}`, address, '--subresource=status');
      const finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
      patchAs(
        stage,
        'cloud-controller-manager',
        `service/${name}`,
        { metadata: { finalizers } },
        '--subresource=status',
      );
      put(stage, 'controller', `service/${name}`, ({ metadata, spec }) => {
        metadata.finalizers = ['service.k8s.aws/resources'];
        spec.loadBalancerSourceRanges = ['0.0.0.0/0'];
        spec.allocateLoadBalancerNodePorts = true;
      });
    }
    const local = stage.get('service/local').spec;
    expect([local.healthCheckNodePort > 0, local.ports[0].nodePort > 0]).toEqual([true, true]);
    await stage.quiet();
    const ranges = JSON.stringify({ spec: { loadBalancerSourceRanges: ['192.0.2.0/24'] } });
    await stage.handEdit(() => stage.kubectl(['patch', 'service/local', '--type=merge', '-p', ranges]), {
      [`Service/${ns}/local`]: { 'spec.loadBalancerSourceRanges': 'kubectl-patch' },
    });
    const target = JSON.stringify([{ op: 'replace', path: '/spec/ports/0/targetPort', value: 9090 }]);
    await stage.handEdit(() => stage.kubectl(['patch', 'service/web', '--type=json', '-p', target]), {
      [`Service/${ns}/web`]: { 'spec.ports[port=80,protocol=TCP].targetPort': 'kubectl-patch' },
    });
    for (const name of ['web', 'local'])
      stage.kubectl(['patch', `service/${name}`, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
  });

  it('is no drift: a Secret that is filled, and filled anew, where Git declares it empty', async () => {
    const secret = (ns: string, name: string, more: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: ${name}, namespace: ${ns} }\n${more}`;
    const stage = await open((ns) => ({
      'secrets.yaml': [
        secret(ns, 'bare', ''),
        secret(ns, 'empty', 'data: {}\n'),
        secret(ns, 'nil', 'data: null\nstringData: {}\n'),
        secret(ns, 'keys', 'type: kubernetes.io/tls\nstringData: { tls.crt: "", tls.key: "" }\n'),
        secret(ns, 'app', 'data: {}\n'),
      ].join('---\n'),
    }));
    const { namespace: ns } = stage;
    const filled = (name: string, text: string) =>
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, annotations: { 'cert-manager.io/alt-names': text } } },
        ...(name === 'keys' && { type: 'kubernetes.io/tls' }),
        data: { 'tls.crt': btoa(`crt-${text}`), 'tls.key': btoa(`canary-${text}`) },
      });
    const issuing = ['--server-side', '--force-conflicts', '--field-manager=cert-manager-certificates-issuing'];
    for (const turn of ['one', 'two']) {
      for (const name of ['bare', 'empty', 'nil', 'keys'])
        stage.kubectl(['apply', ...issuing, '-f', '-'], filled(name, turn));
      put(stage, 'my-app', 'secret/app', (object) => Object.assign(object, { stringData: { key: `canary-${turn}` } }));
      const { report } = await stage.quiet();
      expect(report.left).toMatchObject([{ object: `Secret/${ns}/keys`, holder: 'cert-manager-certificates-issuing' }]);
      // And what is there is not taken for ours when Git has something new.
      const label = `metadata: { labels: { turn: ${turn} },`;
      stage.git['secrets.yaml'] = stage.git['secrets.yaml']!.replaceAll(
        /metadata: \{( labels: \{ \S+ \S+ \},)?/g,
        label,
      );
      await stage.pull();
      for (const name of ['bare', 'empty', 'nil', 'keys']) {
        const key = Buffer.from(stage.get(`secret/${name}`).data['tls.key'], 'base64').toString();
        expect([name, key]).toEqual([name, `canary-${turn}`]);
      }
      await stage.quiet();
    }
    for (const name of ['bare', 'empty', 'nil', 'keys', 'app']) {
      const patch = JSON.stringify({ stringData: { hand: 'canary-hand' } });
      const path = ['bare'].includes(name) ? 'data' : 'data.hand';
      await stage.handEdit(() => stage.kubectl(['patch', `secret/${name}`, '--type=merge', '-p', patch]), {
        [`Secret/${ns}/${name}`]: { [path]: 'kubectl-patch' },
      });
    }
    expect(JSON.stringify([await stage.world.records.read(stage.world.sync.name), stage.world.reports])).not.toMatch(
      /canary|Y2FuYXJ5/,
    );
  });

  it('is no drift: status of a busy kind, also where status is a field like any other, and no check is fooled by it', async () => {
    const stage = await open((ns) => ({
      'crds.yaml': [
        crdOf(`${ns}.example.com`, 'plains', 'Plain'),
        crdOf(`${ns}.example.com`, 'parted', 'Parted', subresource),
      ].join('---\n'),
      'objects.yaml': ['Plain', 'Parted']
        .map(
          (kind) =>
            `apiVersion: ${ns}.example.com/v1\nkind: ${kind}\nmetadata: { name: busy, namespace: ${ns} }\nspec: { size: 3 }\nstatus: { from: git }\n`,
        )
        .join('---\n'),
    }));
    const { namespace: ns, world } = stage;
    const send = async (plural: string, manager: string, count: number) => {
      const base = `/apis/${ns}.example.com/v1/namespaces/${ns}/${plural}/busy`;
      const patch = {
        metadata: { annotations: { 'example.com/refresh': `${count}` } },
        status: { count, seen: { at: `${count}` } },
      };
      for (const path of plural === 'parted' ? [`${base}/status`] : [base]) {
        const answer = await world.cluster.client.send({
          ...{ verb: 'release', method: 'PATCH', contentType: 'application/merge-patch+json' },
          ...{ path: `${path}?fieldManager=${manager}`, body: JSON.stringify(patch) },
        });
        expect(answer.status).toBe(200);
      }
    };
    try {
      let stopped = false;
      let count = 0;
      const churn = (async () => {
        while (!stopped) {
          count++;
          for (const plural of ['plains', 'parted'])
            for (const manager of ['busy-operator', 'unknown-app']) await send(plural, manager, count);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      })();
      try {
        for (let look = 0; look < 15 || count < 60; look++) {
          const { drift, unknown } = await stage.check();
          expect({ drift, unknown }).toEqual({ drift: [], unknown: [] });
          const { report } = await stage.pull();
          expect(report.drift).toEqual([]);
        }
      } finally {
        stopped = true;
        await churn;
      }
      await stage.quiet();
      expect(stage.get('plains/busy').status.count).toBe(count);
      for (const [plural, kind] of [
        ['plains', 'Plain'],
        ['parted', 'Parted'],
      ] as const) {
        const patch = ['--type=merge', '-p', '{"spec":{"size":9},"status":{"by":"hand"}}'];
        await stage.handEdit(() => stage.kubectl(['patch', `${plural}.${ns}.example.com/busy`, ...patch]), {
          [`${ns}.example.com/${kind}/${ns}/busy`]: { 'spec.size': 'kubectl-patch' },
        });
      }
    } finally {
      stage.kubectl(['delete', 'crd', `plains.${ns}.example.com`, `parted.${ns}.example.com`]);
    }
  });

  it('is no drift: what an operator sets in the specification of its own kind, and how it spells what Git has', async () => {
    const stage = await open((ns) => ({
      'crd.yaml': crdOf(`${ns}.example.com`, 'clusters', 'Cluster', subresource),
      'cluster.yaml': `apiVersion: ${ns}.example.com/v1
kind: Cluster
metadata: { name: db, namespace: ${ns} }
spec:
  instances: 3
  storage: { size: 1024Mi }
  timeout: 8760h
  users: [{ name: shop }]
  free: {}
  nothing: null
  list: []
`,
    }));
    const { namespace: ns } = stage;
    const target = `clusters.${ns}.example.com/db`;
    try {
      for (const manager of ['cluster-operator', 'manager']) {
        put(stage, manager, target, ({ spec }) => {
          Object.assign(spec, { image: `postgres:${manager}`, logLevel: 'info', timeout: '8760h0m0s' });
          Object.assign(spec.storage, { size: '1Gi', class: manager });
          Object.assign(spec, { free: { filled: manager }, nothing: 'something', list: [manager] });
        });
        await stage.quiet();
      }
      stage.git['cluster.yaml'] = stage.git['cluster.yaml']!.replace('instances: 3', 'instances: 4');
      await stage.pull();
      expect(stage.get(target).spec).toMatchObject({ instances: 4, image: 'postgres:manager', timeout: '8760h0m0s' });
      await stage.quiet();
      await stage.handEdit(
        () => stage.kubectl(['patch', target, '--type=merge', '-p', '{"spec":{"instances":9,"mine":1}}']),
        {
          [`${ns}.example.com/Cluster/${ns}/db`]: { 'spec.instances': 'kubectl-patch', 'spec.mine': 'kubectl-patch' },
        },
      );
    } finally {
      stage.kubectl(['delete', 'crd', `clusters.${ns}.example.com`]);
    }
  });

  it('that nobody knows, and that only adds, is shown in nobody’s message', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1'),
      'a.yaml': configMap(ns, 'a', { a: '1' }),
    }));
    patchAs(stage, 'gadgetd', 'configmap/a', { data: { b: '2' }, metadata: { labels: { gadget: 'x' } } });
    put(stage, 'gadgetd', 'deployment/web', ({ spec }) => {
      spec.template.spec.containers.push({ name: 'gadget', image: 'gadget:1' });
      spec.template.spec.nodeSelector = { gadget: 'x' };
    });
    expect(managersOf(stage.get('configmap/a'))).toContain('gadgetd:Update');
    await stage.quiet();
    patchAs(stage, 'gadgetd', 'configmap/a', { data: { a: '9' } });
    expect(foundIn((await stage.check()).drift)).toEqual({
      [`ConfigMap/${stage.namespace}/a`]: { 'data.a': 'gadgetd' },
    });
  });
});

/** A certificate, for the API server looks into the authority of a conversion; encoded as `caBundle` wants it. */
async function certificate(): Promise<string> {
  const { issueCertificate } = await import('../../lib/adapters/local/control-plane/certificate.ts');
  const validFrom = new Date(Date.now() - 3_600_000);
  return Buffer.from(issueCertificate({ commonName: 'x', use: 'authority', validFrom, days: 9 }).certPem).toString(
    'base64',
  );
}
