import { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { componentLabel, installed } from './names.ts';
import type { PolicyRule } from './rules.ts';

/** A group of the API, as its server tells it. */
export interface ServedGroup {
  /** Empty for the core group. */
  group: string;
  /** The kinds of which objects can be made, read and listed. */
  plurals: readonly string[];
  /** `pods/exec` */
  subresources: readonly string[];
}

/** Who checks: as Kubernetes knows it. */
export type CheckerSubject =
  | { kind: 'Group' | 'User'; name: string }
  | { kind: 'ServiceAccount'; namespace: string; name: string };

/** The group that the access entry of the scheduled check's role names, in EKS. */
export const checkerGroup: CheckerSubject = { kind: 'Group', name: 'windlass:drift' };

/** The value of the component label on the rights of the check. */
export const checkerComponent = 'checker';

const rbac = 'rbac.authorization.k8s.io';
/** What both objects are called. */
export const checkerName = 'windlass-checker';

const verbs = ['get', 'list'];

/** Subresources that show no more than the object does. All others may: a log, a console, a proxy, the secrets of an image stream. */
const harmless = /\/(?:status|scale)$/;

/** Groups and kinds whose objects are keys: who reads one can act by it. */
const keys: readonly { group: string; plural?: string }[] = [
  { group: '', plural: 'secrets' },
  // OpenShift's tokens of people.
  { group: 'oauth.openshift.io' },
];

/** The kinds of Windlass itself, which the puller's installation brings: the check may be installed before it. */
const ownGroup: ServedGroup = { group: 'windlass.dev', plurals: ['syncs'], subresources: ['syncs/status'] };

/** The rights of a scheduled check in one cluster, in apply order: get and list, and no Secrets. The same groups give the same objects. */
export function checkerManifests(groups: readonly ServedGroup[], subjects: readonly CheckerSubject[]): KubeObject[] {
  const labels = { [componentLabel]: checkerComponent };
  const apiGroup = rbac;
  const name = checkerName;
  return [
    installed(`${rbac}/v1`, 'ClusterRole', { name, labels }, { rules: checkerRules(groups) }),
    installed(
      `${rbac}/v1`,
      'ClusterRoleBinding',
      { name, labels },
      {
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects: subjects.map((subject) => (subject.kind === 'ServiceAccount' ? subject : { apiGroup, ...subject })),
      },
    ),
  ];
}

/**
 * A group is named as a whole, so that a kind that it gets later can be read. Kind by kind are the core group, and groups that have more to give than
 * objects.
 */
export function checkerRules(served: readonly ServedGroup[]): PolicyRule[] {
  const groups = served.some(({ group }) => group === ownGroup.group) ? served : [...served, ownGroup];
  const readable = groups
    .map(({ group, plurals, subresources }) => {
      const allowed = plurals.filter((plural) => !isKey(group, plural));
      const isWhole =
        group !== '' && allowed.length === plurals.length && subresources.every((one) => harmless.test(one));
      return { group, isWhole, allowed: [...allowed].sort() };
    })
    .filter(({ allowed }) => allowed.length > 0)
    .sort((a, b) => (a.group < b.group ? -1 : 1));
  const whole = readable.filter(({ isWhole }) => isWhole).map(({ group }) => group);
  const parts = readable.filter(({ isWhole }) => !isWhole);
  return [
    ...parts.map(({ group, allowed }) => ({ apiGroups: [group], resources: allowed, verbs })),
    ...(whole.length === 0 ? [] : [{ apiGroups: whole, resources: ['*'], verbs }]),
  ];
}

/** Reads `group:NAME`, `user:NAME` or `serviceaccount:NAMESPACE/NAME`. Throws `UserError` for anything else, and for what means everybody. */
export function readSubject(text: string): CheckerSubject {
  const [, kind, value = ''] = /^(group|user|serviceaccount):(\S+)$/.exec(text) ?? [];
  const [namespace, account, ...more] = value.split('/');
  const everybody = kind === undefined ? undefined : whyEverybody(kind, value);
  if (everybody !== undefined) throw new UserError(`--subject ${text}: ${everybody}`, { code: 'usage' });
  if (kind === 'serviceaccount' && namespace && account && more.length === 0)
    return { kind: 'ServiceAccount', namespace, name: account };
  if (kind === 'group' || kind === 'user') return { kind: kind === 'group' ? 'Group' : 'User', name: value };
  throw new UserError(
    `--subject ${text}: write group:NAME, user:NAME or serviceaccount:NAMESPACE/NAME, like group:windlass:drift`,
    { code: 'usage' },
  );
}

/** Why a subject is not one that checks: these rights read every ConfigMap of the cluster. */
function whyEverybody(kind: string, value: string): string | undefined {
  if (value.includes('*')) return 'there are no patterns in the names of subjects: name each';
  if (kind === 'group' && value.startsWith('system:'))
    return 'groups of Kubernetes itself are not for one that checks (many mean everybody): name a group of yours, a user or a service account';
  if (kind === 'user' && value === 'system:anonymous') return 'that is everybody who can reach the API server';
  return undefined;
}

function isKey(group: string, plural: string): boolean {
  return keys.some((key) => key.group === group && (key.plural ?? plural) === plural);
}
