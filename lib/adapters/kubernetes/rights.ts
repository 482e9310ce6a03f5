import type { Client } from './client.ts';
import { readError } from './status.ts';

/** Something that a user may or may not do: `{ verb: 'create', group: '', resource: 'secrets', namespace: 'shop' }`. */
export interface Right {
  verb: string;
  /** Empty for the core group. */
  group: string;
  /** The plural. */
  resource: string;
  /** All namespaces, or none, unless given. */
  namespace?: string;
}

/** Those of the rights that these credentials do not have, by the API server's own word (SelfSubjectAccessReview). Throws where it gives none. */
export async function lackingRights(client: Client, rights: readonly Right[]): Promise<Right[]> {
  const allowed = await Promise.all(rights.map((right) => isAllowed(client, right)));
  return rights.filter((_, index) => allowed[index] === false);
}

async function isAllowed(client: Client, right: Right): Promise<boolean> {
  const answer = await client.send({
    verb: 'get',
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: right },
    }),
  });
  const status = (answer.json as { status?: { allowed?: unknown } } | undefined)?.status;
  if (answer.status === 201 && typeof status?.allowed === 'boolean') return status.allowed;
  throw readError(client.server, 'tell what this user may do', answer);
}
