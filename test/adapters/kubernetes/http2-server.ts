import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { Access } from '../../../lib/adapters/kubernetes/access.ts';
import { Client } from '../../../lib/adapters/kubernetes/client.ts';
import { issueCertificate } from '../../../lib/adapters/local/control-plane/certificate.ts';

/** How long the certificates of these tests last. */
export const lasting = { validFrom: new Date(Date.now() - 3_600_000), days: 2 };
/** Who issued the server's certificate. */
export const authority = issueCertificate({ commonName: 'test authority', use: 'authority', ...lasting });
const pair = issueCertificate({ commonName: 'server', use: 'server', hosts: ['127.0.0.1'], ...lasting }, authority);

/** What is ended after the test, the last one first. */
export const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

type Handler = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  session: http2.ServerHttp2Session,
) => void;

/** A real HTTP/2 server with TLS that does what the handler says. */
export async function server(handler: Handler): Promise<{ port: number; sessions: () => number }> {
  const listening = http2.createSecureServer({ cert: pair.certPem, key: pair.keyPem });
  const sessions = new Set<http2.ServerHttp2Session>();
  let count = 0;
  listening.on('session', (session) => {
    count++;
    sessions.add(session);
    session.on('error', () => undefined);
  });
  listening.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    handler(stream, headers, stream.session as http2.ServerHttp2Session);
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    for (const session of sessions) session.destroy();
    listening.close();
  });
  return { port: (listening.address() as AddressInfo).port, sessions: () => count };
}

/** The way in to a server of `server`. */
export function access(port: number, changes: Partial<Access> = {}): Access {
  return {
    server: `https://127.0.0.1:${port}`,
    credentials: async () => ({ tls: { ca: authority.certPem }, headers: { authorization: 'Bearer first' } }),
    ...changes,
  };
}

/** A client that is closed after the test. */
export function client(given: Access, options: ConstructorParameters<typeof Client>[1] = {}): Client {
  const made = new Client(given, options);
  ending.push(() => made.close());
  return made;
}

/** Answers a stream with JSON. */
export function answer(
  stream: http2.ServerHttp2Stream,
  status = 200,
  headers: Record<string, string> = {},
  body: unknown = { status },
): void {
  stream.respond({ ':status': status, 'content-type': 'application/json', ...headers });
  stream.end(JSON.stringify(body));
}
