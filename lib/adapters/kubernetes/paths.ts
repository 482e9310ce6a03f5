import type { ObjectId } from '../../model/object-id.ts';
import type { Resource } from '../../pull/ports.ts';

/** Where an API version's kinds are: `/api/v1`, `/apis/apps/v1`. */
export function versionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Where all objects of a kind are, or those of one namespace. */
export function listPath(resource: Resource, namespace = ''): string {
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${versionPath(resource.apiVersion)}${scope}/${resource.plural}`;
}

/** Where one object is. */
export function objectPath(resource: Resource, id: Pick<ObjectId, 'namespace' | 'name'>): string {
  return `${listPath(resource, id.namespace)}/${encodeURIComponent(id.name)}`;
}
