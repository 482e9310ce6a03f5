import { formatObjectId, groupOf } from '../model/object-id.ts';

/** A kind as `Unknown.object` names it: `apps/Deployment`, `ConfigMap`. */
export function kindName({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return formatObjectId({ group: groupOf(apiVersion), kind, namespace: '', name: '' });
}
