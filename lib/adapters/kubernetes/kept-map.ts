import { UserError } from '../../model/errors.ts';
import type { KeptText } from '../../pull/ports.ts';
import type { Client } from './client.ts';
import { isAbsent, readError } from './status.ts';

const namespace = 'windlass-system';
/** A ConfigMap holds at most 1 MiB. */
const mostBytes = 900 * 1024;

/** A text in a ConfigMap of windlass-system, under one key, for a process whose disk is lost with it. An empty one is none. */
export function keptMap(client: Client, { name, key }: { name: string; key: string }): KeptText {
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return {
    read: async () => {
      const answer = await client.send({ verb: 'get', method: 'GET', path });
      if (answer.status === 200) return (answer.json as { data?: Record<string, string> }).data?.[key] || undefined;
      if (isAbsent(answer, name) || isAbsent(answer, namespace)) return undefined;
      throw readError(client.server, `read ConfigMap/${namespace}/${name}`, answer);
    },
    write: async (text = '') => {
      if (Buffer.byteLength(text) > mostBytes)
        throw new UserError(`ConfigMap/${namespace}/${name} would be too large`, { code: 'too-large', subject: name });
      const answer = await client.send({
        verb: 'write-record',
        method: 'PATCH',
        path: `${path}?fieldManager=windlass-record&force=true`,
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'windlass' } },
          data: { [key]: text },
        }),
        contentType: 'application/apply-patch+yaml',
      });
      if (answer.status !== 200 && answer.status !== 201)
        throw readError(client.server, `write ConfigMap/${namespace}/${name}`, answer);
    },
  };
}
