import { expect, it } from 'vitest';
import { compareObject, type Verdict } from '../../lib/kube/compare.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { describeWithCluster, testNamespace } from '../helpers/cluster.ts';
import { applied, apply, fixture, hashKey, kubectl, pick, read, target } from './kube-kubectl.ts';

/** An edit by hand, and what must be found: paths with their manager (undefined: nobody is recorded). */
interface Edit {
  name: string;
  object: string;
  edit(object: KubeObject): void;
  state: 'changed' | 'added' | 'missing' | undefined;
  found?: Record<string, string | undefined>;
}

const web = 'apps/Deployment/NAMESPACE/web';
const settings = 'ConfigMap/NAMESPACE/settings';
const containers = 'spec.template.spec.containers';

const on =
  (verb: string[], ...rest: string[]) =>
  (object: KubeObject) =>
    void kubectl([...verb, ...target(object), ...rest]);
const set =
  (what: string, ...rest: string[]) =>
  ({ metadata }: KubeObject) =>
    void kubectl(['set', what, `deployment/${metadata.name}`, '-n', metadata.namespace!, ...rest]);
const merge = (patch: object, ...rest: string[]) => on(['patch'], '--type=merge', '-p', JSON.stringify(patch), ...rest);
const strategic = (patch: object) => on(['patch'], '--type=strategic', '-p', JSON.stringify(patch));
const json = (...patch: object[]) => on(['patch'], '--type=json', '-p', JSON.stringify(patch));
const pod = (spec: object) => strategic({ spec: { template: { spec } } });

/** Reads the object, changes it, and puts it back whole, as an editor does. */
const replaced =
  (change: (object: KubeObject) => unknown, ...rest: string[]) =>
  (object: KubeObject) => {
    const live = JSON.parse(kubectl(['get', ...target(object), '-o', 'json']));
    change(live);
    // A controller may write between the two; what it wrote is status, which a replace leaves alone.
    delete live.metadata.resourceVersion;
    kubectl(['replace', ...rest, '-f', '-'], JSON.stringify(live));
  };

// biome-ignore lint/suspicious/noExplicitAny: the tests reach deep into objects of many kinds.
type Loose = any;
const podOf = (object: KubeObject): Loose => (object as Loose).spec.template.spec;

