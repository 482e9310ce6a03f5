import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessFromKubeconfig } from '../../../lib/adapters/kubernetes/access.ts';
import { Connection } from '../../../lib/adapters/kubernetes/connection.ts';
import { LostError } from '../../../lib/adapters/kubernetes/trouble.ts';
import { findKubectl } from '../../../lib/adapters/renderers/kubectl.ts';

/** One request as some tool would send it. */
export interface Sent {
  method: 'GET' | 'PATCH' | 'POST' | 'PUT' | 'DELETE';
  /** Path with query. */
  path: string;
  body?: unknown;
  contentType?: string;
  /** Names the field manager where the query does not. */
  userAgent?: string;
}

/** One run of the real kubectl. */
export interface Ran {
  kubectl: string[];
  input?: string;
  env?: Record<string, string>;
}

/** An answer, also a refusal. */
export interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any kind
  json: any;
}

/** The hands of people: a client that says what the tool says that it stands for. */
export class Wire {
  readonly #connection: Connection;
  readonly #kubeconfig: string;

  private constructor(connection: Connection, kubeconfig: string) {
    this.#connection = connection;
    this.#kubeconfig = kubeconfig;
  }

  static async open(kubeconfig: string): Promise<Wire> {
    const limits = { concurrency: 16, connectTimeout: 60_000, requestTimeout: 120_000, silence: 60_000 };
    return new Wire(new Connection(await accessFromKubeconfig(kubeconfig), limits), kubeconfig);
  }

  /** Throws where no answer comes, unless the server cannot have seen the request: then it is sent again. */
  async send(request: Sent | Ran): Promise<Answered> {
    if ('kubectl' in request) return await this.#run(request);
    const { method, path, body, contentType = 'application/json', userAgent = 'hands/1.0' } = request;
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent };
    if (body !== undefined) headers['content-type'] = contentType;
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await this.#connection.send({ method, path, headers, body: text });
      return { status: answer.status, json: answer.text.startsWith('{') ? JSON.parse(answer.text) : answer.text };
    } catch (error) {
      if (error instanceof LostError && !error.seen) return await this.send(request);
      throw error;
    }
  }

  /** What kubectl refuses to do, or is refused, counts as refused by the server. */
  async #run({ kubectl, input, env = {} }: Ran): Promise<Answered> {
    const { path } = await findKubectl({ env: process.env });
    const child = spawn(path, ['--kubeconfig', this.#kubeconfig, ...kubectl], { env: { ...process.env, ...env } });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => said.push(part));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const [code] = (await once(child, 'close')) as [number];
    return { status: code === 0 ? 200 : 422, json: Buffer.concat(said).toString('utf8') };
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
