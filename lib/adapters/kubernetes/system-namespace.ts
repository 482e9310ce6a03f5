import { systemNamespace } from '../../model/system-namespace.ts';
import type { Client } from './client.ts';
import { readError } from './status.ts';

/** Makes the namespace. Throws where that is refused. */
export async function makeSystemNamespace(client: Client): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: systemNamespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } },
  };
  const answer = await client.send({
    verb: 'write-record',
    method: 'PATCH',
    path: `/api/v1/namespaces/${systemNamespace}?fieldManager=windlass-record&force=true`,
    body: JSON.stringify(body),
    contentType: 'application/apply-patch+yaml',
  });
  if (answer.status !== 200 && answer.status !== 201)
    throw readError(client.server, `make the namespace ${systemNamespace}`, answer);
}