const edits: Edit[] = [
  {
    name: 'set image',
    object: web,
    edit: set('image', 'web=shop/web:9'),
    state: 'changed',
    found: { [`${containers}[name=web].image`]: 'kubectl-set' },
  },
  {
    name: 'set env of ours',
    object: web,
    edit: set('env', '-c', 'web', 'A=9'),
    state: 'changed',
    found: { [`${containers}[name=web].env[name=A].value`]: 'kubectl-set' },
  },
  {
    name: 'set env of its own',
    object: web,
    edit: set('env', '-c', 'web', 'NEW=1'),
    state: 'added',
    found: { [`${containers}[name=web].env[name=NEW]`]: 'kubectl-set' },
  },
  {
    name: 'remove an env',
    object: web,
    edit: set('env', '-c', 'web', 'A-'),
    state: 'changed',
    found: { [`${containers}[name=web].env[name=A]`]: undefined },
  },
  {
    name: 'scale',
    object: web,
    edit: on(['scale', '--replicas=4']),
    state: 'changed',
    found: { 'spec.replicas': 'kubectl' },
  },
  {
    name: 'change a label',
    object: web,
    edit: on(['label', '--overwrite'], 'team=ops'),
    state: 'changed',
    found: { 'metadata.labels.team': 'kubectl-label' },
  },
  {
    name: 'remove a label',
    object: web,
    edit: on(['label'], 'team-'),
    state: 'changed',
    found: { 'metadata.labels.team': undefined },
  },
  {
    name: 'remove our label',
    object: web,
    edit: on(['label'], 'windlass.dev/sync-'),
    state: 'changed',
    found: { 'metadata.labels[windlass.dev/sync]': undefined },
  },
  {
    name: 'add a label',
    object: web,
    edit: on(['label'], 'example.com/seen=yes'),
    state: 'added',
    found: { 'metadata.labels[example.com/seen]': 'kubectl-label' },
  },
  {
    name: 'add an annotation',
    object: settings,
    edit: on(['annotate'], 'note=x'),
    state: 'added',
    found: { 'metadata.annotations.note': 'kubectl-annotate' },
  },
  {
    name: 'restart',
    object: web,
    edit: on(['rollout', 'restart']),
    state: 'added',
    found: { 'spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]': 'kubectl-rollout' },
  },
  {
    name: 'pause',
    object: web,
    edit: on(['rollout', 'pause']),
    state: 'added',
    found: { 'spec.paused': 'kubectl-rollout' },
  },
  {
    name: 'change the arguments',
    object: web,
    edit: pod({ containers: [{ name: 'web', args: ['serve', '--debug'] }] }),
    state: 'changed',
    found: { [`${containers}[name=web].args`]: 'kubectl-patch' },
  },
  {
    name: 'add limits',
    object: web,
    edit: pod({ containers: [{ name: 'proxy', resources: { limits: { cpu: '1' } } }] }),
    state: 'added',
    found: { [`${containers}[name=proxy].resources.limits`]: 'kubectl-patch' },
  },
  {
    name: 'add a container',
    object: web,
    edit: pod({ containers: [{ name: 'debug', image: 'busybox:1' }] }),
    state: 'added',
    found: { [`${containers}[name=debug]`]: 'kubectl-patch' },
  },
  {
    name: 'remove a container',
    object: web,
    edit: json({ op: 'remove', path: '/spec/template/spec/containers/1' }),
    state: 'changed',
    found: { [`${containers}[name=proxy]`]: undefined },
  },
  {
    name: 'remove a volume mount',
    object: web,
    edit: json({ op: 'remove', path: '/spec/template/spec/containers/0/volumeMounts/1' }),
    state: 'changed',
    found: { [`${containers}[name=web].volumeMounts[mountPath=/tmp]`]: undefined },
  },
  {
    name: 'rename a container',
    object: web,
    edit: json({ op: 'replace', path: '/spec/template/spec/containers/1/name', value: 'other' }),
    state: 'changed',
    found: { [`${containers}[name=proxy]`]: undefined, [`${containers}[name=other]`]: 'kubectl-patch' },
  },
  {
    name: 'swap the containers',
    object: web,
    edit: replaced((object) => podOf(object).containers.reverse()),
    state: 'changed',
    found: { [containers]: undefined },
  },
  {
    name: 'swap the env',
    object: web,
    edit: replaced((object) => podOf(object).containers[0].env.reverse()),
    state: 'changed',
    found: { [`${containers}[name=web].env`]: undefined },
  },
  {
    name: 'append a duplicate env',
    object: web,
    edit: json({ op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'A', value: '7' } }),
    state: 'changed',
    found: { [`${containers}[name=web].env[name=A]`]: 'kubectl-patch' },
  },
  {
    name: 'keep scratch in memory',
    object: web,
    edit: pod({ volumes: [{ name: 'scratch', emptyDir: { medium: 'Memory' } }] }),
    state: 'added',
    found: { 'spec.template.spec.volumes[name=scratch].emptyDir.medium': 'kubectl-patch' },
  },
  {
    name: 'fill the security context',
    object: web,
    edit: pod({ securityContext: { runAsUser: 7 } }),
    state: 'added',
    found: { 'spec.template.spec.securityContext.runAsUser': 'kubectl-patch' },
  },
  {
    name: 'change a toleration',
    object: web,
    edit: json({ op: 'replace', path: '/spec/template/spec/tolerations/0/effect', value: 'NoExecute' }),
    state: 'changed',
    found: { 'spec.template.spec.tolerations': 'kubectl-patch' },
  },
  {
    name: 'add a limit of history',
    object: web,
    edit: merge({ spec: { revisionHistoryLimit: 3 } }),
    state: 'added',
    found: { 'spec.revisionHistoryLimit': 'kubectl-patch' },
  },
  { name: 'the same image again', object: web, edit: set('image', 'web=shop/web:1.4.0'), state: undefined },
  {
    name: 'the same quantity in other words',
    object: web,
    edit: pod({ containers: [{ name: 'web', resources: { requests: { cpu: '1.0' } } }] }),
    state: undefined,
  },
  {
    name: 'scale and back',
    object: web,
    edit: (object) => {
      for (const count of [4, 2]) on(['scale', `--replicas=${count}`])(object);
    },
    state: undefined,
  },
  {
    name: 'a client-side apply',
    object: settings,
    edit: (object) => void kubectl(['apply', '-f', '-'], JSON.stringify({ ...object, data: { LOG_LEVEL: 'debug' } })),
    state: 'changed',
    found: { 'data.LOG_LEVEL': 'kubectl-client-side-apply' },
  },
  {
    name: 'another tool applies',
    object: settings,
    edit: (object) => void apply([{ ...object, data: { LOG_LEVEL: 'debug' } }], 'kustomize-controller'),
    state: 'changed',
    found: { 'data.LOG_LEVEL': 'kustomize-controller' },
  },
  {
    name: 'an unknown program adds',
    object: settings,
    edit: merge({ data: { more: '1' } }, '--field-manager=some-program'),
    state: undefined,
  },
  {
    name: 'our own name by Update',
    object: settings,
    edit: merge({ data: { LOG_LEVEL: 'debug' } }, '--field-manager=windlass'),
    state: 'changed',
    found: { 'data.LOG_LEVEL': 'windlass' },
  },
  {
    name: 'k9s edits',
    object: settings,
    edit: merge({ data: { LOG_LEVEL: 'debug' } }, '--field-manager=k9s'),
    state: 'changed',
    found: { 'data.LOG_LEVEL': 'k9s' },
  },
  {
    name: 'a browser replaces',
    object: settings,
    edit: replaced(
      (object) => Object.assign((object as Loose).data, { LOG_LEVEL: 'debug' }),
      '--field-manager=Mozilla',
    ),
    state: 'changed',
    found: { 'data.LOG_LEVEL': 'Mozilla' },
  },
  {
    name: 'fill the empty key',
    object: settings,
    edit: merge({ data: { EMPTY: 'x' } }),
    state: 'changed',
    found: { 'data.EMPTY': 'kubectl-patch' },
  },
  {
    name: 'remove a key',
    object: settings,
    edit: json({ op: 'remove', path: '/data/LOG_LEVEL' }),
    state: 'changed',
    found: { 'data.LOG_LEVEL': undefined },
  },
  {
    name: 'add a key',
    object: settings,
    edit: merge({ data: { 'new.key': '1' } }),
    state: 'added',
    found: { 'data[new.key]': 'kubectl-patch' },
  },
  {
    name: 'change a key of the Secret',
    object: 'Secret/NAMESPACE/login',
    edit: merge({ stringData: { password: 'other-s3cret' } }),
    state: 'changed',
    found: { 'data.password': 'kubectl-patch' },
  },
  {
    name: 'remove a key of the Secret',
    object: 'Secret/NAMESPACE/login',
    edit: json({ op: 'remove', path: '/data/password' }),
    state: 'changed',
    found: { 'data.password': undefined },
  },
  {
    name: 'add a key to the Secret',
    object: 'Secret/NAMESPACE/login',
    edit: merge({ stringData: { pin: 'canary-s3cret' } }),
    state: 'added',
    found: { 'data.pin': 'kubectl-patch' },
  },
  {
    name: 'another selector',
    object: 'Service/NAMESPACE/web',
    edit: merge({ spec: { selector: { app: 'other' } } }),
    state: 'changed',
    found: { 'spec.selector': 'kubectl-patch' },
  },
  {
    name: 'a further selector',
    object: 'Service/NAMESPACE/web',
    edit: merge({ spec: { selector: { tier: 'x' } } }),
    state: 'changed',
    found: { 'spec.selector': 'kubectl-patch' },
  },
  {
    name: 'another port',
    object: 'Service/NAMESPACE/web',
    edit: json({ op: 'replace', path: '/spec/ports/0/port', value: 81 }),
    state: 'changed',
    found: { 'spec.ports[port=80,protocol=TCP]': undefined, 'spec.ports[port=81,protocol=TCP]': 'kubectl-patch' },
  },
  {
    name: 'another target port',
    object: 'Service/NAMESPACE/web',
    edit: json({ op: 'replace', path: '/spec/ports/2/targetPort', value: 5354 }),
    state: 'changed',
    found: { 'spec.ports[port=53,protocol=TCP].targetPort': 'kubectl-patch' },
  },
  {
    name: 'a node port',
    object: 'Service/NAMESPACE/web',
    edit: merge({ spec: { type: 'NodePort' } }),
    state: 'added',
    found: { 'spec.type': 'kubectl-patch', 'spec.externalTrafficPolicy': 'kubectl-patch' },
  },
  {
    name: 'more rights',
    object: 'rbac.authorization.k8s.io/Role/NAMESPACE/reader',
    edit: json({ op: 'add', path: '/rules/0/verbs/-', value: 'delete' }),
    state: 'changed',
    found: { rules: 'kubectl-patch' },
  },
  {
    name: 'another schedule',
    object: 'batch/CronJob/NAMESPACE/nightly',
    edit: merge({ spec: { schedule: '0 4 * * *' } }),
    state: 'changed',
    found: { 'spec.schedule': 'kubectl-patch' },
  },
  {
    name: 'suspend',
    object: 'batch/CronJob/NAMESPACE/nightly',
    edit: merge({ spec: { suspend: true } }),
    state: 'added',
    found: { 'spec.suspend': 'kubectl-patch' },
  },
  {
    name: 'another maximum',
    object: 'autoscaling/HorizontalPodAutoscaler/NAMESPACE/scaled',
    edit: merge({ spec: { maxReplicas: 50 } }),
    state: 'changed',
    found: { 'spec.maxReplicas': 'kubectl-patch' },
  },
  {
    name: 'another host',
    object: 'networking.k8s.io/Ingress/NAMESPACE/web',
    edit: json({ op: 'replace', path: '/spec/rules/0/host', value: 'x.example.com' }),
    state: 'changed',
    found: { 'spec.rules': 'kubectl-patch' },
  },
  { name: 'delete', object: settings, edit: on(['delete']), state: 'missing', found: {} },
];

