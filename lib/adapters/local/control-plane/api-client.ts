import { Agent, request } from 'node:https';
import type { KeyPair } from './certificate.ts';

/** An answer of the API server. */
export interface ApiAnswer {
  status: number;
  body: string;
}

/** The few calls that a start needs, before any client library could be pointed at the server. */
export interface ApiClient {
  get(path: string): Promise<ApiAnswer>;
  /** Server-side apply; throws when the API server refuses it. */
  apply(path: string, object: object): Promise<void>;
  /** Deletes an object or a whole collection; throws when the API server refuses it. What is not there is no failure. */
  remove(path: string): Promise<void>;
  close(): void;
}

/** A client with a client certificate. Calls reject when there is no answer within ten seconds. */
export function apiClient(server: string, caPem: string, client: KeyPair): ApiClient {
  const agent = new Agent({ ca: caPem, cert: client.certPem, key: client.keyPem, keepAlive: true });
  const call = (method: string, path: string, body?: object): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' };
      const sent = request(`${server}${path}`, { method, agent, headers, timeout: 10_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error(`${server} did not answer within 10 s`)));
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    get: (path) => call('GET', path),
    apply: async (path, object) => {
      const answer = await call('PATCH', `${path}?fieldManager=windlass-embedded&force=true`, object);
      if (answer.status >= 300) throw new Error(`PATCH ${path}: ${answer.status} ${answer.body}`);
    },
    remove: async (path) => {
      const answer = await call('DELETE', path);
      if (answer.status >= 300 && answer.status !== 404)
        throw new Error(`DELETE ${path}: ${answer.status} ${answer.body}`);
    },
    close: () => agent.destroy(),
  };
}
