import { matchesGlob } from '../model/glob.ts';
import type { KubeObject, ManagedFieldsEntry } from '../model/kube-object.ts';
import { type FieldsV1, union } from './fields.ts';

/** Our field manager. */
export const ourManager = 'windlass';

/**
 * Who writes: `person` a tool in somebody's hands, `controller` a part of the cluster that runs by itself, `deployer` another tool that
 * applies manifests, `other` everything unknown.
 */
export type ManagerClass = 'person' | 'controller' | 'deployer' | 'other';

/** Order matters: the first pattern that fits decides. Names are as `managedFields` shows them: set by the tool, else the user agent up to its first slash. */
const classes: [ManagerClass, RegExp][] = [
  ['person', /^kubectl([-.]|$)/],
  [
    'person',
    /^(k9s|lens|openlens|freelens|mirantis|rancher|headlamp|octant|kubernetes-dashboard|dashboard|kubenav|aptakube|monokle|seabird)$/i,
  ],
  ['person', /^(Mozilla|Chrome|Safari|Opera|curl|Wget|HTTPie|PostmanRuntime|insomnia|okhttp)$/i],
  ['person', /^(oc|kubecolor|istioctl|cmctl|eksctl)$/],
  ['deployer', /^(helm|Helm|helmfile|helm-controller|kustomize-controller|flux-client-side-apply|flux)$/],
  [
    'deployer',
    /^(argocd|argo-cd|argocd-.*|gitops-engine|kapp|kapp-controller|kluctl|kluctl-.*|fleetagent|fleet|pipecd|piped|spinnaker|werf|skaffold|tilt)$/i,
  ],
  ['deployer', /^(HashiCorp|Terraform|terraform-.*|OpenTofu|pulumi.*|ansible.*|cdk8s.*|CloudFormation.*)$/i],
  [
    'controller',
    /^(kube-controller-manager|cloud-controller-manager|kube-scheduler|kubelet|kube-apiserver|kube-proxy|etcd|kwok)$/,
  ],
  [
    'controller',
    /^(clusterrole-aggregation-controller|horizontal-pod-autoscaler|vpa-.*|vertical-pod-autoscaler|cluster-autoscaler|karpenter|keda|keda-.*)$/,
  ],
  [
    'controller',
    /^(cert-manager.*|cainjector|external-dns|external-secrets|aws-.*|eks.*|ebs-.*|efs-.*|vpc-.*|istio.*|linkerd.*|pilot-discovery|coredns)$/,
  ],
  [
    'controller',
    /(^|-)(controller|controllers|controller-manager|operator|manager|autoscaler|provisioner|attacher|resizer|snapshotter|injector)$/,
  ],
];

/** Whose tools count as what, as Git says: names of managers, in which `*` stands for any text. They come before the built-in table. */
export interface ManagerRules {
  /** Counted as people's tools. */
  alert: readonly string[];
  /** Counted as controllers, unless they are among the others too. */
  silent: readonly string[];
}

/** Sorts a manager's name into its class. */
export function classOf(manager: string | undefined, rules?: ManagerRules): ManagerClass {
  const name = manager ?? '';
  const isAmong = (patterns: readonly string[] = []) => patterns.some((pattern) => matchesGlob(pattern, name));
  if (isAmong(rules?.alert)) return 'person';
  if (isAmong(rules?.silent)) return 'controller';
  return classes.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other';
}

/** The class of an entry. Our own name by Update is a person who borrowed it: Windlass itself only applies. */
export function classOfEntry(entry: ManagedFieldsEntry, rules?: ManagerRules): ManagerClass {
  if (entry.manager === ourManager) return 'person';
  return classOf(entry.manager, rules);
}

/** True for our own entry: manager and operation fit, and it is not of a subresource. */
export function isOurs(entry: ManagedFieldsEntry): boolean {
  return entry.manager === ourManager && entry.operation === 'Apply' && !entry.subresource;
}

/** What `managedFields` says that we own; undefined when there is no entry of ours. */
export function ourFields(object: KubeObject): FieldsV1 | undefined {
  return fieldsOf(entriesOf(object).find(isOurs));
}

/** The entries of everybody else. */
export function otherEntries(object: KubeObject): ManagedFieldsEntry[] {
  return entriesOf(object).filter((entry) => !isOurs(entry));
}

/** An entry's set of fields. What somebody applied to a Secret as `stringData` is what the Secret has as `data`. */
export function fieldsOf(entry: ManagedFieldsEntry | undefined): FieldsV1 | undefined {
  // The API server is the one that writes fieldsV1, always in this shape.
  const fields = entry?.fieldsV1 as FieldsV1 | undefined;
  if (fields === undefined || entry === undefined || !isOfStringData(entry)) return fields;
  const { 'f:stringData': texts = {}, ...rest } = fields;
  return union(rest, { 'f:data': texts });
}

/**
 * True for an entry of who applied `stringData`. Only Secrets have it, and the API server moves it into `data` after the entries are
 * written: they do not tell that a value under `data` is not its owner's any more.
 */
export function isOfStringData({ apiVersion, fieldsV1 }: ManagedFieldsEntry): boolean {
  return apiVersion === 'v1' && fieldsV1 !== undefined && Object.hasOwn(fieldsV1, 'f:stringData');
}

/** A manager's name for people: the API server merges the oldest of more than ten entries and forgets whose they were. */
export function managerText(entry: ManagedFieldsEntry): string {
  return entry.manager === 'ancient-changes' || !entry.manager ? 'unknown tool' : entry.manager;
}

function entriesOf(object: KubeObject): ManagedFieldsEntry[] {
  return object.metadata.managedFields ?? [];
}
