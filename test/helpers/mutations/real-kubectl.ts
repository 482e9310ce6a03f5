import { groupOf } from '../../../lib/model/object-id.ts';
import type { Aim, Edit, Loose, Operator, Subject } from './edit.ts';
import { type Hand, recreatedAs } from './oracle.ts';
import { isDeletable } from './whole.ts';
import type { Ran } from './wire.ts';

const hand = (manager: string, operation: Hand['operation'] = 'Update', subresource?: string): Hand => ({
  manager,
  operation,
  who: 'person',
  ...(subresource !== undefined && { subresource }),
});

/** `kind.version.group name -n namespace`: exactly this version. */
function target({ git: { apiVersion, kind, metadata } }: Subject, at = apiVersion): string[] {
  const group = groupOf(at);
  const resource = group === '' ? kind : `${kind}.${at.slice(group.length + 1)}.${group}`;
  return [resource, metadata.name, ...namespaceOf(metadata.namespace)];
}

const namespaceOf = (namespace: string | undefined) => (namespace ? ['-n', namespace] : []);

interface Command {
  by: Hand;
  aim: Aim;
  runs: Ran[];
  expect?: Edit['expect'];
}

/** An operator that runs the real kubectl, on so many objects of the kinds. */
function run(name: string, kinds: RegExp, on: number, make: (subject: Subject) => Command | undefined): Operator {
  return {
    name: `kubectl ${name}`,
    atLeast: on,
    kinds: 1,
    edits: (subject) => {
      const command = kinds.test(subject.git.kind) ? make(subject) : undefined;
      if (command === undefined) return [];
      const { runs, ...rest } = command;
      return [{ ...rest, what: `kubectl ${name}`, requests: () => runs }];
    },
  };
}

const label = (key: string) => `metadata.labels${/^[\w-]+$/.test(key) ? `.${key}` : `[${key}]`}`;
const plain = (...kubectl: string[]): Ran => ({ kubectl });
const workload = /^(Deployment|StatefulSet|DaemonSet)$/;
const firstOf = ({ git }: Subject): Loose => (git as Loose).spec.template.spec.containers[0];
const inFirst = (subject: Subject) => `spec.template.spec.containers[name=${firstOf(subject).name}]`;
const onWorkload = ({ git: { kind, metadata } }: Subject) => [
  `${kind.toLowerCase()}/${metadata.name}`,
  ...namespaceOf(metadata.namespace),
];
const patching = (
  name: string,
  kinds: RegExp,
  on: number,
  type: string,
  patch: (subject: Subject) => unknown,
  aim: Aim,
) =>
  run(`patch --type=${type} ${name}`, kinds, on, (subject) => ({
    by: hand('kubectl-patch'),
    aim,
    runs: [plain('patch', ...target(subject), `--type=${type}`, '-p', JSON.stringify(patch(subject)))],
  }));

