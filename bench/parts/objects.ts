import { dump } from 'js-yaml';
import { seeded } from './numbers.ts';

/** A Kubernetes object as it is written in a manifest. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** The annotation that a change of an object changes. */
export const buildAnnotation = 'example.com/build';

/** Objects that no controller has to make ready: with Deployments a roll-out would be measured, not the tool. */
const kinds: ((name: string, random: () => number) => Record<string, unknown>)[] = [
  (name, random) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    data: Object.fromEntries(
      Array.from({ length: 8 }, (_, line) => [`KEY_${line}`, `${name}-${Math.floor(random() * 1e9)}`]),
    ),
  }),
  (_name, random) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    data: { password: Buffer.from(String(random())).toString('base64') },
  }),
  () => ({ apiVersion: 'v1', kind: 'ServiceAccount' }),
  (name) => ({
    apiVersion: 'v1',
    kind: 'Service',
    spec: {
      selector: { app: name },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'metrics', port: 9090, targetPort: 9090 },
      ],
    },
  }),
  cronJob,
  cronJob,
  (name) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get', 'watch'] }],
  }),
  (name) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name }],
  }),
  (name) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    spec: {
      podSelector: { matchLabels: { app: name } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080, protocol: 'TCP' }] }],
    },
  }),
  (name) => ({
    apiVersion: 'v1',
    kind: 'LimitRange',
    spec: { limits: [{ type: 'Container', default: { memory: '256Mi' }, max: { [`example.com/${name}`]: '4' } }] },
  }),
  (name) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    spec: {
      rules: [
        {
          host: `${name}.example.com`,
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'http' } } } }],
          },
        },
      ],
    },
  }),
  (name) => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
  }),
];

function cronJob(name: string, random: () => number): Record<string, unknown> {
  const container = {
    name: 'job',
    image: `registry.example.com/${name}:1.${Math.floor(random() * 100)}.0`,
    args: ['--config', '/etc/job/config.yaml'],
    env: Array.from({ length: 6 }, (_, index) => ({
      name: `OPTION_${index}`,
      value: String(Math.floor(random() * 1e6)),
    })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/job' }],
  };
  const volumes = [{ name: 'config', configMap: { name } }];
  const pod = { restartPolicy: 'OnFailure', containers: [container], volumes };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: { schedule: `${Math.floor(random() * 60)} 3 * * *`, jobTemplate: { spec: { template: { spec: pod } } } },
  };
}

/** How many of so many objects are Namespaces; they are the first ones. */
export function namespacesOf(count: number): number {
  return Math.max(1, Math.round(count / 100));
}

/**
 * `count` objects of twelve kinds in namespaces whose names begin with `prefix`, always the same ones. `isChanged` says which of them (by their
 * place) carry the build `build` instead of `0`.
 */
export function generate(
  prefix: string,
  count: number,
  change: { build: string; isChanged: (index: number) => boolean } = { build: '0', isChanged: () => false },
): Manifest[] {
  const random = seeded(7);
  const namespaces = namespacesOf(count);
  return Array.from({ length: count }, (_, index): Manifest => {
    if (index < namespaces) return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${prefix}-${index}` } };
    const name = `app-${String(index).padStart(5, '0')}`;
    const { apiVersion, kind, ...rest } = kinds[index % kinds.length]!(name, random);
    const build = change.isChanged(index) ? change.build : '0';
    return {
      apiVersion: apiVersion as string,
      kind: kind as string,
      metadata: {
        name,
        namespace: `${prefix}-${index % namespaces}`,
        labels: { app: name, tier: index % 2 === 0 ? 'front' : 'back' },
        annotations: { [buildAnnotation]: build },
      },
      ...rest,
    };
  });
}

/** The objects as files of 50 documents; the first one has the namespaces. */
export function asFiles(objects: readonly Manifest[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (let at = 0; at < objects.length; at += 50) {
    const documents = objects.slice(at, at + 50).map((object) => dump(object));
    files[`${String(at).padStart(5, '0')}.yaml`] = documents.join('---\n');
  }
  return files;
}
