import { load } from 'js-yaml';
import { expect, it, onTestFinished } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { objectIdOf } from '../../lib/model/kube-object.ts';
import { cluster, describeWithCluster } from '../helpers/cluster.ts';
import { configMap, deployment, namespace, service, statefulSet } from '../pull/manifests.ts';
import { actionsOf, openWorld, syncSpec, until, type World } from '../pull/world.ts';

async function world(): Promise<World> {
  const made = await openWorld(cluster().kubeconfigPath, syncSpec());
  onTestFinished(() => made.close());
  return made;
}

const recreate = 'annotations: { windlass.dev/force: recreate }';

function job(ns: string, image: string, metadata = ''): string {
  return `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, namespace: ${ns}, ${metadata} }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: "${image}" }] } } }
`;
}

function binding(ns: string, role: string): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: b, namespace: ${ns} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${role} }
subjects: [{ kind: ServiceAccount, name: default, namespace: ${ns} }]
`;
}

function claim(ns: string, mode: string, metadata = ''): string {
  return `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: ${ns}, ${metadata} }
spec: { accessModes: [${mode}], resources: { requests: { storage: 1Gi } } }
`;
}

const secret = (ns: string, type: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: ${ns} }\ntype: ${type}\ndata: { k: c2VjcmV0LXZhbHVl }\n`;
const frozen = (ns: string, a: string) => `${configMap(ns, 'frozen', { a })}immutable: true\n`;
const priority = (name: string, value: number) =>
  `apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: ${name} }\nvalue: ${value}\n`;
const storage = (name: string, provisioner: string) =>
  `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: ${name} }\nprovisioner: ${provisioner}\n`;
const other = (text: string) => text.replaceAll('{ app: web }', '{ app: other }');

describeWithCluster('the API server says of a field that it cannot change', () => {
  type Case = [what: string, before: (ns: string) => string, after: (ns: string) => string, code: string, says: string];
  const web = (ns: string) => deployment(ns, 'web', 'web:1');
  const cases: Case[] = [
    ['the selector of a Deployment', web, (ns) => other(web(ns)), 'immutable', 'spec.selector: field is immutable'],
    ['the template of a Job', (ns) => job(ns, 'a:1'), (ns) => job(ns, 'a:2'), 'immutable', 'spec.template: field is'],
    ['the role of a binding', (ns) => binding(ns, 'a'), (ns) => binding(ns, 'b'), 'immutable', 'cannot change roleRef'],
    ['a frozen ConfigMap', (ns) => frozen(ns, '1'), (ns) => frozen(ns, '2'), 'immutable', 'data: field is immutable'],
    ['the type of a Secret', (ns) => secret(ns, 'a.io/x'), (ns) => secret(ns, 'a.io/y'), 'immutable', 'type: field is'],
    ['a priority', (ns) => priority(ns, 5), (ns) => priority(ns, 6), 'immutable', 'may not be changed in an update'],
    [
      'a class',
      (ns) => storage(ns, 'a.io/x'),
      (ns) => storage(ns, 'a.io/y'),
      'immutable',
      'updates to provisioner are',
    ],
    [
      'the address of a Service',
      (ns) => service(ns, 'web'),
      (ns) => service(ns, 'web').replace('spec:', 'spec:\n  clusterIP: None'),
      'immutable',
      'may not change once set',
    ],
    [
      'the name of a StatefulSet’s Service',
      (ns) => statefulSet(ns, 'db'),
      (ns) => statefulSet(ns, 'db').replace('serviceName: db', 'serviceName: dc'),
      'immutable',
      'spec: updates to statefulset spec for fields other than',
    ],
    [
      'a volume claim',
      (ns) => claim(ns, 'ReadWriteOnce'),
      (ns) => claim(ns, 'ReadOnlyMany'),
      'immutable',
      'spec: spec is immutable after creation',
    ],
  ];
  it.each(cases)('%s', async (_what, before, after, code, says) => {
    const { cluster: real, namespace: ns, pull } = await world();
    await pull({ 'ns.yaml': namespace(ns) });
    const send = async (text: string) => {
      const object = load(text) as KubeObject;
      const resource = (await real.resource(object.apiVersion, object.kind))!;
      return { resource, answer: await real.apply(resource, object, { force: true, dryRun: false }) };
    };
    const { answer: made, resource } = await send(before(ns));
    if ('failure' in made) throw new Error(made.failure.message);
    onTestFinished(async () => void (await real.remove(resource, objectIdOf(made.object), made.object.metadata.uid!)));
    const { answer } = await send(after(ns));
    expect(answer).toMatchObject({ failure: { code, message: expect.stringContaining(says), retryable: false } });
    expect(JSON.stringify(answer)).not.toContain('c2VjcmV0LXZhbHVl');
  });

  it.each([
    ['a value that is wrong', (ns: string) => web(ns).replace('replicas: 1', 'replicas: -1')],
    ['a value that is wrong beside it', (ns: string) => other(web(ns)).replace('replicas: 1', 'replicas: -1')],
    [
      'an immutable field, and one that would be wrong anew',
      (ns: string) => web(ns).replace('matchLabels: { app: web }', 'matchLabels: { app: x }'),
    ],
    ['the words in a value', (ns: string) => web(ns).replace('name: MODE', 'name: "a: field is immutable\\n"')],
  ])('and does not say it of %s', async (_what, after) => {
    const { pull, namespace: ns } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'web.yaml': web(ns) });
    const outcome = await pull({
      ...base,
      'web.yaml': after(ns).replace(`namespace: ${ns}`, `namespace: ${ns}\n  ${recreate}`),
    });
    expect(outcome.report.errors.map(({ code }) => code)).toEqual(['apply-invalid']);
  });
});