/** Edits with the real program: what the rest of the suite sends must look the same to the API server. */
export const realKubectlOperators: Operator[] = [
  run('set image', workload, 3, (subject) => ({
    by: hand('kubectl-set'),
    aim: { path: `${inFirst(subject)}.image`, as: 'changed' },
    runs: [plain('set', 'image', ...onWorkload(subject), `${firstOf(subject).name}=registry.example.com/by-hand:9`)],
  })),
  run('set env', workload, 3, (subject) => ({
    by: hand('kubectl-set'),
    aim: 'told',
    runs: [plain('set', 'env', ...onWorkload(subject), '-c', firstOf(subject).name, 'BY_HAND=1')],
  })),
  run('set resources', workload, 2, (subject) => ({
    by: hand('kubectl-set'),
    aim: 'told',
    runs: [plain('set', 'resources', ...onWorkload(subject), '-c', firstOf(subject).name, '--limits=cpu=9')],
  })),
  run('set serviceaccount', /^Deployment$/, 1, (subject) => ({
    by: hand('kubectl-set'),
    aim: 'told',
    runs: [plain('set', 'serviceaccount', ...onWorkload(subject), 'by-hand')],
  })),
  run(
    'set selector',
    /^Service$/,
    1,
    (subject) =>
      (subject.git as Loose).spec.selector && {
        by: hand('kubectl-set'),
        aim: { path: 'spec.selector', as: 'changed' },
        runs: [plain('set', 'selector', ...onWorkload(subject), 'by=hand')],
      },
  ),
  run('set subject', /^RoleBinding$/, 1, (subject) => ({
    by: hand('kubectl-set'),
    aim: { path: 'subjects', as: 'changed' },
    runs: [plain('set', 'subject', ...onWorkload(subject), '--user=by-hand')],
  })),
  run('scale', /^(Deployment|StatefulSet)$/, 3, (subject) =>
    subject.sites.some(({ told, git }) => told === 'spec.replicas' && git !== undefined)
      ? {
          by: hand('kubectl', 'Update', 'scale'),
          aim: { path: 'spec.replicas', as: 'changed' },
          runs: [plain('scale', ...onWorkload(subject), `--replicas=${(subject.live as Loose).spec.replicas + 3}`)],
        }
      : undefined,
  ),
  run('rollout restart', workload, 2, (subject) => ({
    by: hand('kubectl-rollout'),
    aim: 'told',
    runs: [plain('rollout', 'restart', ...onWorkload(subject))],
  })),
  run('rollout pause', /^Deployment$/, 1, (subject) =>
    (subject.git as Loose).spec.paused === undefined
      ? {
          by: hand('kubectl-rollout'),
          aim: { path: 'spec.paused', as: 'added' },
          runs: [plain('rollout', 'pause', ...onWorkload(subject))],
        }
      : undefined,
  ),
  run('label', /^(Secret|Ingress|Certificate|ClusterRole)$/, 2, (subject) => ({
    by: hand('kubectl-label'),
    aim: { path: label('example.com/by-hand'), as: 'added' },
    runs: [plain('label', ...target(subject), 'example.com/by-hand=yes')],
  })),
  run('label --overwrite', /^(ConfigMap|Role|CustomResourceDefinition)$/, 2, (subject) => ({
    by: hand('kubectl-label'),
    aim: { path: label('windlass.dev/sync'), as: 'changed' },
    runs: [plain('label', '--overwrite', ...target(subject), 'windlass.dev/sync=by-hand')],
  })),
  run('label key-', /^(ServiceAccount|PodDisruptionBudget|NetworkPolicy)$/, 2, (subject) => ({
    by: hand('kubectl-label'),
    aim: { path: label('windlass.dev/sync'), as: 'removed' },
    runs: [plain('label', ...target(subject), 'windlass.dev/sync-')],
  })),
  run('annotate', /^(Service|StorageClass|PriorityClass)$/, 2, (subject) => ({
    by: hand('kubectl-annotate'),
    aim: { path: 'metadata.annotations.by-hand', as: 'added' },
    runs: [plain('annotate', ...target(subject), 'by-hand=yes')],
  })),
  run('annotate --overwrite', /^(Job|CronJob|Namespace)$/, 2, (subject) => ({
    by: hand('kubectl-annotate'),
    aim: { path: 'metadata.annotations[windlass.dev/id]', as: 'changed' },
    runs: [plain('annotate', '--overwrite', ...target(subject), 'windlass.dev/id=by-hand')],
  })),
  run('annotate key-', /^(Role|RoleBinding|ClusterRoleBinding)$/, 2, (subject) => ({
    by: hand('kubectl-annotate'),
    aim: { path: 'metadata.annotations[windlass.dev/id]', as: 'removed' },
    runs: [plain('annotate', ...target(subject), 'windlass.dev/id-')],
  })),
  patching(
    'spec',
    /^(Deployment|StatefulSet)$/,
    2,
    'strategic',
    (subject) => ({
      spec: { template: { spec: { containers: [{ name: firstOf(subject).name, image: 'by-hand:1' }] } } },
    }),
    'told',
  ),
  patching('data', /^(ConfigMap|Secret)$/, 2, 'merge', () => ({ data: { 'by-hand': 'aGFuZA==' } }), 'told'),
  patching(
    'rules',
    /^(Role|ClusterRole)$/,
    1,
    'json',
    () => [{ op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['pods'], verbs: ['delete'] } }],
    'told',
  ),
  patching(
    'a custom resource',
    /^(Certificate|Application|Rollout|Backup)$/,
    2,
    'merge',
    () => ({ metadata: { labels: { 'by-hand': 'yes' } } }),
    'told',
  ),
  run('patch an autoscaler by its other version', /^HorizontalPodAutoscaler$/, 1, (subject) =>
    subject.git.apiVersion === 'autoscaling/v2'
      ? {
          by: hand('kubectl-patch'),
          aim: { path: 'spec.maxReplicas', as: 'changed' },
          runs: [
            plain('patch', ...target(subject, 'autoscaling/v1'), '--type=merge', '-p', '{"spec":{"maxReplicas":77}}'),
          ],
        }
      : undefined,
  ),
  run('edit', /^(ConfigMap|Deployment|Service|Application|PodDisruptionBudget)$/, 4, (subject) => ({
    by: hand('kubectl-edit'),
    aim: { path: label('by-hand'), as: 'added' },
    runs: [
      {
        kubectl: ['edit', ...target(subject)],
        env: { KUBE_EDITOR: `sed -i 's/^  labels:$/  labels:\\n    by-hand: edited/'` },
      },
    ],
  })),
  run('replace', /^(ConfigMap|Service|Deployment|Certificate)$/, 3, (subject) => ({
    by: hand('kubectl-replace'),
    aim: { path: label('by-hand'), as: 'added' },
    runs: [{ kubectl: ['replace', '-f', '-'], input: labelled(subject.live) }],
  })),
  run('replace --force', /^(ConfigMap|NetworkPolicy)$/, 1, (subject) =>
    isDeletable(subject)
      ? {
          by: hand('kubectl-replace'),
          aim: 'created again',
          runs: [{ kubectl: ['replace', '--force', '-f', '-'], input: JSON.stringify(subject.written) }],
          expect: (made) => recreatedAs(subject.object, made, hand('kubectl-replace')),
        }
      : undefined,
  ),
  run('apply', /^(ConfigMap|Deployment|Service|Ingress)$/, 3, (subject) => ({
    by: hand('kubectl-client-side-apply'),
    aim: { path: label('by-hand'), as: 'added' },
    runs: [{ kubectl: ['apply', '-f', '-'], input: labelled(subject.written) }],
  })),
  run('apply --server-side --force-conflicts', /^(ConfigMap|StatefulSet|Service|Certificate)$/, 3, (subject) => ({
    by: hand('kubectl', 'Apply'),
    aim: { path: label('by-hand'), as: 'added' },
    runs: [{ kubectl: ['apply', '--server-side', '--force-conflicts', '-f', '-'], input: labelled(subject.written) }],
  })),
  run('delete', /^(ConfigMap|RoleBinding|Service)$/, 2, (subject) =>
    isDeletable(subject)
      ? {
          by: hand('nobody'),
          aim: 'missing',
          runs: [plain('delete', '--wait=false', ...target(subject))],
          expect: () => ({ object: subject.object, state: 'missing', fields: [] }),
        }
      : undefined,
  ),
  run('delete and create', /^(Secret|Role|PodDisruptionBudget)$/, 2, (subject) =>
    isDeletable(subject)
      ? {
          by: hand('kubectl-create'),
          aim: 'created again',
          runs: [
            plain('delete', ...target(subject)),
            { kubectl: ['create', '-f', '-'], input: JSON.stringify(subject.written) },
          ],
          expect: (made) => recreatedAs(subject.object, made, hand('kubectl-create')),
        }
      : undefined,
  ),
];

function labelled(object: Subject['git']): string {
  const { metadata, ...rest } = object;
  const { managedFields: _managers, resourceVersion: _version, ...own } = metadata;
  return JSON.stringify({ ...rest, metadata: { ...own, labels: { ...own.labels, 'by-hand': 'yes' } } });
}