describeWithCluster('what a hand edit looks like', () => {
  for (const { name, object: id, edit, state, found } of edits) {
    it(`${name}: ${state ?? 'nothing to report'}`, async () => {
      const { verdict } = await after(id, edit);
      expect(verdict.unknown).toBeUndefined();
      expect({ state: verdict.drift?.state, found: managersByPath(verdict) }).toEqual({ state, found: found ?? {} });
      expect(JSON.stringify(verdict)).not.toMatch(/canary|Y2FuYXJ5|other-s3cret|b3RoZXIt/);
    });
  }

  it('shows what Git says, what is there, who and when', async () => {
    const { verdict } = await after(web, set('image', 'web=shop/web:9'));
    expect(verdict.drift?.fields).toEqual([
      {
        path: `${containers}[name=web].image`,
        git: 'shop/web:1.4.0',
        live: 'shop/web:9',
        manager: 'kubectl-set',
        operation: 'Update',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    ]);
  });

  it('leaves to an autoscaler what it scales', async () => {
    const patch = merge({ spec: { replicas: 4 } }, '--subresource=scale', '--field-manager=kube-controller-manager');
    const { verdict } = await after(web, patch);
    expect(verdict.drift).toBeUndefined();
    expect(verdict.leftToControllers).toMatchObject([
      { path: 'spec.replicas', git: 2, live: 4, manager: 'kube-controller-manager', subresource: 'scale' },
    ]);
  });

  it('shows what an unknown program added, without calling it drift', async () => {
    const { verdict } = await after(settings, merge({ data: { more: '1' } }, '--field-manager=some-program'));
    expect(verdict.addedByOthers).toMatchObject([{ path: 'data.more', live: '1', manager: 'some-program' }]);
  });

  it('names the subresource of a scaling by hand', async () => {
    const { verdict } = await after(web, on(['scale', '--replicas=4']));
    expect(verdict.drift?.fields).toMatchObject([{ path: 'spec.replicas', git: 2, live: 4, subresource: 'scale' }]);
  });

  it('tells that an object was created again, and what is different in it', async () => {
    const { verdict } = await after(settings, (object) => {
      kubectl(['delete', ...target(object)]);
      kubectl(['create', '-f', '-'], JSON.stringify({ ...object, data: { LOG_LEVEL: 'debug' } }));
    });
    expect(verdict.drift).toMatchObject({ state: 'changed', reason: expect.stringContaining('created again') });
    const paths = verdict.drift?.fields.map(({ path }) => path);
    expect(paths).toEqual(['data.EMPTY', 'data.LOG_LEVEL', 'data[app.properties]']);
  });

  it('compares by value when the ownership was wiped out', async () => {
    const wipe = json({ op: 'replace', path: '/metadata/managedFields', value: [{}] });
    const { verdict: same } = await after(settings, wipe);
    expect({ drift: same.drift, lost: same.ownershipLost.length > 0 }).toEqual({ drift: undefined, lost: true });
    const { verdict } = await after(settings, (object) => {
      merge({ data: { LOG_LEVEL: 'debug' } })(object);
      wipe(object);
    });
    expect(verdict.drift).toMatchObject({ state: 'changed', fields: [{ path: 'data.LOG_LEVEL', live: 'debug' }] });
  });

  it('keeps reporting what a person added before we applied again', async () => {
    const { object } = await after(settings, merge({ data: { more: '1' } }));
    const [entry] = applied([object]);
    expect(entry?.foreign).toEqual(['data.more']);
    const verdict = compareObject({ entry: entry!, live: read(object), hashKey });
    expect(verdict.drift).toMatchObject({ state: 'added', fields: [{ path: 'data.more', manager: 'kubectl-patch' }] });
  });
});

/** Applies one object of the corpus, edits it, and compares. */
async function after(
  id: string,
  edit: (object: KubeObject) => void,
): Promise<{ verdict: Verdict; object: KubeObject }> {
  const namespace = await testNamespace('kube-drift');
  const object = pick(fixture('corpus.yaml', namespace), id.replace('NAMESPACE', namespace));
  const [entry] = applied([object]);
  edit(object);
  return { object, verdict: compareObject({ entry: entry!, live: read(object), desired: object, hashKey }) };
}

function managersByPath({ drift }: Verdict): Record<string, string | undefined> {
  return Object.fromEntries(drift?.fields.map(({ path, manager }) => [path, manager]) ?? []);
}
