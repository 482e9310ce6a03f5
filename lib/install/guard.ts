import type { GuardMode, GuardRules } from '../config/config.ts';
import { syncLabel } from '../kube/normalise.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { installed } from './names.ts';

/** One sync whose objects nobody else is to change. */
export interface GuardedSync {
  name: string;
  mode: GuardMode;
  /** Where its objects are. A Scale and the deletion of a namespace show no label: these go by the namespace. */
  namespaces: readonly string[];
}

/** What the guard is made from. */
export interface GuardOptions {
  syncs: readonly GuardedSync[];
  rules: GuardRules;
}

const admission = 'admissionregistration.k8s.io/v1';

/** What the API server does with a change that the policy finds wrong. */
const actions: Record<GuardMode, string[]> = { warn: ['Warn', 'Audit'], deny: ['Deny', 'Audit'] };

/**
 * A ValidatingAdmissionPolicy with its binding for each mode that is in use. The API server never holds such a policy against changes of
 * policies and bindings themselves: who may delete them can always end the guard.
 */
export function guardManifests({ syncs, rules }: GuardOptions): KubeObject[] {
  const byMode = Map.groupBy(syncs, ({ mode }) => mode);
  return [...byMode].flatMap(([mode, guarded]) => {
    const metadata = { name: `windlass-guard-${mode}` };
    return [
      installed(admission, 'ValidatingAdmissionPolicy', metadata, { spec: policySpec(guarded, rules) }),
      installed(admission, 'ValidatingAdmissionPolicyBinding', metadata, {
        spec: { policyName: metadata.name, validationActions: actions[mode] },
      }),
    ];
  });
}

function policySpec(syncs: readonly GuardedSync[], rules: GuardRules): Record<string, unknown> {
  const names = syncs.map(({ name }) => name);
  const namespaces = [...new Set(syncs.flatMap((sync) => sync.namespaces))].sort();
  return {
    // The guard keeps people from accidents; what keeps out who means harm is RBAC. An expression that fails must not stop a cluster.
    failurePolicy: 'Ignore',
    matchConstraints: {
      resourceRules: [
        { apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
      ],
      // Written all the time, and never part of a sync.
      excludeResourceRules: [
        { apiGroups: ['coordination.k8s.io'], apiVersions: ['*'], resources: ['leases'], operations: ['*'] },
        { apiGroups: ['', 'events.k8s.io'], apiVersions: ['*'], resources: ['events'], operations: ['*'] },
      ],
    },
    matchConditions: [
      { name: 'by-a-person', expression: `!(${byMachine(rules)})` },
      { name: 'managed', expression: managed(names, namespaces) },
    ],
    variables: [
      { name: 'breakGlass', expression: byListed(rules.breakGlass) },
      {
        name: 'sync',
        expression: `${syncOf('oldObject', names)} != "" ? ${syncOf('oldObject', names)} : ${syncOf('object', names)}`,
      },
      { name: 'where', expression: `variables.sync != "" ? "sync " + variables.sync : "a sync in this namespace"` },
    ],
    validations: [
      {
        expression: 'variables.breakGlass',
        messageExpression: `request.resource.resource + " " + ${asked('name')} + ${inNamespace} + " belongs to Windlass (" + variables.where + "): change it in Git. What is changed here by hand is put back"${howToBreak(rules)}`,
        reason: 'Forbidden',
      },
    ],
    auditAnnotations: [
      {
        key: 'break-glass',
        valueExpression: `variables.breakGlass ? request.userInfo.username + " changed what belongs to Windlass (" + variables.where + ")" : ""`,
      },
    ],
  };
}

/** Of a namespace the request names the namespace itself. */
const inNamespace = `(${asked('namespace')} != "" && request.resource.resource != "namespaces" ? " in " + ${asked('namespace')} : "")`;

/**
 * Parts of the cluster, and service accounts. By user name alone: a group such as `system:masters` is a person's.
 * `system:serviceaccount:` names are service accounts, any other `system:` or `eks:` name is a component, but for `system:admin`, which is who
 * holds the first kubeconfig of some distributions, and `system:anonymous`.
 */
function byMachine({ serviceAccounts }: GuardRules): string {
  const user = 'request.userInfo.username';
  const account = `${user}.startsWith("system:serviceaccount:")`;
  const component = `((${user}.startsWith("system:") && !(${user} in ["system:admin", "system:anonymous"])) || ${user}.startsWith("eks:"))`;
  if (serviceAccounts === 'all') return component;
  const listed = [`${systemNamespace}/*`, 'kube-system/*', ...serviceAccounts].map((text) => accountIs(user, text));
  return `(${component} && !${account}) || ${listed.join(' || ')}`;
}

/** `cert-manager/*` or `keda/keda-operator`. */
function accountIs(user: string, text: string): string {
  const [namespace = '', name = ''] = text.split('/');
  const prefix = `system:serviceaccount:${namespace}:`;
  return name === '*' ? `${user}.startsWith(${quoted(prefix)})` : `${user} == ${quoted(prefix + name)}`;
}

function byListed({ users, groups }: GuardRules['breakGlass']): string {
  return `request.userInfo.username in ${list(users)} || (has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in ${list(groups)}))`;
}

function managed(names: readonly string[], namespaces: readonly string[]): string {
  const scale = `${asked('subResource')} == "scale" && ${asked('namespace')} in ${list(namespaces)}`;
  const namespace = `request.operation == "DELETE" && request.resource.group == "" && request.resource.resource == "namespaces" && ${asked('name')} in ${list(namespaces)}`;
  return [
    `${syncOf('oldObject', names)} != ""`,
    `${syncOf('object', names)} != ""`,
    `(${scale})`,
    `(${namespace})`,
  ].join(' || ');
}

/** The guarded sync that an object's label names, or the empty text. A deletion has no `object`, a creation no `oldObject`. */
function syncOf(object: string, names: readonly string[]): string {
  const labels = `${object}.metadata.labels`;
  const label = `${labels}[${quoted(syncLabel)}]`;
  const there = `${object} != null && has(${object}.metadata) && has(${labels}) && ${quoted(syncLabel)} in ${labels} && ${label} in ${list(names)}`;
  return `(${there} ? ${label} : "")`;
}

function howToBreak({ breakGlass: { users, groups } }: GuardRules): string {
  const who = [...groups.map((group) => `the group ${group}`), ...users];
  if (who.length === 0) return '';
  const suspend = `(variables.sync != "" ? "windlass suspend sync/" + variables.sync : "windlass suspend each sync of this namespace")`;
  return ` + ". In an emergency: first " + ${suspend} + ${quoted(`, else it is put back at once; then as ${who.join(' or ')}`)}`;
}

/** A part of the request that is not there where it is empty: to read it then is an error. */
function asked(field: 'name' | 'namespace' | 'subResource'): string {
  return `(has(request.${field}) ? request.${field} : "")`;
}

function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

// CEL reads JSON's strings as they are.
function quoted(text: string): string {
  return JSON.stringify(text);
}
