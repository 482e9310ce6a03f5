import { accessFromKubeconfig } from '../../../lib/adapters/kubernetes/access.ts';
import { Connection } from '../../../lib/adapters/kubernetes/connection.ts';
import { LostError } from '../../../lib/adapters/kubernetes/trouble.ts';

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

/** An answer, also a refusal. */
export interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any kind
  json: any;
}

/** The hands of people: a client that says what the tool says that it stands for. */
export class Wire {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(kubeconfig: string): Promise<Wire> {
    const limits = { concurrency: 16, connectTimeout: 60_000, requestTimeout: 120_000, silence: 60_000 };
    return new Wire(new Connection(await accessFromKubeconfig(kubeconfig), limits));
  }

  /** Throws where no answer comes, unless the server cannot have seen the request: then it is sent again. */
  async send(request: Sent): Promise<Answered> {
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

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
