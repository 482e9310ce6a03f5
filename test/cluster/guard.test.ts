import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guardManifests } from '../../lib/install/guard.ts';
import { idAnnotation, syncLabel } from '../../lib/kube/normalise.ts';
import { isMap } from '../../lib/kube/values.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';
import { describeWithCluster, waitFor } from '../helpers/cluster.ts';
import { kubectlAs, type Ran } from './guard-kubectl.ts';

const id = randomBytes(4).toString('hex');
const denied = `denied-${id}`;
const warned = `warned-${id}`;
const free = `free-${id}`;
const onCall = 'acme:on-call';

const admin = kubectlAs();
const people = kubectlAs({ user: 'ada@acme.example', groups: [`people-${id}`] });
const windlass = kubectlAs({ user: `system:serviceaccount:windlass-system:windlass-sync-${denied}` });

function object(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  rest: object,
  sync?: string,
): KubeObject {
  const labels: Record<string, string> = sync === undefined ? {} : { [syncLabel]: sync };
  const annotations: Record<string, string> = sync === undefined ? {} : { [idAnnotation]: `${sync}:x` };
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }), labels, annotations }, ...rest };
}

function deployment(namespace: string, name: string, sync?: string): KubeObject {
  const spec = {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'example.com/web:1' }] },
    },
  };
  return object('apps/v1', 'Deployment', namespace, name, { spec }, sync);
}

const scaler = (namespace: string, name: string) =>
  object('autoscaling/v2', 'HorizontalPodAutoscaler', namespace, name, {
    spec: { minReplicas: 3, maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } },
  });

const guard = guardManifests({
  syncs: [
    { name: denied, mode: 'deny', namespaces: [denied] },
    { name: warned, mode: 'warn', namespaces: [warned] },
  ],
  rules: { breakGlass: { users: [], groups: [onCall] }, serviceAccounts: ['ops/deployer'] },
});

/** The words that only the guard says. */
const belongs = /belongs to Windlass/;

function expectDenied(ran: Ran, of = `sync ${denied}`): void {
  expect(ran.stderr).toMatch(belongs);
  expect(ran.stderr).toContain(of);
  expect(ran.stderr).toContain('change it in Git');
  expect(ran.stderr).toMatch(/In an emergency: first windlass suspend (?:sync\/\S+|each sync of this namespace), else/);
  expect(ran.stderr).toContain(`then as the group ${onCall}`);
  expect(ran.stderr).not.toContain(`namespaces ${denied} in `);
  expect(ran.code).not.toBe(0);
}

function expectAllowed(ran: Ran): void {
  expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringMatching(belongs) });
}

