import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HungUp, type Server } from './server.ts';

/** A stand-in that listens. */
export interface Listening {
  /** `http://127.0.0.1:PORT`, the base URL of the API. */
  url: string;
  close(): Promise<void>;
}

/** Serves on a free port of 127.0.0.1. */
export async function listen(server: Pick<Server, 'answer'>): Promise<Listening> {
  const http = createHttpServer((request, response) => {
    void serve(server, request, response).catch((error: unknown) => {
      if (error instanceof HungUp) request.socket.destroy();
      else {
        process.stderr.write(`stand-in: ${error instanceof Error ? error.stack : String(error)}\n`);
        response.writeHead(599).end('the stand-in has failed');
      }
    });
  });
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url,
    close: async () => {
      http.closeAllConnections();
      await new Promise<void>((done) => http.close(() => done()));
    },
  };
}

async function serve(
  server: Pick<Server, 'answer'>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const origin = `http://${incoming.headers.host}`;
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort(new HungUp('the client went away')));
  const { method = 'GET' } = incoming;
  const request = new Request(`${origin}${incoming.url}`, {
    method,
    headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
    body: method === 'GET' || method === 'HEAD' || chunks.length === 0 ? undefined : Buffer.concat(chunks),
    signal: gone.signal,
  });
  const answer = await server.answer(request, origin);
  outgoing.writeHead(answer.status, [...answer.headers].flat());
  if (answer.body === null) return void outgoing.end();
  try {
    // Each part is on its way before the next: what is cut off must be missed, not what came before it.
    for await (const chunk of answer.body) await new Promise((done) => outgoing.write(chunk, done));
  } catch {
    throw new HungUp('the body ends here');
  }
  outgoing.end();
}
