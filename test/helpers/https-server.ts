import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';

/** An HTTPS server on 127.0.0.1, with an authority of its own. */
export interface HttpsServer {
  port: number;
  /** The authority, as a `caBundle` wants it. */
  caBundle: string;
  close(): Promise<void>;
}

/** Starts a server that answers each request with the JSON that `answer` gives for it, or with 404 where it gives undefined. */
export async function httpsServer(
  answer: (request: { path: string; query: URLSearchParams; body: unknown }) => unknown,
  hosts: readonly string[] = ['127.0.0.1'],
): Promise<HttpsServer> {
  const lifetime = { validFrom: new Date(Date.now() - 3_600_000), days: 2 };
  const authority = issueCertificate({ commonName: 'a test', use: 'authority', ...lifetime });
  const { certPem, keyPem } = issueCertificate({ commonName: 'a test', use: 'server', hosts, ...lifetime }, authority);
  const server: Server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    reply(request, response, answer).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certPem).toString('base64'),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Parameters<typeof httpsServer>[0],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  const body: unknown = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const given = answer({ path: url.pathname, query: url.searchParams, body });
  if (given === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given));
}
