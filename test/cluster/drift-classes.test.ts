import { expect, it } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { ClusterRecords } from '../../lib/adapters/kubernetes/records.ts';
import { apiProxy, type Spoilt } from '../helpers/api-proxy.ts';
import { cluster } from '../helpers/cluster.ts';
import { type DriftStage, foundIn, managersOf } from '../helpers/drift-stage.ts';
import { describeWithStages } from '../helpers/drift-stages.ts';
import { kubeconfigThrough } from '../helpers/relay.ts';
import { configMap, deployment, statefulSet } from '../pull/manifests.ts';

/**
 * The classes of false positives and negatives that other tools' users report, and of odd facts of the API server. Each is a test, by name:
 *
 * | class | where |
 * | --- | --- |
 * | defaults of a StatefulSet's claim templates | here; drift-controllers: roll out |
 * | defaults of a CRD, known to the server alone; a default that an upgrade adds | here |
 * | a client that is older than the API server; a new stored version; a served version that goes away | here |
 * | an autoscaler's metrics between autoscaling/v1 and v2 | here |
 * | null, {}, [], "" and written-out defaults | here; drift-operators: Secret, own kind |
 * | a difference without a field | here and in every `handEdit`: each finding is told with its fields |
 * | quantities, durations, IntOrString | here; drift-operators: own kind |
 * | mutating webhooks and policies | drift-admission |
 * | status, generation and refresh annotations of busy kinds | drift-operators: busy kind |
 * | caBundle | drift-operators: injected authority; pull-ownership |
 * | aggregated ClusterRoles | drift-controllers: gather roles |
 * | what the server sets in Services and claims | drift-operators: load balancer; drift-controllers: claims |
 * | Secrets of service accounts, Secrets filled by their application | drift-controllers: tokens; drift-operators: Secret |
 * | duplicate list keys, TCP and UDP on one port | here; kube-drift: duplicate env |
 * | creationTimestamp null, float and integer, a namespace left out, app.kubernetes.io/instance | here |
 * | rules to ignore inside lists of a CRD | test/kube/drift-rules |
 * | what people add: variable, container, volume, label | here; kube-drift |
 * | what programs add | drift-operators: that nobody knows; pull-fight |
 * | free-form custom resources | here |
 * | a removed ConfigMap key | here; kube-drift: remove a key |
 * | an empty map of annotations that a controller fills | drift-operators: annotations; drift-controllers: roll out |
 * | an object with nothing but a name | here |
 * | a second applier with the same manifest | here |
 * | managed fields wiped out | here; kube-drift |
 * | an autoscaler's write to /scale | drift-controllers: metrics |
 * | atomic and granular leaves, leaves that are not there, list items with defaulted keys | here |
 * | Jobs that their time deletes | drift-controllers: delete a Job |
 * | JSON inside a string, set lists | here |
 * | an error is never "missing" | here |
 */

