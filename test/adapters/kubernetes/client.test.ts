import http2 from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Access } from '../../../lib/adapters/kubernetes/access.ts';
import { issueCertificate } from '../../../lib/adapters/local/control-plane/certificate.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { access, answer, authority, client, ending, lasting, server } from './http2-server.ts';

const get = { verb: 'get', method: 'GET', path: '/x' } as const;

describe('the client of the API server', () => {
  it('says so where a server speaks HTTP/1.1 alone', async () => {
    const pair = issueCertificate({ commonName: 'server', use: 'server', hosts: ['127.0.0.1'], ...lasting }, authority);
    const old = createTlsServer({ cert: pair.certPem, key: pair.keyPem, ALPNProtocols: ['http/1.1'] });
    old.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    ending.push(() => void old.close());
    const made = client(access((old.address() as AddressInfo).port));
    await expect(made.send(get)).rejects.toThrow(/does not speak HTTP\/2/);
  });

  it('never sends a request for one user with credentials that act as another', async () => {
    let count = 0;
    const { port } = await server((stream) => {
      count++;
      answer(stream);
    });
    const headers = { 'impersonate-user': 'ada', 'impersonate-group': ['a', 'b'] };
    const made = client(access(port, { credentials: async () => ({ tls: { ca: authority.certPem }, headers }) }));
    await expect(made.as('shop-deployer').send(get)).rejects.toThrow(
      'as shop-deployer, but the kubeconfig acts as ada',
    );
    expect(count).toBe(0);
    expect((await made.send(get)).status).toBe(200);
  });

  it('sends many requests at once over one connection', async () => {
    let open = 0;
    let most = 0;
    const { port, sessions } = await server((stream) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        answer(stream);
      }, 20);
    });
    const made = client(access(port), { concurrency: 16 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => made.send(get)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBe(16);
    expect(sessions()).toBe(1);
    expect(made.stats()).toEqual({ get: 100 });
  });

  it('goes on over a new connection when the server retires the old one again and again', async () => {
    let count = 0;
    const retired = new Set<unknown>();
    const { port, sessions } = await server((stream, _, session) => {
      // Once each: a second GOAWAY would name a later stream than the first, which RFC 9113 (6.8) forbids.
      if (++count % 7 === 0 && !retired.has(session)) {
        retired.add(session);
        session.goaway(http2.constants.NGHTTP2_NO_ERROR);
      }
      answer(stream);
    });
    const made = client(access(port));
    const answers = await Promise.all(Array.from({ length: 200 }, () => made.send(get)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(sessions()).toBeGreaterThan(1);
  });

  it('repeats a refused stream, also for a request that must not be done twice', async () => {
    let count = 0;
    const { port } = await server((stream) => {
      if (++count === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else answer(stream);
    });
    const made = client(access(port));
    expect((await made.send({ ...get, idempotent: false })).status).toBe(200);
    expect(made.stats()).toEqual({ get: 2 });
  });

  it('repeats what was cut off only when it may be done twice', async () => {
    let count = 0;
    const { port } = await server((stream, _, session) => {
      if (++count % 2 === 1) session.destroy();
      else answer(stream);
    });
    const made = client(access(port));
    expect((await made.send(get)).status).toBe(200);
    await expect(made.send({ ...get, idempotent: false })).rejects.toThrow(RetryableError);
  });

  it('notices a server that fell silent, and connects anew', async () => {
    const { port } = await server((stream) => answer(stream));
    const sockets: Socket[] = [];
    let deaf = false;
    // The first connection is swallowed after it was made: no byte comes back and no error either, as behind a NAT that forgot it.
    const tunnel = createTcpServer((from) => {
      sockets.push(from);
      const to = connect(port, '127.0.0.1');
      to.on('data', (bytes) => {
        if (!(sockets[0] === from && deaf)) from.write(bytes);
      });
      from.on('data', (bytes) => to.write(bytes));
      for (const end of [from, to]) end.on('error', () => undefined).on('close', () => to.destroy());
    });
    await new Promise<void>((resolve) => tunnel.listen(0, '127.0.0.1', resolve));
    ending.push(() => {
      for (const socket of sockets) socket.destroy();
      tunnel.close();
    });
    const made = client(access((tunnel.address() as AddressInfo).port), { silence: 200 });
    expect((await made.send(get)).status).toBe(200);
    deaf = true;
    expect((await made.send(get)).status).toBe(200);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it('waits as long as a throttled answer asks, and no request is given up for it', async () => {
    let count = 0;
    const { port } = await server((stream) =>
      ++count <= 3 ? answer(stream, 429, { 'retry-after': '0' }) : answer(stream),
    );
    const made = client(access(port));
    expect((await made.send({ ...get, idempotent: false })).status).toBe(200);
    expect(count).toBe(4);
  });

  it('asks for fresh credentials once when the server says 401', async () => {
    const seen: (string | undefined)[] = [];
    const { port } = await server((stream, headers) => {
      seen.push(headers.authorization);
      answer(stream, headers.authorization === 'Bearer second' ? 200 : 401);
    });
    let fresh = false;
    const changing: Access = access(port, {
      credentials: async (asked) => {
        fresh ||= asked === true;
        return { tls: { ca: authority.certPem }, headers: { authorization: fresh ? 'Bearer second' : 'Bearer first' } };
      },
    });
    expect((await client(changing).send(get)).status).toBe(200);
    expect(seen).toEqual(['Bearer first', 'Bearer second']);
    const { port: strict } = await server((stream) => answer(stream, 401));
    expect((await client(access(strict)).send(get)).status).toBe(401);
  });

  it('gives up on a request that gets no answer, and names the server', async () => {
    const { port } = await server(() => undefined);
    const made = client(access(port), { requestTimeout: 100 });
    await expect(made.send({ ...get, idempotent: false })).rejects.toThrow(`https://127.0.0.1:${port} did not answer`);
  });

  it('names a server that cannot be reached', async () => {
    const { port } = await server(() => undefined);
    for (const end of ending.splice(0)) await end();
    const error = await client(access(port))
      .send(get)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableError);
    expect((error as Error).message).toContain(`https://127.0.0.1:${port} cannot be reached`);
  });

  it("tells a certificate that is not trusted apart: it is the user's to mend", async () => {
    const { port } = await server((stream) => answer(stream));
    const other = issueCertificate({ commonName: 'another authority', use: 'authority', ...lasting });
    const distrusting = access(port, { credentials: async () => ({ tls: { ca: other.certPem }, headers: {} }) });
    const error = await client(distrusting)
      .send(get)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe('certificate');
    expect((error as UserError).message).toContain('or in a pod of its service account');
  });

  it('reads the authority again when the certificate is not trusted: it may have been replaced', async () => {
    const { port } = await server((stream) => answer(stream));
    const old = issueCertificate({ commonName: 'the old authority', use: 'authority', ...lasting });
    let reads = 0;
    const replaced = access(port, {
      credentials: async (fresh) => {
        if (fresh) reads++;
        return { tls: { ca: fresh ? authority.certPem : old.certPem }, headers: {} };
      },
    });
    expect((await client(replaced).send(get)).status).toBe(200);
    expect(reads).toBe(1);
  });

  it('makes one new connection for many requests that are answered with 401 at once', async () => {
    const { port, sessions } = await server((stream, headers) =>
      answer(stream, headers.authorization === 'Bearer second' ? 200 : 401),
    );
    let fresh = false;
    const changing = access(port, {
      credentials: async (asked) => {
        fresh ||= asked === true;
        return { tls: { ca: authority.certPem }, headers: { authorization: fresh ? 'Bearer second' : 'Bearer first' } };
      },
    });
    const made = client(changing, { concurrency: 50 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => made.send(get)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(sessions()).toBeLessThan(5);
  });
});
