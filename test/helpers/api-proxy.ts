import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { issueCertificate, type KeyPair } from '../../lib/adapters/local/control-plane/certificate.ts';
import { issueClientCertificate, readPki } from '../../lib/adapters/local/control-plane/pki.ts';
import { cluster } from './cluster.ts';

/** An answer in place of the API server's, or the true one cut off in the middle: with its length told, or as if that were all. */
export type Spoilt = { status: number; body: string } | 'cut off' | 'shortened';

/** A man in the middle between a client and the API server of the test run. */
export interface ApiProxy {
  /** `https://127.0.0.1:PORT` */
  url: string;
  /** What to do to the answer to a request; by default nothing. */
  spoil: (method: string, path: string) => Spoilt | undefined;
}

/** Opens a proxy that ends TLS with a certificate of the cluster's authority and goes on as its administrator. Closed after the test. */
export async function apiProxy(): Promise<ApiProxy> {
  const { dir, server } = cluster();
  const pki = await readPki(join(dir, 'pki'));
  const lifetime = { validFrom: new Date(Date.now() - 3_600_000), days: 2 };
  const own = issueCertificate(
    { commonName: 'proxy', use: 'server', hosts: ['127.0.0.1'], ...lifetime },
    pki.authority,
  );
  const admin = issueClientCertificate(pki, { name: 'windlass-admin', groups: ['system:masters'] }, new Date());
  const listening = createSecureServer({ cert: own.certPem, key: own.keyPem }, (asked, answer) => {
    const spoilt = proxy.spoil(asked.method, asked.url);
    if (typeof spoilt === 'object')
      answer.writeHead(spoilt.status, { 'content-type': 'application/json' }).end(spoilt.body);
    else forward(asked, answer, { server, admin, ca: pki.authority.certPem, spoilt });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void listening.close());
  const proxy: ApiProxy = {
    url: `https://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    spoil: () => undefined,
  };
  return proxy;
}

function forward(
  asked: Http2ServerRequest,
  answer: Http2ServerResponse,
  { server, admin, ca, spoilt }: { server: string; admin: KeyPair; ca: string; spoilt: Spoilt | undefined },
): void {
  const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !name.startsWith(':')));
  const further = request(
    new URL(asked.url, server),
    { method: asked.method, headers, ca, cert: admin.certPem, key: admin.keyPem },
    (given) => {
      const chunks: Buffer[] = [];
      given.on('data', (chunk: Buffer) => chunks.push(chunk));
      given.on('end', () => {
        const body = Buffer.concat(chunks);
        const type = given.headers['content-type'] ?? 'application/json';
        const half = body.subarray(0, body.length / 2);
        answer.writeHead(given.statusCode ?? 500, {
          'content-type': type,
          ...(given.headers['content-encoding'] && { 'content-encoding': given.headers['content-encoding'] }),
          ...(spoilt === 'cut off' && { 'content-length': String(body.length) }),
        });
        if (spoilt === undefined) answer.end(body);
        else if (spoilt === 'shortened') answer.end(half);
        else answer.write(half, () => answer.stream.close(2));
      });
    },
  );
  further.on('error', () => answer.stream.close(2));
  asked.pipe(further);
}
