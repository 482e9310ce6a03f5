import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { waitMs } from './patience.ts';

/** A function as Lambda is told of it. */
export interface LambdaFunction {
  name: string;
  /** The program that the sandbox runs: `lambdaClient()`. */
  client: string;
  /** Where its module is. */
  folder: string;
  /** `index.handler` unless told. */
  handler?: string;
  /** Its own variables; the sandbox gives it Lambda's. */
  env?: Readonly<Record<string, string>>;
  /** MB. The function is told, and nothing holds it to that. */
  memory?: number;
}

/** What came of an event. */
export interface Invoked {
  /** What the runtime sent as the handler's answer, as it is; undefined where the event failed. */
  answer?: string;
  error?: FunctionError;
  /** The sandbox that had it. */
  pid: number;
  /** Milliseconds from the start of the sandbox until it asked for an event; undefined where it had one before, and where it never asked. */
  init?: number;
  /** Milliseconds from the event to the answer. */
  took: number;
}

/** Why an event failed, as whoever invokes the function is told by Lambda. */
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** A function that can be invoked, in one sandbox after the other. */
export interface RunningFunction {
  /** Starts a sandbox where there is none, and waits until it asks for an event or is gone. Gives its process, and milliseconds until it asked. */
  start(): Promise<{ pid: number; init?: number }>;
  /** One event at a time, which may take so many milliseconds; 300,000 unless told. Starts a sandbox where there is none. */
  invoke(event: unknown, limit?: { timeout: number }): Promise<Invoked>;
  /** Stops the sandbox where it is, as Lambda does between events. The next event lets it go on. */
  freeze(): void;
  /** All lines that its sandboxes wrote. */
  lines(): string[];
  end(): Promise<void>;
}

/**
 * Runs a function as Lambda does: a sandbox is a process of AWS's own runtime client, which loads the module and asks for events by the Runtime API, and is
 * kept for the next event unless it exits, cannot start or takes too long. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export function runFunction(fn: LambdaFunction): RunningFunction {
  const lines: string[] = [];
  let sandbox: Sandbox | undefined;
  const started = async () => {
    sandbox ??= await Sandbox.start(fn, lines);
    await sandbox.started;
    return sandbox;
  };
  return {
    start: async () => {
      const { pid, init } = await started();
      return { pid, init };
    },
    invoke: async (event, { timeout } = { timeout: waitMs }) => {
      const cold = sandbox === undefined;
      const mine = await started();
      const invoked = await mine.invoke(event, timeout);
      if (mine.isOver) {
        sandbox = undefined;
        await mine.end();
      }
      return cold ? { ...invoked, ...(mine.init !== undefined && { init: mine.init }) } : invoked;
    },
    freeze: () => sandbox?.freeze(),
    lines: () => [...lines],
    end: async () => {
      await sandbox?.end();
      sandbox = undefined;
    },
  };
}

/** An event in a sandbox. */
interface Pending {
  id: string;
  begin: number;
  done(outcome: Pick<Invoked, 'answer' | 'error'>): void;
}

class Sandbox {
  readonly pid: number;
  /** It asks for its first event, or is gone. */
  readonly started: Promise<void>;
  init: number | undefined;
  /** It takes no more events. */
  isOver = false;
  readonly #fn: LambdaFunction;
  readonly #server: Server;
  readonly #child: ChildProcess;
  readonly #begin = performance.now();
  readonly #closed: Promise<unknown>;
  #isFrozen = false;
  /** The runtime asks for an event, and waits. */
  #asking: ServerResponse | undefined;
  #asked = Promise.withResolvers<void>();
  #pending: Pending | undefined;
  /** Why it could not start. */
  #trouble: FunctionError | undefined;

