import { describe, expect, it } from 'vitest';
import { installedKinds } from '../../lib/install/kinds.ts';
import { installManifests } from '../../lib/install/manifests.ts';
import type { InstallOptions } from '../../lib/install/options.ts';
import type { AccountRights } from '../../lib/install/rights.ts';
import { normalise } from '../../lib/kube/normalise.ts';
import { valueAt } from '../../lib/kube/values.ts';
import type { KubeObject } from '../../lib/model/kube-object.ts';

const account: AccountRights = {
  account: 'windlass-sync-shop',
  syncs: ['shop'],
  clusterAdmin: false,
  namespaces: ['shop'],
  declaredNamespaces: ['shop'],
  extra: [{ namespace: 'shop', group: 'acme.example', plural: 'widgets' }],
  looks: [],
  withheld: [],
};

function options(changes: Partial<InstallOptions> = {}): InstallOptions {
  return {
    mode: 'cron',
    cluster: 'prod',
    repo: 'https://github.com/acme/config.git',
    branch: 'main',
    image: 'registry.example.com/windlass:1.0.0',
    apiPorts: [443],
    accounts: [account, { ...account, account: 'windlass-sync-infra', syncs: ['infra'], clusterAdmin: true }],
    guard: {
      syncs: [{ name: 'shop', mode: 'deny', namespaces: ['shop'] }],
      rules: { breakGlass: { users: [], groups: ['oncall'] }, serviceAccounts: 'all' },
    },
    ...changes,
  };
}

function podOf(objects: readonly KubeObject[]): Record<string, unknown> {
  const found = objects.find(({ kind }) => kind === 'CronJob' || kind === 'Deployment');
  const names = found?.kind === 'CronJob' ? ['jobTemplate', 'spec', 'template', 'spec'] : ['template', 'spec'];
  return valueAt(found, 'spec', ...names) as Record<string, unknown>;
}

/** Every key at any depth, with what it holds. */
function keysIn(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key, inner] as [string, unknown], ...keysIn(inner)]);
}