describeWithCluster('an object that asks to be created again', () => {
  it('is, when an immutable field changes; a dry run says so and does nothing', async () => {
    const { pull, namespace: ns, live } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'job.yaml': job(ns, 'a:1', recreate) });
    const first = await live('batch/v1', 'Job', 'migrate');
    const next = { ...base, 'job.yaml': job(ns, 'a:2', recreate) };
    const reason = 'changed in Git; deleted and created again: spec.template: field is immutable';
    const tried = await pull(next, { dryRun: true });
    expect(tried.report.errors).toEqual([]);
    expect(tried.changes).toContainEqual({ object: `batch/Job/${ns}/migrate`, action: 'configured', reason });
    expect((await live('batch/v1', 'Job', 'migrate'))?.metadata.uid).toBe(first?.metadata.uid);
    const outcome = await pull(next);
    expect(outcome.report.errors).toEqual([]);
    expect(outcome.changes).toContainEqual({ object: `batch/Job/${ns}/migrate`, action: 'configured', reason });
    const second = await live('batch/v1', 'Job', 'migrate');
    expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
    expect(JSON.stringify(second?.['spec'])).toContain('a:2');
    expect(actionsOf(await pull(next))).toEqual({ unchanged: 2 });
  });

  it('is not without the annotation, and the error says which field', async () => {
    const { pull, namespace: ns, live } = await world();
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'job.yaml': job(ns, 'a:1') });
    const uid = (await live('batch/v1', 'Job', 'migrate'))?.metadata.uid;
    const outcome = await pull({ ...base, 'job.yaml': job(ns, 'a:2') });
    expect(outcome.report.errors).toMatchObject([
      {
        ...{ code: 'apply-immutable', message: 'spec.template: field is immutable', line: 1 },
        file: expect.stringMatching(/job\.yaml$/),
        hint: expect.stringContaining('windlass.dev/force: recreate'),
      },
    ]);
    expect((await live('batch/v1', 'Job', 'migrate'))?.metadata.uid).toBe(uid);
  });

  it('and what is refused for another reason is told with its file and line, without that advice', async () => {
    const { pull, namespace: ns } = await world();
    const files = { 'both.yaml': `${configMap(ns, 'a', {})}---\n${configMap(`${ns}-none`, 'b', {})}` };
    const outcome = await pull({ 'ns.yaml': namespace(ns), ...files });
    expect(outcome.report.errors).toMatchObject([
      { code: 'apply-not-found', message: expect.stringContaining('does not exist'), line: expect.any(Number) },
    ]);
    expect(outcome.report.errors[0]?.file).toMatch(/both\.yaml$/);
    expect(outcome.report.errors[0]?.line).toBeGreaterThan(1);
    expect(outcome.report.errors[0]?.hint).toBeUndefined();
  });

  it('keeps its volume claims: a StatefulSet is made anew beside them', async () => {
    const { pull, namespace: ns, live } = await world();
    const set = (service: string) =>
      statefulSet(ns, 'db')
        .replace('serviceName: db', `serviceName: ${service}`)
        .replace('metadata: { name: db,', `metadata: { name: db, ${recreate},`);
    const base = { 'ns.yaml': namespace(ns), 'svc.yaml': service(ns, 'db') };
    await pull({ ...base, 'db.yaml': set('db') }, { wait: 'block' });
    const data = (await live('v1', 'PersistentVolumeClaim', 'data-db-0'))?.metadata.uid;
    const old = (await live('apps/v1', 'StatefulSet', 'db'))?.metadata.uid;
    const outcome = await pull({ ...base, 'db.yaml': set('dc') }, { wait: 'block' });
    expect(outcome.report).toMatchObject({ result: 'synced', errors: [] });
    const { reason } = outcome.changes.find(({ object }) => object === `apps/StatefulSet/${ns}/db`)!;
    expect(reason).toMatch(
      /spec: updates to statefulset spec for fields other than '.*', 'template', .* are forbidden$/,
    );
    expect((await live('apps/v1', 'StatefulSet', 'db'))?.metadata.uid).not.toBe(old);
    expect((await live('v1', 'PersistentVolumeClaim', 'data-db-0'))?.metadata.uid).toBe(data);
  });

  it('is not where its volume claims would go with it, nor a claim itself', async () => {
    const { pull, namespace: ns, live } = await world();
    const set = (name: string) =>
      statefulSet(ns, 'db')
        .replace(
          'serviceName: db',
          `serviceName: ${name}\n  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete }`,
        )
        .replace('metadata: { name: db,', `metadata: { name: db, ${recreate},`);
    const files = (name: string, mode: string) => ({
      'ns.yaml': namespace(ns),
      'db.yaml': set(name),
      'pvc.yaml': claim(ns, mode, recreate),
    });
    await pull(files('db', 'ReadWriteOnce'));
    const uids = async () => [
      (await live('apps/v1', 'StatefulSet', 'db'))?.metadata.uid,
      (await live('v1', 'PersistentVolumeClaim', 'data'))?.metadata.uid,
    ];
    const before = await uids();
    const outcome = await pull(files('dc', 'ReadOnlyMany'));
    expect(outcome.report.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('a PersistentVolumeClaim is never deleted to be created again'),
      expect.stringContaining('its volume claims would be deleted with it'),
    ]);
    expect(await uids()).toEqual(before);
  });

  it('is not when somebody else made it', async () => {
    const { pull, namespace: ns, live, cluster: real } = await world();
    await pull({ 'ns.yaml': namespace(ns) });
    const made = await real.client.send({
      verb: 'release',
      method: 'POST',
      path: `/apis/batch/v1/namespaces/${ns}/jobs?fieldManager=kubectl-create`,
      body: JSON.stringify(load(job(ns, 'a:1'))),
    });
    expect(made.status).toBe(201);
    const uid = (await live('batch/v1', 'Job', 'migrate'))?.metadata.uid;
    const outcome = await pull({ 'ns.yaml': namespace(ns), 'job.yaml': job(ns, 'a:2', recreate) });
    expect(outcome.report.errors).toMatchObject([
      { code: 'apply-immutable', message: expect.stringContaining('was not applied by this sync before') },
    ]);
    expect((await live('batch/v1', 'Job', 'migrate'))?.metadata.uid).toBe(uid);
  });

  it('that finalizers keep is an error that names them, and is created by the pull after they are gone', async () => {
    const { pull, namespace: ns, live, edit } = await world();
    const held = (a: string) =>
      frozen(ns, a).replace('name: frozen,', `name: frozen, finalizers: [x.io/hold], ${recreate},`);
    const base = { 'ns.yaml': namespace(ns) };
    await pull({ ...base, 'm.yaml': held('1') });
    let clock = Date.now();
    // Each look moves the clock on: the minute of patience is over in a moment.
    const now = () => {
      clock += 5_000;
      return new Date(clock);
    };
    const outcome = await pull({ ...base, 'm.yaml': held('2') }, { now });
    expect(outcome.report.errors).toMatchObject([
      { code: 'apply-unavailable', message: expect.stringContaining('its finalizers: x.io/hold') },
    ]);
    await edit('v1', 'ConfigMap', 'frozen', { metadata: { finalizers: null } });
    await until('it is gone', async () => (await live('v1', 'ConfigMap', 'frozen')) === undefined);
    expect((await pull({ ...base, 'm.yaml': held('2') })).report.errors).toEqual([]);
    expect((await live('v1', 'ConfigMap', 'frozen'))?.['data']).toEqual({ a: '2' });
    await edit('v1', 'ConfigMap', 'frozen', { metadata: { finalizers: null } });
  });
});

