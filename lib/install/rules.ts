/** A rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
  nonResourceURLs?: string[];
}

/** True when one of the rules lets its holder do this to every object of the kind. */
export function allows(
  rules: readonly PolicyRule[],
  { group, plural, verb }: { group: string; plural: string; verb: string },
): boolean {
  return rules.some(
    ({ apiGroups = [], resources = [], resourceNames = [], verbs }) =>
      resourceNames.length === 0 && hasOrAll(apiGroups, group) && hasOrAll(resources, plural) && hasOrAll(verbs, verb),
  );
}

function hasOrAll(list: readonly string[], wanted: string): boolean {
  return list.includes(wanted) || list.includes('*');
}