const crd = (group: string, schema: string, more = '') => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { plural: things, singular: thing, kind: Thing }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: ${schema.replaceAll(/\s+/g, ' ')} } } }
${more}`;
const thing = (ns: string, spec: string, version = 'v1') =>
  `apiVersion: ${ns}.example.com/${version}\nkind: Thing\nmetadata: { name: a, namespace: ${ns} }\nspec: ${spec}\n`;
const things = (ns: string) => `things.${ns}.example.com`;
const thingId = (ns: string) => `${ns}.example.com/Thing/${ns}/a`;

const anything = '{ type: object, x-kubernetes-preserve-unknown-fields: true }';
const merge = (patch: unknown) => ['--type=merge', '-p', JSON.stringify(patch)];
const json = (...patch: unknown[]) => ['--type=json', '-p', JSON.stringify(patch)];
/** Moves the resourceVersion of an object and nothing else, so that it is compared in full. */
const touch = (stage: DriftStage, target: string) =>
  stage.kubectl([
    'annotate',
    target,
    '--overwrite',
    `touched.example.com/at=${Math.random()}`,
    '--field-manager=toucher-controller',
  ]);

describeWithStages('no difference is made by', (open) => {
  const withThing = async (schema: string, spec: string): Promise<DriftStage> => {
    const stage = await open((ns) => ({ 'crd.yaml': crd(`${ns}.example.com`, schema), 'thing.yaml': thing(ns, spec) }));
    await settled(stage);
    return stage;
  };
  /** Quiet at once, when the objects moved, and when they were applied anew. */
  const settled = async (stage: DriftStage) => {
    await stage.quiet();
    const { entries } = (await stage.world.records.read(stage.world.sync.name))!;
    for (const { apiVersion, kind, namespace, name } of entries) {
      const [version, group] = apiVersion.split('/').reverse();
      const resource = group === undefined ? kind : `${kind}.${version}.${group}`;
      touch(stage, `${resource}/${name}`);
      expect(namespace === '' || namespace === stage.namespace).toBe(true);
    }
    await stage.quiet();
    const before = stage.git;
    stage.git = Object.fromEntries(
      Object.entries(before).map(([file, text]) => [
        file,
        text.replaceAll(/^metadata: \{/gm, 'metadata: { generateName: "",'),
      ]),
    );
    await stage.pull();
    await stage.quiet();
    stage.git = before;
    await stage.pull();
  };
  const dropKind = (stage: DriftStage) =>
    stage.kubectl(['delete', 'crd', things(stage.namespace), '--ignore-not-found']);

  it('the defaults of a StatefulSet’s claim templates, also where Git has written out what the server adds', async () => {
    const stage = await open((ns) => ({
      'short.yaml': statefulSet(ns, 'short'),
      'long.yaml': statefulSet(ns, 'long').replace(
        '    - metadata: { name: data }\n',
        '    - apiVersion: v1\n      kind: PersistentVolumeClaim\n      metadata: { name: data, creationTimestamp: null }\n      status: {}\n',
      ),
      'full.yaml': statefulSet(ns, 'full')
        .replace('    - metadata: { name: data }\n', '    - metadata: { name: data, labels: {}, annotations: null }\n')
        .replace('requests: { storage: 1Gi }', 'requests: { storage: 1024Mi }')
        .replace('accessModes: [ReadWriteOnce]', 'accessModes: [ReadWriteOnce]\n        volumeMode: Filesystem'),
    }));
    await settled(stage);
  });

  it('defaults of a kind that only the server knows, in maps and in both sorts of lists', async () => {
    const schema = `{ type: object, properties: {
      mode: { type: string, default: fast },
      inner: { type: object, default: {}, properties: { active: { type: boolean, default: true } } },
      atomic: { type: array, items: { type: object, properties: { it: { type: string }, e: { type: string, default: x } } } },
      byName: { type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [key, p], items: { type: object, required: [key],
        properties: { key: { type: string }, p: { type: string, default: TCP }, v: { type: integer, default: 7 } } } } } }`;
    const stage = await withThing(
      schema,
      '{ atomic: [{ it: a }], byName: [{ key: a }, { key: a, p: UDP }, { key: b, v: 1 }] }',
    );
    const { namespace: ns } = stage;
    const target = `${things(ns)}/a`;
    expect(stage.get(target).spec).toMatchObject({
      mode: 'fast',
      inner: { active: true },
      atomic: [{ it: 'a', e: 'x' }],
    });
    await stage.handEdit(
      () => stage.kubectl(['patch', target, ...json({ op: 'replace', path: '/spec/byName/0/v', value: 8 })]),
      {
        [thingId(ns)]: { 'spec.byName[key=a,p=TCP].v': 'kubectl-patch' },
      },
    );
    await stage.handEdit(
      () => stage.kubectl(['patch', target, ...json({ op: 'replace', path: '/spec/byName/1/v', value: 9 })]),
      {
        [thingId(ns)]: { 'spec.byName[key=a,p=UDP].v': 'kubectl-patch' },
      },
    );
    await stage.handEdit(
      () => stage.kubectl(['patch', target, ...json({ op: 'replace', path: '/spec/atomic/0/e', value: 'y' })]),
      {
        [thingId(ns)]: { 'spec.atomic': 'kubectl-patch' },
      },
    );
    dropKind(stage);
  });

  it('an upgrade of a kind that adds defaults and fields, without any object being written', async () => {
    const list = (item: string) =>
      `{ type: object, properties: { size: { type: integer }${item.includes('extra') ? ', extra: { type: string, default: new }' : ''},
        list: { type: array, items: { type: object, properties: { it: { type: string }${item} } } },
        atomic: { type: object, x-kubernetes-map-type: atomic, properties: { it: { type: string }${item} } } } }`;
    const stage = await withThing(list(''), '{ size: 1, list: [{ it: a }, { it: b }], atomic: { it: a } }');
    const { namespace: ns } = stage;
    const target = `${things(ns)}/a`;
    const before = stage.get(target).metadata.resourceVersion;
    const upgraded = crd(`${ns}.example.com`, list(', extra: { type: string, default: new }'));
    // Git brings the new kind; the client that checks knows it since before.
    stage.git['crd.yaml'] = upgraded;
    await stage.pull();
    const grown = () => stage.get(target).spec;
    expect(grown()).toMatchObject({
      extra: 'new',
      list: [{ extra: 'new' }, { extra: 'new' }],
      atomic: { extra: 'new' },
    });
    expect(stage.get(target).metadata.resourceVersion).toBe(before);
    await stage.quiet();
    touch(stage, target);
    await stage.quiet();
    await stage.handEdit(() => stage.kubectl(['patch', target, ...merge({ spec: { extra: 'hand' } })]), {
      [thingId(ns)]: { 'spec.extra': 'kubectl-patch' },
    });
    await stage.handEdit(
      () => stage.kubectl(['patch', target, ...json({ op: 'replace', path: '/spec/list/1/it', value: 'z' })]),
      {
        [thingId(ns)]: { 'spec.list': 'kubectl-patch' },
      },
    );
    dropKind(stage);
  });

  it('a new stored version, and a kind that is read at the version of its manifest', async () => {
    const versions = (stored: 'v1' | 'v2') => (ns: string) =>
      crd(
        `${ns}.example.com`,
        anything,
        `    - name: v2
      served: true
      storage: ${stored === 'v2'}
      schema: { openAPIV3Schema: { type: object, properties: { spec: ${anything} } } }