describe('the manifests of an installation', () => {
  it.each(['cron', 'watch'] as const)('have no way in: no Service, port, host network or probe (%s)', (mode) => {
    const objects = installManifests(options({ mode }));
    expect(objects.map(({ kind }) => kind)).not.toContain('Service');
    const keys = new Set(keysIn(podOf(objects)).map(([key]) => key));
    for (const key of ['ports', 'containerPort', 'hostPort', 'hostNetwork', 'hostPID', 'hostIPC', 'hostPath'])
      expect(keys).not.toContain(key);
    expect([...keys].filter((key) => key.endsWith('Probe'))).toEqual([]);
    const policy = objects.find(({ kind }) => kind === 'NetworkPolicy')?.['spec'];
    expect(policy).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(policy).not.toHaveProperty('ingress');
  });

  it('let out names, TLS and the agent of Pod Identity; ssh and another port only where they are needed', () => {
    const portsOf = (changes: Partial<InstallOptions>) => {
      const policy = installManifests(options(changes)).find(({ kind }) => kind === 'NetworkPolicy');
      const { egress } = policy!['spec'] as { egress: { to?: unknown; ports: { port: number }[] }[] };
      return egress.map(({ to, ports }) => [...ports.map(({ port }) => port), ...(to === undefined ? [] : [to])]);
    };
    const agent = [80, [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }]];
    expect(portsOf({})).toEqual([[53, 53], [443], agent]);
    expect(portsOf({ repo: 'git@github.com:acme/config.git' })).toEqual([[53, 53], [22, 443], agent]);
    expect(portsOf({ apiPorts: [6443] })).toEqual([[53, 53], [443, 6443], agent]);
  });

  it('give the container what it needs to know, and nothing that is secret', () => {
    const [container] = podOf(
      installManifests(
        options({
          mode: 'watch',
          region: 'eu-west-1',
          gitSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:git',
          reportQueue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/reports.fifo',
          wakeQueue: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake',
        }),
      ),
    )['containers'] as { env: { name: string; value: string }[]; volumeMounts: { name: string }[] }[];
    expect(Object.fromEntries(container!.env.map(({ name, value }) => [name, value]))).toEqual({
      WINDLASS_MODE: 'watch',
      WINDLASS_CLUSTER: 'prod',
      WINDLASS_REPO: 'https://github.com/acme/config.git',
      WINDLASS_BRANCH: 'main',
      WINDLASS_GIT_SECRET: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:git',
      WINDLASS_REPORT_QUEUE: 'https://sqs.eu-west-1.amazonaws.com/123456789012/reports.fifo',
      WINDLASS_WAKE_QUEUE: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake',
      WINDLASS_STATE_DIR: '/var/lib/windlass',
      AWS_REGION: 'eu-west-1',
      HOME: '/tmp',
    });
    expect(container!.volumeMounts.map(({ name }) => name)).not.toContain('git');
  });

  it('mount the key to the repo where it is a Secret of the cluster, read-only', () => {
    const pod = podOf(installManifests(options()));
    expect(pod['volumes']).toContainEqual({
      name: 'git',
      secret: { secretName: 'windlass-git', optional: true, defaultMode: 0o440 },
    });
    const [{ volumeMounts }] = pod['containers'] as [{ volumeMounts: unknown[] }];
    expect(volumeMounts).toContainEqual({ name: 'git', mountPath: '/etc/windlass/git', readOnly: true });
  });

  it('guard only the syncs that ask for it, with one policy for those that warn and one for those that refuse', () => {
    const rules = { breakGlass: { users: [], groups: [] }, serviceAccounts: 'all' as const };
    const policies = (syncs: InstallOptions['guard']['syncs']) =>
      installManifests(options({ guard: { syncs, rules } }))
        .filter(({ kind }) => kind.startsWith('ValidatingAdmission'))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(policies([])).toEqual([]);
    expect(
      policies([
        { name: 'a', mode: 'deny', namespaces: ['a'] },
        { name: 'b', mode: 'warn', namespaces: [] },
        { name: 'c', mode: 'deny', namespaces: ['a', 'c'] },
      ]),
    ).toEqual([
      'ValidatingAdmissionPolicy windlass-guard-deny',
      'ValidatingAdmissionPolicy windlass-guard-warn',
      'ValidatingAdmissionPolicyBinding windlass-guard-deny',
      'ValidatingAdmissionPolicyBinding windlass-guard-warn',
    ]);
    const spec = installManifests(options()).find(({ kind }) => kind === 'ValidatingAdmissionPolicy')?.['spec'];
    // A mistake in an expression must not stop a cluster.
    expect(spec).toMatchObject({ failurePolicy: 'Ignore' });
  });

  it('name the IAM role only where IRSA is asked for', () => {
    const annotationsFor = (changes: Partial<InstallOptions>) =>
      installManifests(options(changes)).find(
        ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'windlass-puller',
      )?.metadata.annotations;
    expect(annotationsFor({})).toBeUndefined();
    expect(annotationsFor({ roleArn: 'arn:aws:iam::123456789012:role/puller' })).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/puller',
    });
  });

  it('let the puller itself do nothing outside of its namespace, and act as these accounts only', () => {
    const objects = installManifests(options());
    const bound = objects.filter((object) =>
      (object['subjects'] as { name: string }[] | undefined)?.some(({ name }) => name === 'windlass-puller'),
    );
    expect(bound.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([['RoleBinding', 'windlass-system']]);
    const role = objects.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'windlass-puller');
    const rules = role?.['rules'] as { resources: string[]; resourceNames?: string[]; verbs: string[] }[];
    expect(rules.filter(({ verbs }) => verbs.includes('impersonate'))).toEqual([
      {
        apiGroups: [''],
        resources: ['serviceaccounts'],
        resourceNames: ['windlass-sync-shop', 'windlass-sync-infra'],
        verbs: ['impersonate'],
      },
    ]);
    expect(rules.flatMap(({ verbs, resources }) => [...verbs, ...resources])).not.toContain('*');
  });

  it('may impersonate nobody where there is no sync: a rule without names would mean everybody', () => {
    const role = installManifests(options({ accounts: [] })).find(({ kind }) => kind === 'Role');
    expect(JSON.stringify(role)).not.toContain('impersonate');
  });

  it('are found again: each has the label, and is of a kind that uninstall looks for', () => {
    for (const mode of ['cron', 'watch'] as const) {
      for (const { apiVersion, kind, metadata } of installManifests(options({ mode }))) {
        expect(metadata.labels).toMatchObject({ 'windlass.dev/component': 'puller' });
        expect(installedKinds).toContainEqual({ apiVersion, kind });
      }
    }
  });

  it('have nothing that a pull would write in another way', () => {
    for (const object of installManifests(options())) {
      const { metadata, ...rest } = normalise(object, { sync: 'infra' });
      const { metadata: own, ...said } = object;
      expect(rest).toEqual(said);
      expect(metadata.labels).toEqual({ ...own.labels, 'windlass.dev/sync': 'infra' });
    }
  });

  it.each(['windlass-puller', 'default'])('are refused where a sync would act as %s', (name) => {
    expect(() => installManifests(options({ accounts: [{ ...account, account: name }] }))).toThrow(
      `sync shop names the service account "${name}"`,
    );
  });
});
