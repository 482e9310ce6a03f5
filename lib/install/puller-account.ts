import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { installed, pullerName } from './names.ts';
import type { InstallOptions } from './options.ts';
import type { PolicyRule } from './rules.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const place = { name: pullerName, namespace: systemNamespace };

/** The account that the puller runs as, and what it may do as itself: nothing outside of its namespace. */
export function pullerAccount({ roleArn, accounts }: Pick<InstallOptions, 'roleArn' | 'accounts'>): KubeObject[] {
  const annotations = roleArn === undefined ? {} : { annotations: { 'eks.amazonaws.com/role-arn': roleArn } };
  return [
    installed('v1', 'ServiceAccount', { ...place, ...annotations }, { automountServiceAccountToken: false }),
    installed(rbac, 'Role', place, { rules: pullerRules(accounts.map(({ account }) => account)) }),
    installed(rbac, 'RoleBinding', place, {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: pullerName },
      subjects: [{ kind: 'ServiceAccount', ...place }],
    }),
  ];
}

/** The rules of the puller's own Role; docs/install.md says why each is there. */
export function pullerRules(accounts: readonly string[]): PolicyRule[] {
  const rules: PolicyRule[] = [
    // One worker at a time, for the process and for each sync.
    rule('coordination.k8s.io', ['leases'], ['get', 'create', 'update']),
    // The applied records. Names of records follow the syncs, and RBAC knows no prefixes.
    rule('', ['configmaps'], ['get', 'list', 'create', 'patch', 'delete']),
    rule('', ['secrets'], ['get'], ['windlass-hash-key']),
    // The key is made once, by a POST, so that of two makers one wins: a POST has no name that RBAC could see.
    rule('', ['secrets'], ['create']),
    // Of the Syncs, and of objects whose sync may not tell them beside the object. An Event that comes again is counted: it is read and patched.
    rule('events.k8s.io', ['events'], ['get', 'create', 'patch']),
    rule('windlass.dev', ['syncs'], ['get', 'list', 'create', 'patch', 'delete']),
    rule('windlass.dev', ['syncs/status'], ['patch']),
  ];
  return accounts.length === 0 ? rules : [...rules, rule('', ['serviceaccounts'], ['impersonate'], [...accounts])];
}

function rule(apiGroup: string, resources: string[], verbs: string[], resourceNames?: string[]): PolicyRule {
  return { apiGroups: [apiGroup], resources, ...(resourceNames && { resourceNames }), verbs };
}