`,
      ).replace('storage: true', `storage: ${stored === 'v1'}`);
    const stage = await open((ns) => ({ 'crd.yaml': versions('v1')(ns), 'thing.yaml': thing(ns, '{ size: 1 }') }));
    const { namespace: ns } = stage;
    await stage.quiet();
    stage.git['crd.yaml'] = versions('v2')(ns);
    await stage.pull();
    touch(stage, `${things(ns)}/a`);
    await stage.quiet();
    // A person who writes at the other version is found. What they add there no apply at this version can remove.
    const other = `things.v2.${ns}.example.com/a`;
    await stage.handEdit(() => stage.kubectl(['patch', other, ...merge({ spec: { size: 2 } })]), {
      [thingId(ns)]: { 'spec.size': 'kubectl-patch' },
    });
    stage.kubectl(['patch', other, ...merge({ spec: { more: 1 } })]);
    for (const look of [() => stage.check(), async () => (await stage.pull()).report])
      expect(foundIn((await look()).drift)).toEqual({ [thingId(ns)]: { 'spec.more': 'kubectl-patch' } });
    stage.kubectl(['patch', other, ...merge({ spec: { more: null } })]);
    await stage.quiet();
    stage.git['thing.yaml'] = thing(ns, '{ size: 1 }', 'v2');
    await stage.pull();
    await stage.quiet();
    dropKind(stage);
  });

  it('an autoscaler’s metrics, whichever version Git and people use', async () => {
    const target = (ns: string, name: string) =>
      `metadata: { name: ${name}, namespace: ${ns} }\nspec:\n  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }\n  maxReplicas: 5\n`;
    const metric = (name: string, value: number) =>
      `{ type: Resource, resource: { name: ${name}, target: { type: Utilization, averageUtilization: ${value} } } }`;
    const v1 = (ns: string) =>
      `apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n${target(ns, 'one')}  targetCPUUtilizationPercentage: 80\n`;
    const v2 = (ns: string, name: string, metrics: string) =>
      `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n${target(ns, name)}  metrics: [${metrics}]\n`;
    const stage = await open((ns) => ({
      'one.yaml': v1(ns),
      'two.yaml': v2(ns, 'two', [metric('memory', 70), metric('cpu', 80)].join(', ')),
    }));
    const { namespace: ns } = stage;
    const id = (name: string) => `autoscaling/HorizontalPodAutoscaler/${ns}/${name}`;
    await settled(stage);
    // A pass through the other version, as an older client makes it.
    const asV1 = stage.kubectl(['get', 'hpa.v1.autoscaling/two', '-o', 'json']);
    stage.kubectl(['replace', '--field-manager=old-controller', '-f', '-'], asV1);
    await stage.quiet();
    await stage.handEdit(
      () =>
        stage.kubectl([
          'patch',
          'hpa.v2.autoscaling/one',
          ...json({ op: 'replace', path: '/spec/metrics/0/resource/target/averageUtilization', value: 50 }),
        ]),
      {
        [id('one')]: { 'spec.targetCPUUtilizationPercentage': 'nobody' },
      },
    );
    await stage.handEdit(
      () => stage.kubectl(['patch', 'hpa.v1.autoscaling/two', ...merge({ spec: { maxReplicas: 7 } })]),
      {
        [id('two')]: { 'spec.maxReplicas': 'kubectl-patch' },
      },
    );
    stage.git['one.yaml'] = v2(ns, 'one', metric('cpu', 80));
    await stage.pull();
    await stage.quiet();
  });

  it('the metrics that the server gives an autoscaler which has none in Git, also when somebody made it again', async () => {
    const scaler = (ns: string) => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: ${ns} }
spec: { minReplicas: 1, maxReplicas: 3, metrics: [], scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
`;
    const stage = await open((ns) => ({ 'scaler.yaml': scaler(ns) }));
    const { namespace: ns } = stage;
    await settled(stage);
    expect(stage.get('hpa/web').spec.metrics).toHaveLength(1);
    const again = () => {
      stage.kubectl(['delete', 'hpa/web']);
      stage.kubectl(['create', '-f', '-'], scaler(ns));
    };
    await stage.handEdit(again, {
      [`autoscaling/HorizontalPodAutoscaler/${ns}/web`]: {
        'metadata.annotations[windlass.dev/id]': 'nobody',
        'metadata.labels[windlass.dev/sync]': 'nobody',
      },
    });
    const memory = {
      type: 'Resource',
      resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } },
    };
    await stage.handEdit(() => stage.kubectl(['patch', 'hpa/web', ...merge({ spec: { metrics: [memory] } })]), {
      [`autoscaling/HorizontalPodAutoscaler/${ns}/web`]: { 'spec.metrics': 'kubectl-patch' },
    });
  });

  it('a scaling of what an autoscaler of Git’s targets, before any pull saw another number', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1', 2),
      'scaler.yaml': `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: ${ns} }
spec: { minReplicas: 2, maxReplicas: 6, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
`,
    }));
    const { namespace: ns } = stage;
    const web = `apps/Deployment/${ns}/web`;
    await stage.pull();
    stage.kubectl(['scale', 'deployment/web', '--replicas=4']);
    expect(await stage.check()).toMatchObject({ drift: [], unknown: [], leftToControllers: [web] });
    await stage.quiet();
    // One that Git gets later, and with self-heal off.
    const later = await open((other) => ({ 'web.yaml': deployment(other, 'web', 'web:1', 2) }));
    await later.pull();
    later.git['scaler.yaml'] = stage.git['scaler.yaml']!.replaceAll(ns, later.namespace);
    await later.pull({ sync: { selfHeal: false } });
    later.kubectl(['scale', 'deployment/web', '--replicas=4']);
    expect((await later.check()).drift).toEqual([]);
  });

  it('nothing, an empty map, an empty list, an empty text, and defaults that are written out', async () => {
    const stage = await open((ns) => ({
      'web.yaml': `${deployment(ns, 'web', 'web:1')}            - { name: EMPTY, value: "" }
            - { name: NOTHING, value: null }
            - { name: BARE }
          resources: {}
          securityContext: {}
          ports: []
          volumeMounts: null
          imagePullPolicy: IfNotPresent
          terminationMessagePath: /dev/termination-log
      volumes: []
      nodeSelector: {}
      tolerations: []
      securityContext: {}
      imagePullSecrets: null
      restartPolicy: Always
      dnsPolicy: ClusterFirst
  strategy: {}
  progressDeadlineSeconds: 600
  paused: false
  minReadySeconds: 0
`,
      'settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: ${ns}, labels: null, annotations: {}, finalizers: [], ownerReferences: null }
data: { empty: "", nothing: null, text: "null" }
binaryData: {}
immutable: null
`,
      'network.yaml': `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny, namespace: ${ns} }
spec: { podSelector: {}, ingress: [], egress: [{}], policyTypes: [Ingress, Egress] }
`,
      'role.yaml': `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: none, namespace: ${ns} }
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: none, namespace: ${ns} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: none }
subjects: []
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: bare, namespace: ${ns} }
secrets: []
imagePullSecrets: null
`,
    }));
    const { namespace: ns } = stage;
    await settled(stage);
    const web = `apps/Deployment/${ns}/web`;
    const container = 'spec.template.spec.containers[name=web]';
    for (const [path, value, found] of [
      ['/spec/template/spec/containers/0/resources', { limits: { cpu: '1' } }, `${container}.resources.limits`],
      ['/spec/template/spec/nodeSelector', { disk: 'ssd' }, 'spec.template.spec.nodeSelector'],
      ['/spec/template/spec/tolerations', [{ operator: 'Exists' }], 'spec.template.spec.tolerations'],
      ['/spec/template/spec/securityContext', { runAsUser: 7 }, 'spec.template.spec.securityContext.runAsUser'],
    ] as const) {
      await stage.handEdit(() => stage.kubectl(['patch', 'deployment/web', ...json({ op: 'add', path, value })]), {
        [web]: { [found]: 'kubectl-patch' },
      });
    }
    await stage.handEdit(() => stage.kubectl(['set', 'env', 'deployment/web', 'EMPTY=full']), {
      [web]: { [`${container}.env[name=EMPTY].value`]: 'kubectl-set' },
    });
    const pods = { spec: { podSelector: { matchLabels: { a: 'b' } } } };
    await stage.handEdit(() => stage.kubectl(['patch', 'networkpolicy/deny', ...merge(pods)]), {
      [`networking.k8s.io/NetworkPolicy/${ns}/deny`]: { 'spec.podSelector': 'kubectl-patch' },
    });
    await stage.handEdit(() => stage.kubectl(['patch', 'networkpolicy/deny', ...merge({ spec: { ingress: [{}] } })]), {
      [`networking.k8s.io/NetworkPolicy/${ns}/deny`]: { 'spec.ingress': 'kubectl-patch' },
    });
    const rules = { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }] };
    await stage.handEdit(() => stage.kubectl(['patch', 'role/none', ...merge(rules)]), {
      [`rbac.authorization.k8s.io/Role/${ns}/none`]: { rules: 'kubectl-patch' },
    });
    const subjects = { subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ns }] };
    await stage.handEdit(() => stage.kubectl(['patch', 'rolebinding/none', ...merge(subjects)]), {
      [`rbac.authorization.k8s.io/RoleBinding/${ns}/none`]: { subjects: 'kubectl-patch' },
    });
    await stage.handEdit(
      () => stage.kubectl(['patch', 'configmap/settings', ...merge({ binaryData: { b: 'eA==' } })]),
      {
        [`ConfigMap/${ns}/settings`]: { 'binaryData.b': 'kubectl-patch' },
      },
    );
  });

  it('the same in a custom resource: empty maps and lists, granular or one value, and null', async () => {
    const schema = `{ type: object, properties: {
      nullable: { type: string, nullable: true }, nullableDefault: { type: string, nullable: true, default: x },
      notNullable: { type: string, default: kept }, map: { type: object, additionalProperties: { type: string } },
      atomicMap: { type: object, x-kubernetes-map-type: atomic, additionalProperties: { type: string } },
      list: { type: array, items: { type: string } }, set: { type: array, x-kubernetes-list-type: set, items: { type: string } },
      byName: { type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [key], items: { type: object, required: [key], properties: { key: { type: string }, v: { type: integer } } } },
      free: ${anything} } }`;
    const spec =
      '{ nullable: null, nullableDefault: null, notNullable: null, map: {}, atomicMap: {}, list: [], set: [], byName: [], free: { a: null, b: {}, c: [], d: "" } }';
    const stage = await withThing(schema, spec);
    const { namespace: ns } = stage;
    const target = `${things(ns)}/a`;
    const edits: [patch: object, found: string, filled?: 'filled by programs'][] = [
      [{ nullable: 'z' }, 'spec.nullable'],
      [{ nullableDefault: 'z' }, 'spec.nullableDefault'],
      [{ map: { k: 'v' } }, 'spec.map.k', 'filled by programs'],
      [{ atomicMap: { k: 'v' } }, 'spec.atomicMap'],
      [{ list: ['v'] }, 'spec.list'],
      [{ set: ['v'] }, 'spec.set', 'filled by programs'],
      [{ byName: [{ key: 'k', v: 1 }] }, 'spec.byName', 'filled by programs'],
      [{ free: { a: 1 } }, 'spec.free.a'],
      [{ free: { b: { k: 1 } } }, 'spec.free.b.k', 'filled by programs'],
      [{ free: { c: [1] } }, 'spec.free.c'],
      [{ free: { d: 'x' } }, 'spec.free.d'],
    ];
    for (const [patch, found] of edits) {
      await stage.handEdit(() => stage.kubectl(['patch', target, ...merge({ spec: patch })]), {
        [thingId(ns)]: { [found]: 'kubectl-patch' },
      });
    }
    // A program that fills what Git gives empty is left to it, where what it puts in can be told from the whole: now, and when Git changes.
    for (const [patch] of edits.filter(([, , filled]) => filled !== undefined)) {
      stage.kubectl(['patch', target, '--field-manager=some-app', ...merge({ spec: patch })]);
      await stage.quiet();
    }
    stage.git['thing.yaml'] = thing(ns, spec.replace('list: []', 'list: [a]'));
    await stage.pull();
    await stage.quiet();
    expect(stage.get(target).spec).toMatchObject({
      ...{ list: ['a'], map: { k: 'v' }, set: ['v'], byName: [{ key: 'k' }], free: { b: { k: 1 } } },
    });
    stage.kubectl([
      'patch',
      target,
      '--field-manager=some-app',
      ...merge({ spec: { set: ['v', 'w'], map: { k: 'w' } } }),
    ]);
    await stage.quiet();
    dropKind(stage);
  });

  it('quantities, durations and numbers in other words, in built-in kinds and in others', async () => {
    const schema = `{ type: object, properties: { cpu: { anyOf: [{ type: integer }, { type: string }], x-kubernetes-int-or-string: true },
      memory: { type: string }, wait: { type: string }, ratio: { type: number }, count: { type: integer }, port: { x-kubernetes-int-or-string: true } } }`;
    const stage = await withThing(
      schema,
      '{ cpu: 1000m, memory: 1024Mi, wait: 8760h, ratio: 1.0, count: 3, port: "8080" }',
    );
    const { namespace: ns } = stage;
    const resources = (cpu: string, memory: string) =>
      deployment(ns, 'web', 'web:1').concat(`          resources: { requests: { cpu: ${cpu}, memory: ${memory} } }\n`);
    stage.git['web.yaml'] = resources('1000m', '3072Mi');
    stage.git['budget.yaml'] = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: ${ns} }
spec: { minAvailable: 50%, selector: { matchLabels: { app: web } } }
`;
    await stage.pull();
    await settled(stage);
    const requests = (cpu: unknown, memory: string) => ({
      spec: { template: { spec: { containers: [{ name: 'web', resources: { requests: { cpu, memory } } }] } } },
    });
    for (const [cpu, memory] of [
      ['1', '3Gi'],
      ['1.0', '3145728Ki'],
      [1, '3072Mi'],
    ] as const) {
      stage.kubectl(['patch', 'deployment/web', '-p', JSON.stringify(requests(cpu, memory))]);
      await stage.quiet();
      stage.git['web.yaml'] = resources(String(cpu), memory);
      await stage.pull();
      await stage.quiet();
    }
    const request = 'spec.template.spec.containers[name=web].resources.requests';
    // Bytes without a unit the server keeps as they are: another template, which rolls out.
    const bytes = JSON.stringify(requests('1', '3221225472'));
    await stage.handEdit(() => stage.kubectl(['patch', 'deployment/web', '-p', bytes]), {
      [`apps/Deployment/${ns}/web`]: { [`${request}.memory`]: 'kubectl-patch' },
    });
    await stage.handEdit(
      () => stage.kubectl(['patch', 'deployment/web', '-p', JSON.stringify(requests('1001m', '3Gi'))]),
      {
        [`apps/Deployment/${ns}/web`]: { [`${request}.cpu`]: 'kubectl-patch' },
      },
    );
    await stage.handEdit(() => stage.kubectl(['patch', 'pdb/web', ...merge({ spec: { minAvailable: 1 } })]), {
      [`policy/PodDisruptionBudget/${ns}/web`]: { 'spec.minAvailable': 'kubectl-patch' },
    });
    // 1.0 and 1 are one number; a text and a number are two things.
    stage.kubectl(['patch', `${things(ns)}/a`, ...merge({ spec: { ratio: 1 } })]);
    await stage.quiet();
    await stage.handEdit(() => stage.kubectl(['patch', `${things(ns)}/a`, ...merge({ spec: { port: 8080 } })]), {
      [thingId(ns)]: { 'spec.port': 'kubectl-patch' },
    });
    dropKind(stage);
  });

  it('one port for TCP and UDP, and names that come twice', async () => {
    const stage = await open((ns) => ({
      'dns.yaml': `apiVersion: v1
kind: Service
metadata: { name: dns, namespace: ${ns} }
spec:
  selector: { app: dns }
  ports:
    - { name: udp, port: 53, protocol: UDP }
    - { name: tcp, port: 53 }
    - { name: sctp, port: 53, protocol: SCTP, targetPort: 5353 }
`,
      'pods.yaml': deployment(ns, 'dns', 'dns:1').concat(
        '          ports: [{ containerPort: 53, protocol: UDP }, { containerPort: 53, protocol: TCP }, { containerPort: 9153, name: metrics }]\n',
      ),
    }));
    const { namespace: ns } = stage;
    await settled(stage);
    await stage.handEdit(
      () =>
        stage.kubectl([
          'patch',
          'service/dns',
          ...json({ op: 'replace', path: '/spec/ports/0/targetPort', value: 54 }),
        ]),
      {
        [`Service/${ns}/dns`]: { 'spec.ports[port=53,protocol=UDP].targetPort': 'kubectl-patch' },
      },
    );
    await stage.handEdit(
      () => stage.kubectl(['patch', 'service/dns', ...json({ op: 'remove', path: '/spec/ports/1' })]),
      {
        [`Service/${ns}/dns`]: { 'spec.ports[port=53,protocol=TCP]': 'nobody' },
      },
    );
    const twice = {
      op: 'add',
      path: '/spec/template/spec/containers/0/env/-',
      value: { name: 'MODE', value: 'other' },
    };
    await stage.handEdit(() => stage.kubectl(['patch', 'deployment/dns', ...json(twice)]), {
      [`apps/Deployment/${ns}/dns`]: { 'spec.template.spec.containers[name=dns].env[name=MODE]': 'kubectl-patch' },
    });
  });

  it('creationTimestamp null, and a label that charts and other tools set', async () => {
    const stage = await open((ns) => ({
      'web.yaml': deployment(ns, 'web', 'web:1')
        .replace(
          'labels: { app: web }\nspec',
          'labels: { app: web, app.kubernetes.io/instance: shop }\n  creationTimestamp: null\nspec',
        )
        .replace('metadata: { labels: { app: web } }', 'metadata: { labels: { app: web }, creationTimestamp: null }'),
      'name.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: bare, namespace: ${ns} }\n`,
      'class.yaml': `apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: ${ns}, creationTimestamp: null }\nvalue: 7\n`,
    }));
    const { namespace: ns } = stage;
    await settled(stage);
    const instance = { metadata: { labels: { 'app.kubernetes.io/instance': 'other' } } };
    await stage.handEdit(() => stage.kubectl(['patch', 'deployment/web', ...merge(instance)]), {
      [`apps/Deployment/${ns}/web`]: { 'metadata.labels[app.kubernetes.io/instance]': 'kubectl-patch' },
    });
    await stage.handEdit(() => stage.kubectl(['patch', 'configmap/bare', ...merge({ data: { a: '1' } })]), {
      [`ConfigMap/${ns}/bare`]: { data: 'kubectl-patch' },
    });
    stage.kubectl(['delete', `priorityclass/${ns}`]);
  });

  it('a second applier of the same manifest, while it says the same', async () => {
    const stage = await open((ns) => ({ 'settings.yaml': configMap(ns, 'settings', { a: '1', b: '2' }) }));
    const { namespace: ns } = stage;
    const apply = (data: Record<string, string>, ...rest: string[]) =>
      stage.kubectl(
        ['apply', '--server-side', '--field-manager=kustomize-controller', ...rest, '-f', '-'],
        configMap(ns, 'settings', data),
      );
    apply({ a: '1', b: '2' });
    expect(managersOf(stage.get('configmap/settings'))).toEqual(['kustomize-controller:Apply', 'windlass:Apply']);
    await stage.quiet();
    apply({ a: '1', b: '9' }, '--force-conflicts');
    expect(foundIn((await stage.check()).drift)).toEqual({
      [`ConfigMap/${ns}/settings`]: { 'data.b': 'kustomize-controller' },
    });
  });
});

