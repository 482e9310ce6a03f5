import { each } from '../../model/each.ts';
import type { Right, RightsOf } from '../../model/right.ts';
import type { Client } from './client.ts';
import { readError } from './status.ts';

export type { Right } from '../../model/right.ts';

/** Those of the rights that these credentials do not have, by the API server's own word (SelfSubjectAccessReview). Throws where it gives none. */
export async function lackingRights(client: Client, rights: readonly Right[]): Promise<Right[]> {
  const allowed = await Promise.all(rights.map((right) => isAllowed(client, right)));
  return rights.filter((_, index) => allowed[index] === false);
}

/** The same of somebody else (SubjectAccessReview), which only an administrator may ask. Throws where the API server gives no answer, or refuses. */
export async function lackingRightsOf(client: Client, whose: RightsOf, rights: readonly Right[]): Promise<Right[]> {
  const allowed = await each(rights, askedAtOnce, (right) => isAllowed(client, right, whose));
  return rights.filter((_, index) => allowed[index] === false);
}

const askedAtOnce = 32;

async function isAllowed(client: Client, right: Right, whose?: RightsOf): Promise<boolean> {
  const kind = whose === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const answer = await client.send({
    verb: 'get',
    method: 'POST',
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: JSON.stringify({
      ...{ apiVersion: 'authorization.k8s.io/v1', kind },
      spec: { resourceAttributes: right, ...whose },
    }),
  });
  const status = (answer.json as { status?: { allowed?: unknown } } | undefined)?.status;
  if (answer.status === 201 && typeof status?.allowed === 'boolean') return status.allowed;
  throw readError(client.server, `tell what ${whose?.user ?? 'this user'} may do`, answer);
}