describeWithCluster('the guard', () => {
  beforeAll(async () => {
    const everything = {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    };
    const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `people-${id}` }];
    admin.apply([
      object('v1', 'Namespace', '', denied, {}),
      object('v1', 'Namespace', '', warned, {}),
      object('v1', 'Namespace', '', free, {}),
      object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', '', `people-${id}`, { ...everything, subjects }),
      ...[denied, warned].flatMap((name) => [
        deployment(name, 'web', name),
        object('v1', 'ConfigMap', name, 'settings', { data: { a: '1' } }, name),
        deployment(name, 'theirs'),
      ]),
      object('v1', 'ConfigMap', free, 'settings', { data: { a: '1' } }),
    ]);
    // As it is installed, an expression that fails lets everything through; here it must be seen.
    admin.apply(
      guard.map((one) =>
        isMap(one['spec']) && one['spec']['failurePolicy']
          ? { ...one, spec: { ...one['spec'], failurePolicy: 'Fail' } }
          : one,
      ),
    );
    // The API server learns of a policy a moment after it has taken it.
    await waitFor(
      () => belongs.test(people.run(['-n', denied, 'label', 'configmap/settings', 'x=y', '--dry-run=server']).stderr),
      {
        what: 'the policy that refuses is in force',
      },
    );
    await waitFor(
      () => belongs.test(people.run(['-n', warned, 'label', 'configmap/settings', 'x=y', '--dry-run=server']).stderr),
      {
        what: 'the policy that warns is in force',
      },
    );
  });

  afterAll(() => {
    admin.run([
      'delete',
      '--ignore-not-found',
      '--wait=false',
      'validatingadmissionpolicy,validatingadmissionpolicybinding',
      'windlass-guard-deny',
      'windlass-guard-warn',
    ]);
    admin.run(['delete', '--wait=false', 'namespace', denied, warned, free]);
    admin.run(['delete', 'clusterrolebinding', `people-${id}`]);
  });

  it('is taken by the API server without a word about its expressions', () => {
    const policies = JSON.parse(
      admin.run(['get', 'validatingadmissionpolicy', '-l', 'windlass.dev/component', '-o', 'json']).stdout,
    );
    expect(policies.items).toHaveLength(2);
    for (const { status } of policies.items) expect(status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
  });

  it.each([
    ['set image', ['set', 'image', 'deployment/web', 'web=example.com/web:2']],
    ['edit', ['patch', 'deployment/web', '-p', '{"spec":{"paused":true}}']],
    ['scale', ['scale', 'deployment/web', '--replicas=4']],
    ['label', ['label', 'configmap/settings', 'mine=yes']],
    ['the removal of our label', ['label', 'configmap/settings', `${syncLabel}-`]],
    ['annotate', ['annotate', 'deployment/web', 'a=b']],
    ['rollout restart', ['rollout', 'restart', 'deployment/web']],
    ['delete', ['delete', 'configmap/settings', '--wait=false']],
    ['delete by a label', ['delete', 'configmap', '-l', `${syncLabel}=${denied}`, '--wait=false']],
    [
      'the status',
      ['patch', 'deployment/web', '--subresource=status', '--type=merge', '-p', '{"status":{"observedGeneration":0}}'],
    ],
  ])('refuses %s of a person and says what to do instead', (what, args) => {
    expectDenied(people.run(['-n', denied, ...args]), what === 'scale' ? 'a sync in this namespace' : `sync ${denied}`);
    expect(admin.run(['-n', denied, 'get', 'deployment/web', 'configmap/settings', '-o', 'name']).code).toBe(0);
  });

  it('refuses the deletion of a namespace that a sync has objects in, and server-side apply over them', () => {
    expectDenied(people.run(['delete', 'namespace', denied, '--wait=false']), 'a sync in this namespace');
    expectDenied(
      people.run(
        ['apply', '--server-side', '--force-conflicts', '-f', '-'],
        JSON.stringify(deployment(denied, 'web', denied)),
      ),
    );
  });

  it('refuses a new object that pretends to be of the sync', () => {
    const copy = object('v1', 'ConfigMap', denied, 'copy', { data: {} }, denied);
    expectDenied(people.run(['create', '-f', '-'], JSON.stringify(copy)));
  });

  it('warns where it shall only warn, and lets the change through', () => {
    const ran = people.run(['-n', warned, 'label', 'configmap/settings', 'mine=yes']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^Warning: /m);
    expect(ran.stderr).toContain(`configmaps settings in ${warned} belongs to Windlass (sync ${warned})`);
    expect(
      admin.run(['-n', warned, 'get', 'configmap/settings', '-o', 'jsonpath={.metadata.labels.mine}']).stdout,
    ).toBe('yes');
    expect(people.run(['-n', warned, 'scale', 'deployment/web', '--replicas=2'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(belongs),
    });
  });

  it('lets the group through that may break the glass', () => {
    const firefighter = kubectlAs({ user: 'grace@acme.example', groups: [`people-${id}`, onCall] });
    expectAllowed(firefighter.run(['-n', denied, 'scale', 'deployment/web', '--replicas=2']));
    expectAllowed(firefighter.run(['-n', denied, 'annotate', 'deployment/web', 'fire=1']));
  });

  it('leaves alone what no sync has, also in the same namespace, and looking', () => {
    expectAllowed(people.run(['-n', denied, 'label', 'deployment/theirs', 'mine=yes']));
    expectAllowed(people.run(['-n', free, 'label', 'configmap/settings', 'mine=yes']));
    expectAllowed(people.run(['-n', free, 'delete', 'configmap/settings', '--wait=false']));
    expectAllowed(people.run(['-n', denied, 'get', 'deployment/web']));
    expectAllowed(people.run(['-n', denied, 'delete', 'pod', '-l', 'app=web', '--wait=false']));
  });

  it('lets service accounts through that are named, and no others', () => {
    const account = (name: string) => kubectlAs({ user: `system:serviceaccount:${name}`, groups: [`people-${id}`] });
    expectAllowed(account('ops:deployer').run(['-n', denied, 'annotate', '--overwrite', 'deployment/web', 'by=ops']));
    expectAllowed(
      account('kube-system:some-controller').run([
        '-n',
        denied,
        'annotate',
        '--overwrite',
        'deployment/web',
        'by=system',
      ]),
    );
    expectDenied(account('ops:other').run(['-n', denied, 'annotate', '--overwrite', 'deployment/web', 'by=other']));
    expectDenied(
      account(`${denied}:default`).run(['-n', denied, 'annotate', '--overwrite', 'deployment/web', 'by=default']),
    );
  });

  it('lets Windlass, nodes and the parts of the control plane through', () => {
    for (const user of [
      `system:serviceaccount:windlass-system:windlass-sync-${denied}`,
      'system:kube-controller-manager',
      'system:kube-scheduler',
      'system:node:node-1',
      'eks:addon-manager',
    ]) {
      const component = kubectlAs({ user, groups: [`people-${id}`] });
      expectAllowed(
        component.run(['-n', denied, 'annotate', '--overwrite', 'deployment/web', `by=${user.replaceAll(':', '-')}`]),
      );
    }
    expect(windlass.user).toContain('windlass-system');
    expectDenied(
      kubectlAs({ user: 'system:admin', groups: [`people-${id}`] }).run([
        '-n',
        denied,
        'annotate',
        'deployment/web',
        'x=y',
      ]),
    );
    expectDenied(
      kubectlAs({ user: 'system:anonymous', groups: [`people-${id}`] }).run([
        '-n',
        denied,
        'annotate',
        'deployment/web',
        'x=y',
      ]),
    );
  });

  it('stands in the way of no controller: roll-outs, an autoscaler and the garbage collector work', async () => {
    const guarded = [deployment(denied, 'scaled', denied), { ...scaler(denied, 'scaled') }];
    const sync = kubectlAs({ user: windlass.user!, groups: [`people-${id}`] });
    sync.apply(guarded);
    await waitFor(
      () =>
        admin
          .run([
            '-n',
            denied,
            'get',
            'deployment/scaled',
            '-o',
            'jsonpath={.spec.replicas} {.status.observedGeneration}',
          ])
          .stdout.startsWith('3 '),
      { what: 'the autoscaler scales a guarded Deployment to its least' },
    );
    await waitFor(
      () =>
        admin.run(['-n', denied, 'get', 'deployment/scaled', '-o', 'jsonpath={.status.availableReplicas}']).stdout ===
        '3',
      { what: 'its pods become ready' },
    );
    expect(sync.run(['-n', denied, 'delete', 'deployment/scaled']).code).toBe(0);
    await waitFor(() => admin.run(['-n', denied, 'get', 'pods', '-l', 'app=scaled', '-o', 'name']).stdout === '', {
      what: 'the garbage collector deletes what belonged to the Deployment',
    });
  });

  it('can always be ended by who may delete the policy', () => {
    expectAllowed(
      people.run(['delete', 'validatingadmissionpolicybinding', 'windlass-guard-deny', '--dry-run=server']),
    );
    expectAllowed(people.run(['delete', 'validatingadmissionpolicy', 'windlass-guard-deny', '--dry-run=server']));
  });
});