describeWithStages('nothing is overlooked of', (open) => {
  it('what a person adds or takes away in a free-form custom resource, at any depth', async () => {
    const stage = await open((ns) => ({
      'crd.yaml': crd(`${ns}.example.com`, anything),
      'thing.yaml': thing(ns, '{ a: { b: { c: 1, d: [1, { e: 2 }] } }, json: "{\\"x\\": 1}", text: "a\\nb" }'),
    }));
    const { namespace: ns } = stage;
    const target = `${things(ns)}/a`;
    await stage.quiet();
    for (const [patch, found] of [
      [{ a: { b: { c: 2 } } }, { 'spec.a.b.c': 'kubectl-patch' }],
      [{ a: { b: { c: null } } }, { 'spec.a.b.c': 'nobody' }],
      [{ a: { b: { d: [1, { e: 3 }] } } }, { 'spec.a.b.d': 'kubectl-patch' }],
      [{ a: { b: { new: { x: 1 } } } }, { 'spec.a.b.new': 'kubectl-patch' }],
      [{ other: [1] }, { 'spec.other': 'kubectl-patch' }],
      [{ json: '{"x": 2}' }, { 'spec.json': 'kubectl-patch' }],
    ] as const) {
      await stage.handEdit(() => stage.kubectl(['patch', target, ...merge({ spec: patch })]), { [thingId(ns)]: found });
    }
    stage.kubectl(['delete', 'crd', things(ns)]);
  });

  it('what a person adds to a workload: a variable, a container, a volume, a label, all at once', async () => {
    const stage = await open((ns) => ({ 'web.yaml': deployment(ns, 'web', 'web:1') }));
    const pod = {
      containers: [
        { name: 'debug', image: 'busybox:1' },
        { name: 'web', env: [{ name: 'DEBUG', value: '1' }], volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    };
    const patch = { metadata: { labels: { team: 'a' } }, spec: { template: { spec: pod } } };
    const by = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, 'kubectl-patch']));
    await stage.handEdit(() => stage.kubectl(['patch', 'deployment/web', '-p', JSON.stringify(patch)]), {
      [`apps/Deployment/${stage.namespace}/web`]: by(
        'metadata.labels.team',
        'spec.template.spec.containers[name=debug]',
        'spec.template.spec.containers[name=web].env[name=DEBUG]',
        'spec.template.spec.containers[name=web].volumeMounts',
        'spec.template.spec.volumes',
      ),
    });
  });

  it('keys that leave a ConfigMap, and text in it that means the same JSON', async () => {
    const stage = await open((ns) => ({
      'a.yaml': configMap(ns, 'a', { one: '1', two: '2', config: '{"a": 1, "b": [1.0]}' }),
    }));
    const id = `ConfigMap/${stage.namespace}/a`;
    const remove = json({ op: 'remove', path: '/data/one' }, { op: 'remove', path: '/data/two' });
    await stage.handEdit(() => stage.kubectl(['patch', 'configmap/a', ...remove]), {
      [id]: { 'data.one': 'nobody', 'data.two': 'nobody' },
    });
    await stage.handEdit(() => stage.kubectl(['patch', 'configmap/a', ...json({ op: 'remove', path: '/data' })]), {
      [id]: { 'data.config': 'nobody', 'data.one': 'nobody', 'data.two': 'nobody' },
    });
    // The bytes are what a program in a pod reads: another spelling of the same JSON is a change.
    await stage.handEdit(
      () => stage.kubectl(['patch', 'configmap/a', ...merge({ data: { config: '{"b":[1],"a":1}' } })]),
      {
        [id]: { 'data.config': 'kubectl-patch' },
      },
    );
  });

  it('a key that was left to a controller, when somebody removes it', async () => {
    const settings = (ns: string, b: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: ${ns} }\ndata: { a: "1", b: "${b}" }\n`;
    const stage = await open((ns) => ({ 'settings.yaml': settings(ns, '1') }));
    const { namespace: ns, world } = stage;
    await stage.pull();
    await stage.quiet();
    await world.edit('v1', 'ConfigMap', 'settings', { data: { a: '7' } }, 'shop-controller');
    stage.git['settings.yaml'] = settings(ns, '2');
    await stage.pull();
    expect((await stage.quiet()).report.left).toMatchObject([{ fields: ['data.a'], holder: 'shop-controller' }]);
    await stage.handEdit(
      () => stage.kubectl(['patch', 'configmap/settings', ...json({ op: 'remove', path: '/data/a' })]),
      { [`ConfigMap/${ns}/settings`]: { 'data.a': 'nobody' } },
    );
    expect(stage.get('configmap/settings').data).toEqual({ a: '1', b: '2' });
  });

  it('sets: a member that a person adds or takes away, and their order', async () => {
    const set =
      '{ type: object, properties: { set: { type: array, x-kubernetes-list-type: set, items: { type: string } } } }';
    const stage = await open((ns) => ({
      'crd.yaml': crd(`${ns}.example.com`, set),
      'thing.yaml': thing(ns, '{ set: [a, b, c] }'),
    }));
    const { namespace: ns } = stage;
    const edit = (set: string[]) => () => stage.kubectl(['patch', `${things(ns)}/a`, ...merge({ spec: { set } })]);
    await stage.handEdit(edit(['a', 'b', 'c', 'd']), { [thingId(ns)]: { 'spec.set["d"]': 'kubectl-patch' } });
    await stage.handEdit(edit(['a', 'c']), { [thingId(ns)]: { 'spec.set["b"]': 'nobody' } });
    await stage.handEdit(edit(['c', 'a', 'b']), { [thingId(ns)]: { 'spec.set': 'nobody' } });
    stage.kubectl(['delete', 'crd', things(ns)]);
  });

  it('a Secret that another applies with stringData', async () => {
    const secret = (ns: string, data: Record<string, string>) =>
      `apiVersion: v1\nkind: Secret\nmetadata: { name: a, namespace: ${ns} }\nstringData: ${JSON.stringify(data)}\n`;
    const stage = await open((ns) => ({ 'a.yaml': secret(ns, { key: 'canary-git' }) }));
    const { namespace: ns } = stage;
    const apply = (data: Record<string, string>) => () =>
      stage.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], secret(ns, data));
    await stage.handEdit(apply({ more: 'canary-more' }), { [`Secret/${ns}/a`]: { 'data.more': 'kubectl' } });
    await stage.handEdit(apply({ key: 'canary-other' }), { [`Secret/${ns}/a`]: { 'data.key': 'kubectl' } });
    expect(JSON.stringify(stage.world.reports)).not.toMatch(/canary|Y2FuYXJ5/);
  });
});

describeWithStages('an error is neither drift nor "missing":', (open) => {
  const status = (code: number, reason: string): Spoilt => ({
    status: code,
    body: JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code,
      reason,
      message: `spoilt: ${reason}`,
    }),
  });
  const spoilt: [string, Spoilt][] = [
    ['403 for lists and reads', status(403, 'Forbidden')],
    ['404 for the kind', { status: 404, body: '404 page not found\n' }],
    ['401', status(401, 'Unauthorized')],
    ['410', status(410, 'Expired')],
    ['500', status(500, 'InternalError')],
    ['503', status(503, 'ServiceUnavailable')],
    ['a page of a load balancer', { status: 200, body: '<html>sign in</html>' }],
    ['a list without items', { status: 200, body: '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{}}' }],
    ['another object', { status: 200, body: '{"kind":"Status","status":"Success"}' }],
    ['null', { status: 200, body: 'null' }],
    ['an answer that breaks off', 'cut off'],
    ['an answer that is half there', 'shortened'],
  ];
  it.each(spoilt)('%s', async (_name, answer) => {
    const stage = await open((ns) => ({
      'a.yaml': configMap(ns, 'a', { a: '1' }),
      'web.yaml': deployment(ns, 'web', 'web:1'),
    }));
    const { namespace: ns } = stage;
    const proxy = await apiProxy();
    const through = await openCluster({ kubeconfig: await kubeconfigThrough(proxy, cluster()) });
    try {
      const check = () => stage.check({ cluster: through });
      expect(await check()).toMatchObject({ drift: [], unknown: [] });
      let asked = 0;
      proxy.spoil = (_method, path) => {
        if (!/\/configmaps(\/a)?(\?|$)/.test(path)) return undefined;
        asked++;
        return answer;
      };
      stage.kubectl(['set', 'image', 'deployment/web', 'web=web:hand']);
      const { drift, unknown } = await check();
      expect(asked).toBeGreaterThan(0);
      expect(Object.keys(foundIn(drift))).toEqual([`apps/Deployment/${ns}/web`]);
      expect(unknown.map(({ object }) => object)).toHaveLength(1);
      expect(unknown[0]?.object).toMatch(/^ConfigMap(\/|$)/);
      expect(unknown[0]?.reason).toMatch(/\S+ \S+/);
      // A pull that reads the same neither applies, prunes nor forgets it.
      const outcome = await stage.world.pull(
        { 'namespace.yaml': stage.git['namespace.yaml']!, 'web.yaml': stage.git['web.yaml']! },
        { cluster: through },
      );
      expect(outcome.report.changes.filter(({ action }) => action === 'pruned')).toEqual([]);
      proxy.spoil = () => undefined;
      await stage.pull();
      await stage.quiet();
      expect(stage.get('configmap/a').data).toEqual({ a: '1' });
    } finally {
      await through.close();
    }
  });

  it('a record that cannot be read', async () => {
    const stage = await open((ns) => ({ 'a.yaml': configMap(ns, 'a', { a: '1' }) }));
    const proxy = await apiProxy();
    const through = await openCluster({ kubeconfig: await kubeconfigThrough(proxy, cluster()) });
    proxy.spoil = (_method, path) =>
      path.includes('windlass-record-') ? status(503, 'ServiceUnavailable') : undefined;
    try {
      stage.kubectl(['delete', 'configmap/a']);
      const found = await stage.check({
        cluster: through,
        records: new ClusterRecords(through.client, { readOnly: true }),
      });
      expect(found).toMatchObject({ drift: [], unknown: [{ object: '*' }] });
    } finally {
      await through.close();
    }
  });

  it('a version of a kind that is not served any more, and a kind that is gone', async () => {
    const two = (ns: string, served: boolean) =>
      crd(
        `${ns}.example.com`,
        anything,
        `    - name: v2
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: ${anything} } } }
`,
      )
        .replace('served: true', `served: ${served}`)
        .replace('storage: true', 'storage: false');
    const stage = await open((ns) => ({ 'crd.yaml': two(ns, true), 'thing.yaml': thing(ns, '{ size: 1 }') }));
    const { namespace: ns, world } = stage;
    await stage.quiet();
    const uid = stage.get(`${things(ns)}/a`).metadata.uid;
    stage.kubectl([
      'patch',
      'crd',
      things(ns),
      '--field-manager=upgrade-controller',
      ...json({ op: 'replace', path: '/spec/versions/0/served', value: false }),
    ]);
    world.cluster.rediscover();
    const { drift, unknown } = await stage.check();
    expect(drift.filter(({ object }) => object === thingId(ns))).toEqual([]);
    expect(unknown.map(({ object }) => object)).toEqual([`${ns}.example.com/Thing`]);
    // Git follows: the object that is there is taken on, not made again.
    stage.git['crd.yaml'] = two(ns, false);
    stage.git['thing.yaml'] = thing(ns, '{ size: 1 }', 'v2');
    await stage.pull();
    expect(stage.get(`${things(ns)}/a`).metadata.uid).toBe(uid);
    await stage.quiet();

    stage.kubectl(['delete', 'crd', things(ns)]);
    world.cluster.rediscover();
    const gone = await stage.check();
    expect(foundIn(gone.drift)).toEqual({ [`apiextensions.k8s.io/CustomResourceDefinition/${things(ns)}`]: {} });
    expect(gone.unknown.map(({ object }) => object)).toEqual([`${ns}.example.com/Thing`]);
  });
});
