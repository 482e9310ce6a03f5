import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { MiddlewareObj } from '@middy/core';

/** Tells X-Ray of invocations. */
export interface Tracer {
  /** Begins a part of the invocation's trace; what it answers ends it, with the error where there was one, and never throws. */
  begin(): (error?: unknown) => Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Characters of an error's message. A datagram has room for 64 kB. */
const longestMessage = 4_000;

/**
 * Sends X-Ray's daemon, which Lambda has beside the function, a subsegment for each invocation whose trace is kept: its time, whether the sandbox was
 * new, and the error. Nothing else is traced, for which X-Ray's SDK would be a fifth of the time that a start takes.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
 */
export function openTracer({ service, env }: { service: string; env: Env }): Tracer {
  let cold = true;
  return {
    begin: () => {
      const annotations = { ColdStart: cold, Service: service };
      cold = false;
      const parent = tracedBy(env);
      const daemon = daemonIn(env['AWS_XRAY_DAEMON_ADDRESS']);
      if (parent === undefined || daemon === undefined) return async () => {};
      const begun = Date.now();
      return async (error) => {
        const segment = {
          ...{ id: someId(), name: `## ${env['_HANDLER']}`, type: 'subsegment', ...parent },
          ...{ start_time: begun / 1000, end_time: Date.now() / 1000, annotations },
          ...(error !== undefined && { fault: true, cause: causeOf(error) }),
        };
        await send(`{"format":"json","version":1}\n${JSON.stringify(segment)}`, daemon);
      };
    },
  };
}

/** Traces what the chain does from here on. */
export function traceInvocation<Input, Answer>(tracer: Tracer): MiddlewareObj<Input, Answer> {
  const ends = new WeakMap<object, ReturnType<Tracer['begin']>>();
  return {
    name: 'trace-invocation',
    before: (request) => void ends.set(request, tracer.begin()),
    after: (request) => ends.get(request)?.(),
    onError: (request) => ends.get(request)?.(request.error),
  };
}

/** The trace that this invocation is a part of; undefined where nobody keeps it. Lambda tells it anew for each. */
function tracedBy(env: Env): { trace_id: string; parent_id: string } | undefined {
  const told = new Map(
    (env['_X_AMZN_TRACE_ID'] ?? '').split(';').map((part) => part.split('=', 2) as [string, string]),
  );
  const [trace_id, parent_id] = [told.get('Root'), told.get('Parent')];
  if (!trace_id || !parent_id || told.get('Sampled') !== '1') return undefined;
  return { trace_id, parent_id };
}

/** `169.254.100.1:2000` */
function daemonIn(address = ''): { host: string; port: number } | undefined {
  const [host, port] = address.split(':');
  return host && Number(port) > 0 ? { host, port: Number(port) } : undefined;
}

function causeOf(error: unknown): object {
  const { name: type, message } = error instanceof Error ? error : { name: typeof error, message: String(error) };
  return { exceptions: [{ id: someId(), type, message: message.slice(0, longestMessage) }] };
}

function someId(): string {
  return randomBytes(8).toString('hex');
}

/** Before the sandbox is frozen. A trace that does not arrive is no failure of the invocation: nobody hears of the error. */
async function send(text: string, { host, port }: { host: string; port: number }): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<unknown>((resolve) => {
    socket.once('error', resolve);
    socket.send(text, port, host, resolve);
  });
  socket.close();
}