  static async start(fn: LambdaFunction, lines: string[]): Promise<Sandbox> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Sandbox(fn, lines, server);
  }

  private constructor(fn: LambdaFunction, lines: string[], server: Server) {
    this.#fn = fn;
    this.#server = server.on('request', (request, response) => void this.#serve(request, response));
    const { port } = server.address() as AddressInfo;
    this.#child = spawn(process.execPath, [fn.client], {
      cwd: fn.folder,
      env: { ...environmentOf(fn, port), ...fn.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid!;
    this.started = this.#asked.promise;
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) keepLines(stream, lines);
    // What it wrote last is there by then, too.
    this.#closed = once(this.#child, 'close');
    this.#child.once('close', (code, signal) => this.#ended(code, signal));
  }

  async invoke(event: unknown, timeout: number): Promise<Invoked> {
    if (this.#isFrozen) this.#child.kill('SIGCONT');
    this.#isFrozen = false;
    const { pid } = this;
    const id = randomUUID();
    const { promise, resolve: done } = Promise.withResolvers<Pick<Invoked, 'answer' | 'error'>>();
    await this.#asked.promise;
    const begin = performance.now();
    if (this.#asking === undefined) return { pid, took: 0, error: this.#trouble! };
    this.#pending = { id, begin, done };
    this.#send(id, event, timeout);
    const timer = setTimeout(() => void this.#timeOut(timeout), timeout);
    const outcome = await promise;
    clearTimeout(timer);
    return { ...outcome, pid, took: performance.now() - begin };
  }

  freeze(): void {
    this.#isFrozen = this.#child.kill('SIGSTOP');
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.#child.kill('SIGKILL');
    await this.#closed;
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #send(id: string, event: unknown, timeout: number): void {
    const response = this.#asking!;
    this.#asking = undefined;
    this.#asked = Promise.withResolvers();
    const trace = `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${id.replaceAll('-', '').slice(0, 24)}`;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeout),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:eu-west-1:000000000000:function:${this.#fn.name}`,
      'lambda-runtime-trace-id': `${trace};Parent=${id.slice(-12).padStart(16, '0')};Sampled=1`,
    });
    response.end(JSON.stringify(event));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      this.init ??= performance.now() - this.#begin;
      this.#asking = response;
      this.#asked.resolve();
      return;
    }
    const body = (await request.toArray()).join('');
    const [, id, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (path === 'init/error') this.#trouble = JSON.parse(body) as FunctionError;
    else if (id !== this.#pending?.id) return void response.writeHead(400).end('{"errorType":"InvalidRequestID"}');
    response.writeHead(202).end('{"status":"OK"}');
    if (what === undefined) return;
    const { done } = this.#pending!;
    this.#pending = undefined;
    done(what === 'response' ? { answer: body } : { error: JSON.parse(body) as FunctionError });
  }

  /** The process has gone before the next event is anyone's: nothing of this one runs into that. */
  async #timeOut(timeout: number): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    await this.end();
    const errorMessage = `RequestId: ${pending?.id} Error: Task timed out after ${(timeout / 1000).toFixed(2)} seconds`;
    pending?.done({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.isOver = true;
    const how = code === null ? `signal: ${signal}` : `exit status ${code}`;
    const { id, done } = this.#pending ?? {};
    const errorMessage = `RequestId: ${id} Error: Runtime exited with error: ${how}`;
    this.#trouble ??= { errorType: 'Runtime.ExitError', errorMessage };
    this.#asking = undefined;
    this.#asked.resolve();
    done?.({ error: this.#trouble });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentOf({ name, client, folder, handler, memory }: LambdaFunction, port: number) {
  return {
    PATH: process.env['PATH'],
    ...{ LANG: 'en_US.UTF-8', TZ: ':UTC', HOME: folder },
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    _HANDLER: handler ?? 'index.handler',
    LAMBDA_TASK_ROOT: folder,
    LAMBDA_RUNTIME_DIR: dirname(client),
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory ?? 512),
    AWS_LAMBDA_LOG_GROUP_NAME: name,
    AWS_LAMBDA_LOG_STREAM_NAME: randomUUID(),
    // As the stack asks for it.
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    ...{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
  };
}

function keepLines(stream: NodeJS.ReadableStream, lines: string[]): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
  });
  stream.on('end', () => rest !== '' && lines.push(rest));
}
