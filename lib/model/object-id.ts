/** Names one Kubernetes object: which kind of which group, where, and its name. The version is not part of the name. */
export interface ObjectId {
  /** API group; empty for the core group. */
  group: string;
  kind: string;
  /** Empty for a cluster-scoped object. */
  namespace: string;
  name: string;
}

/**
 * The one way an object is written everywhere: `apps/Deployment/shop/web`, `ConfigMap/shop/settings` in the core group,
 * `rbac.authorization.k8s.io/ClusterRole/reader` when cluster-scoped.
 */
export function formatObjectId(id: ObjectId): string {
  return [id.group, id.kind, id.namespace, id.name].filter((part) => part !== '').join('/');
}

/** Reads what `formatObjectId` wrote; undefined when the text is not an object's name. A kind starts with a capital, a group does not. */
export function parseObjectId(text: string): ObjectId | undefined {
  const parts = text.split('/');
  if (parts.some((part) => part === '')) return undefined;
  const group = /^[A-Z]/.test(parts[0] ?? '') ? '' : (parts.shift() ?? '');
  const [kind, ...rest] = parts;
  if (kind === undefined || !/^[A-Z]/.test(kind)) return undefined;
  if (rest.length === 1) return { group, kind, namespace: '', name: rest[0]! };
  if (rest.length === 2) return { group, kind, namespace: rest[0]!, name: rest[1]! };
  return undefined;
}

/** The namespaces of objects given by their written names, sorted, each once. What is no name of an object has none. */
export function namespacesOf(objects: readonly (string | undefined)[]): string[] {
  const namespaces = objects.flatMap((object) => parseObjectId(object ?? '')?.namespace || []);
  return [...new Set(namespaces)].sort();
}

/** The API group of an `apiVersion`: `apps` of `apps/v1`, empty of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
