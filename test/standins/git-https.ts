import { execFileSync, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '../../lib/adapters/local/control-plane/certificate.ts';

/** A Git server that listens. */
export interface GitServer {
  /** Without credentials. */
  url: string;
  /** Requests that were served, as `POST /config.git/git-receive-pack`. */
  readonly requests: readonly string[];
  /** Bytes of the answers' bodies, up to now. */
  readonly sent: number;
  close(): Promise<void>;
}

/** What is served, and to whom. */
export interface GitServerOptions {
  /** The directory that holds the repositories. */
  root: string;
  user: string;
  /** A function: the one that is right at the moment. */
  password: string | (() => string);
  /** Called while a request waits for its answer, with or without credentials. */
  onRequest?: (request: IncomingMessage) => void;
  certificate: KeyPair;
  /** Another server, to which everything is sent on. */
  redirectTo?: string;
}

/** Git's own smart HTTP server (`git http-backend`, a CGI program) by HTTPS on 127.0.0.1: whoever knows the password may read and push. */
export async function serveGit(options: GitServerOptions): Promise<GitServer> {
  const requests: string[] = [];
  let sent = 0;
  const password = () => (typeof options.password === 'string' ? options.password : options.password());
  const expected = () => `Basic ${Buffer.from(`${options.user}:${password()}`).toString('base64')}`;
  const { certPem: cert, keyPem: key } = options.certificate;
  const server = createServer({ cert, key }, (request, response) => {
    options.onRequest?.(request);
    if (options.redirectTo !== undefined) {
      response.writeHead(302, { location: `${options.redirectTo}${request.url}` }).end();
      return;
    }
    if (request.headers.authorization !== expected()) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no');
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'https://127.0.0.1');
    requests.push(`${request.method} ${pathname}`);
    runBackend(options, request, response, (bytes) => {
      sent += bytes;
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get sent() {
      return sent;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

const execPath = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();

/** The program gets the request by environment and input, and answers with headers, an empty line and the body (RFC 3875). */
function runBackend(
  { root, user }: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  onSent: (bytes: number) => void,
): void {
  const { pathname, search } = new URL(request.url ?? '/', 'https://127.0.0.1');
  const child = spawn(join(execPath, 'git-http-backend'), [], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: user,
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: request.headers['content-length'] }),
    },
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const headers = output
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1];
    response.writeHead(
      status === undefined ? 200 : Number.parseInt(status, 10),
      headers.filter(([name]) => name !== 'Status').flat(),
    );
    onSent(output.length - end - 4);
    response.end(output.subarray(end + 4));
  });
}
