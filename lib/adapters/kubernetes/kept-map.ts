import { UserError } from '../../model/errors.ts';
import { systemNamespace } from '../../model/system-namespace.ts';
import type { KeptText } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { isAbsent, readError } from './status.ts';

/** A ConfigMap holds at most 1 MiB. */
const mostBytes = 900 * 1024;

/** A text in a ConfigMap of windlass-system, under one key, for a process whose disk is lost with it. An empty one is none. */
export function keptMap(client: Client, { name, key }: { name: string; key: string }): KeptText {
  const path = `/api/v1/namespaces/${systemNamespace}/configmaps/${name}`;
  return {
    read: async () => {
      const answer = await client.send({ verb: 'get', method: 'GET', path });
      if (answer.status === 200) return (answer.json as { data?: Record<string, string> }).data?.[key] || undefined;
      if (isAbsent(answer, name) || isAbsent(answer, systemNamespace)) return undefined;
      throw readError(client.server, `read ConfigMap/${systemNamespace}/${name}`, answer);
    },
    write: async (text = '') => {
      if (Buffer.byteLength(text) > mostBytes)
        throw new UserError(`ConfigMap/${systemNamespace}/${name} would be too large`, {
          code: 'too-large',
          subject: name,
        });
      const answer = await client.send({
        verb: 'write-record',
        method: 'PATCH',
        path: `${path}?fieldManager=windlass-record&force=true`,
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace: systemNamespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } },
          data: { [key]: text },
        }),
        contentType: 'application/apply-patch+yaml',
      });
      if (answer.status !== 200 && answer.status !== 201)
        throw readError(client.server, `write ConfigMap/${systemNamespace}/${name}`, answer);
    },
  };
}
