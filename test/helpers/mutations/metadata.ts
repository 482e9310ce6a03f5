import { type Aim, type Edit, editing, type Loose, type Operator, pathOf, type Subject, type Tool } from './edit.ts';
import { textOf } from './path.ts';

const kubectl = (manager: string, form: Tool['form'] = 'merge'): Tool => ({
  hand: { manager, operation: 'Update', who: 'person' },
  form,
});
const noted = kubectl('kubectl-annotate');
const labelled = kubectl('kubectl-label');
const set = kubectl('kubectl-set', 'edit');
const rollout = kubectl('kubectl-rollout', 'edit');

const workloads = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'CronJob',
  'PodTemplate',
]);
const scaled = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController']);

/** `label` and `annotate`: one key of one map, by a merge patch. */
function mapEdit(
  subject: Subject,
  map: 'labels' | 'annotations',
  key: string,
  value: string | null,
  as: 'changed' | 'removed' | 'added',
): Edit {
  const path = textOf([{ field: 'metadata' }, { field: map }, { field: key }]);
  const aim: Aim = { path, as };
  return editing(subject, map === 'labels' ? labelled : noted, `${as} ${path}`, aim, (copy) => {
    copy.metadata[map] = { ...copy.metadata[map], [key]: value ?? undefined };
    if (value === null) delete copy.metadata[map][key];
  });
}

const ownKeys = ({ git }: Subject, map: 'labels' | 'annotations') =>
  Object.keys(git.metadata[map] ?? {}).filter(
    (key) => key !== 'kubernetes.io/metadata.name' && !key.startsWith('pod-security.'),
  );

const verb = (
  name: string,
  map: 'labels' | 'annotations',
  as: 'changed' | 'removed' | 'added',
  atLeast: number,
): Operator => ({
  name,
  atLeast,
  kinds: 10,
  edits: (subject) => {
    if (as === 'added') {
      const keys = ['by-hand', 'example.com/by-hand', 'Übrig', 'a_b.c'].filter((key) => /^[\w./-]+$/.test(key));
      return [mapEdit(subject, map, subject.random.pick(keys), 'yes', 'added')];
    }
    return subject.random
      .shuffled(ownKeys(subject, map))
      .slice(0, 3)
      .map((key) => mapEdit(subject, map, key, as === 'removed' ? null : 'by-hand', as));
  },
});

const podSpecOf = (copy: Loose): Loose =>
  copy.kind === 'CronJob'
    ? copy.spec.jobTemplate.spec.template
    : copy.kind === 'PodTemplate'
      ? copy.template
      : copy.spec.template;
const podPath = ({ git }: Subject) =>
  ({ CronJob: 'spec.jobTemplate.spec.template.spec', PodTemplate: 'template.spec' })[git.kind] ?? 'spec.template.spec';

/** What kubectl has a verb of its own for. */
export const kubectlOperators: Operator[] = [
  verb('label', 'labels', 'added', 15),
  verb('label --overwrite', 'labels', 'changed', 15),
  verb('label key-', 'labels', 'removed', 15),
  verb('annotate', 'annotations', 'added', 15),
  verb('annotate --overwrite', 'annotations', 'changed', 15),
  verb('annotate key-', 'annotations', 'removed', 15),
  {
    name: 'set image',
    atLeast: 12,
    kinds: 4,
    edits: (subject) => {
      if (!workloads.has(subject.git.kind)) return [];
      const { containers } = podSpecOf(subject.git).spec;
      const { name } = subject.random.pick<Loose>(containers);
      return [
        editing(
          subject,
          set,
          `set image of ${name}`,
          { path: `${podPath(subject)}.containers[name=${name}].image`, as: 'changed' },
          (copy) => {
            podSpecOf(copy).spec.containers.find((one: Loose) => one.name === name).image =
              'registry.example.com/by-hand:9';
          },
        ),
      ];
    },
  },
  {
    name: 'set env',
    atLeast: 12,
    kinds: 4,
    edits: (subject) => {
      if (!workloads.has(subject.git.kind)) return [];
      const { name, env } = subject.random.pick<Loose>(podSpecOf(subject.git).spec.containers);
      const inEnv = `${podPath(subject)}.containers[name=${name}].env`;
      const path = !env?.length ? inEnv : `${inEnv}[name=BY_HAND]`;
      return [
        editing(subject, set, `set env of ${name}`, { path, as: 'added' }, (copy) => {
          const container = podSpecOf(copy).spec.containers.find((one: Loose) => one.name === name);
          container.env = [...(container.env ?? []), { name: 'BY_HAND', value: '1' }];
        }),
      ];
    },
  },
  {
    name: 'scale',
    atLeast: 8,
    kinds: 2,
    edits: (subject) => {
      if (!scaled.has(subject.git.kind)) return [];
      const replicas = (subject.live as Loose).spec.replicas + 2;
      if (!subject.sites.some(({ told, git }) => told === 'spec.replicas' && git !== undefined)) return [];
      return [
        {
          what: 'scale',
          by: { manager: 'kubectl', operation: 'Update', subresource: 'scale', who: 'person' },
          requests: () => [
            {
              method: 'PATCH',
              path: pathOf(subject, {}, '/scale'),
              body: { spec: { replicas } },
              contentType: 'application/merge-patch+json',
              userAgent: 'kubectl/v1.35.2 (linux/amd64) kubernetes/abc',
            },
          ],
          aim: { path: 'spec.replicas', as: 'changed' },
        },
      ];
    },
  },
  {
    name: 'rollout restart',
    atLeast: 8,
    kinds: 3,
    edits: (subject) => {
      if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(subject.git.kind)) return [];
      const map = 'spec.template.metadata.annotations';
      const isThere = (subject.git as Loose).spec.template.metadata.annotations != null;
      const path = isThere ? `${map}[kubectl.kubernetes.io/restartedAt]` : map;
      return [
        editing(subject, rollout, 'rollout restart', { path, as: 'added' }, (copy) => {
          copy.spec.template.metadata.annotations = {
            ...copy.spec.template.metadata.annotations,
            'kubectl.kubernetes.io/restartedAt': '2026-11-23T05:00:00Z',
          };
        }),
      ];
    },
  },
  {
    name: 'pause or suspend',
    atLeast: 6,
    kinds: 2,
    edits: (subject) => {
      const field = { Deployment: 'paused', CronJob: 'suspend', Job: 'suspend' }[subject.git.kind];
      if (field === undefined) return [];
      const spec = (subject.git as Loose).spec;
      const value = !((subject.live as Loose).spec[field] ?? false);
      return [
        editing(
          subject,
          field === 'paused' ? rollout : kubectl('kubectl-patch'),
          `${field} ${value}`,
          { path: `spec.${field}`, as: spec[field] === undefined ? 'added' : 'changed' },
          (copy) => {
            copy.spec[field] = value;
          },
        ),
      ];
    },
  },
];