describeWithCluster('the tolerations of a Pod', () => {
  const ours = '{ key: dedicated, operator: Equal, value: batch, effect: NoSchedule }';
  const notReady = '{ key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 20 }';
  const pod = (ns: string, tolerations: string[], metadata = '') => `apiVersion: v1
kind: Pod
metadata: { name: one, namespace: ${ns}, ${metadata} }
spec: { containers: [{ name: main, image: "a:1" }], tolerations: [${tolerations.join(', ')}] }
`;
  /** Without kube-controller-manager's there is no service account in time. */
  const pulled = async (tolerations: string[]) => {
    const made = await world();
    const base = { 'ns.yaml': namespace(made.namespace) };
    await made.pull(base);
    await until('the service account is there', () => made.live('v1', 'ServiceAccount', 'default'));
    const files = (all: string[], metadata = '') => ({ ...base, 'pod.yaml': pod(made.namespace, all, metadata) });
    expect((await made.pull(files(tolerations))).report.errors).toEqual([]);
    const live = async () =>
      (await made.live('v1', 'Pod', 'one'))?.['spec'] as { tolerations: { key: string; tolerationSeconds?: number }[] };
    const lose = async () => {
      const resource = (await made.cluster.resource('v1', 'ConfigMap'))!;
      const records = await made.cluster.list(resource, undefined, 'windlass-system');
      const own = records.filter(({ metadata: { name } }) => name.includes(made.sync.name));
      expect(own.length).toBeGreaterThan(0);
      for (const one of own) await made.cluster.remove(resource, objectIdOf(one), one.metadata.uid!);
    };
    return { ...made, files, spec: live, lose };
  };
  const namesOf = (all: { key: string }[]) => all.map(({ key }) => key).sort();
  const admitted = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

  it.each([[[ours]], [[]], [[ours, notReady]]])(
    'are those of Git and what admission added, also with a lost record: %s',
    async (tolerations) => {
      const { pull, files, spec, lose } = await pulled(tolerations);
      const { tolerations: before } = await spec();
      expect(namesOf(before).filter((key) => key !== 'dedicated')).toEqual(admitted);
      await lose();
      const again = await pull(files(tolerations));
      expect([again.report.errors, actionsOf(again)]).toEqual([[], { configured: 2 }]);
      const more = files([...tolerations, '{ key: more, operator: Exists }']);
      expect((await pull(more)).report.errors).toEqual([]);
      expect(namesOf((await spec()).tolerations)).toEqual([...namesOf(before), 'more'].sort());
      const quiet = await pull(more);
      expect([quiet.report.drift, actionsOf(quiet)]).toEqual([[], { unchanged: 2 }]);
    },
  );

  it('that somebody else added stop an apply, also with a lost record: the error says what to do', async () => {
    const { pull, files, spec, lose, edit } = await pulled([ours]);
    const { tolerations } = await spec();
    await edit('v1', 'Pod', 'one', { spec: { tolerations: [...tolerations, { key: 'more', operator: 'Exists' }] } });
    const refused = [{ code: 'apply-immutable', hint: expect.stringContaining('windlass.dev/force: recreate') }];
    expect((await pull(files([ours]))).report.errors).toMatchObject(refused);
    await lose();
    expect((await pull(files([ours]))).report.errors).toMatchObject(refused);
    expect((await pull(files([ours], recreate))).report.errors).toEqual([]);
    expect((await spec()).tolerations).toEqual(tolerations);
  });

  it('can be given another time, but not taken away: the error says what to do', async () => {
    const { pull, files, spec } = await pulled([ours, notReady]);
    expect((await pull(files([ours, notReady.replace('20', '40')]))).report.errors).toEqual([]);
    const seconds = async () => (await spec()).tolerations.find(({ key }) => key === admitted[0])?.tolerationSeconds;
    expect(await seconds()).toBe(40);
    const { report } = await pull(files([notReady]));
    expect(report.errors).toMatchObject([
      { code: 'apply-immutable', hint: expect.stringContaining('windlass.dev/force: recreate') },
    ]);
    expect((await pull(files([notReady], recreate))).report.errors).toEqual([]);
    expect(namesOf((await spec()).tolerations)).toEqual(admitted);
  });
});
