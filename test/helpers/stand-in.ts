import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request that a stand-in got. */
export interface Asked {
  method: string;
  /** The host that was meant. */
  host: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a stand-in answers: `cutAfter` sends that much of the body and then breaks the connection; `hang` never answers. */
export interface Reply {
  status?: number;
  headers?: Record<string, string | undefined>;
  body?: string | Buffer | object;
  cutAfter?: number;
  hang?: boolean;
}

/** Hosts of the internet that stand in this process: what is fetched from them goes to a server on 127.0.0.1. */
export interface StandIn {
  /** Takes requests to the named hosts to the server; one to any other host is an error of the test. */
  fetch: typeof fetch;
  asked: Asked[];
  /** Where the server is: `http://127.0.0.1:40123`. */
  url: string;
}

export type Answers = (asked: Asked) => Reply | Promise<Reply>;

/** Starts a stand-in for hosts, by name; `127.0.0.1` answers for the server's own address. It ends with the test. */
export async function standIn(hosts: Readonly<Record<string, Answers>>): Promise<StandIn> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const host = String(request.headers['x-meant-for'] ?? '127.0.0.1');
    const url = new URL(request.url!, `https://${host}`);
    const question = { method: request.method!, host, url, headers: request.headers, body };
    asked.push(question);
    send(request, response, await hosts[host]!(question));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const toServer: typeof fetch = (input, init) => {
    const meant = new URL(String(input));
    if (meant.origin === url) return fetch(meant, init);
    if (meant.protocol !== 'https:' || hosts[meant.host] === undefined)
      throw new Error(`nobody stands in for ${meant}`);
    const headers = new Headers(init?.headers);
    headers.set('x-meant-for', meant.host);
    return fetch(new URL(meant.pathname + meant.search, url), { ...init, headers });
  };
  return { fetch: toServer, asked, url };
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply.hang) return;
  const { status = 200, headers = {}, body = '' } = reply;
  const bytes =
    typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  response.writeHead(status, JSON.parse(JSON.stringify({ ...headers, 'content-length': bytes.byteLength })));
  if (reply.cutAfter === undefined) {
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  response.write(bytes.subarray(0, reply.cutAfter), () => request.socket.destroy());
}
