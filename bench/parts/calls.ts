import { fork } from 'node:child_process';
import { once } from 'node:events';

/** What a program does for the one that started it. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are checked where a call is made, by the type of the program's own methods
export type Methods = Record<string, (...args: any[]) => unknown>;

/** A program that was started, and answers calls. */
export interface Program<Its extends Methods> {
  pid: number;
  /** Milliseconds from the start of its process until it could answer. */
  start: number;
  /** Throws what the method throws, and when the program ends. */
  call<Name extends keyof Its>(name: Name, ...args: Parameters<Its[Name]>): Promise<Awaited<ReturnType<Its[Name]>>>;
  /** What it printed, of which only the last part is kept. */
  printed(): string;
  /** Ends it. */
  end(): Promise<void>;
}

interface Answer {
  id: number;
  answer?: unknown;
  error?: string;
}

const mostPrinted = 20_000;

/** Starts a program that ends with `answerCalls`; `options` is what its `optionsOf` answers. */
export async function startProgram<Its extends Methods>(
  file: URL,
  options: unknown,
  { signal, env = {} }: { signal: AbortSignal; env?: Record<string, string> },
): Promise<Program<Its>> {
  signal.throwIfAborted();
  const child = fork(file, [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
    execArgv: [],
  });
  let printed = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = `${printed}${text}`.slice(-mostPrinted);
    });
  }
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  // Not 'close': it does not come where this side has ended the channel.
  const ended = once(child, 'exit');
  const stop = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  const ready = Promise.withResolvers<number>();
  void ended.then(([code]) => {
    signal.removeEventListener('abort', stop);
    const error = new Error(`${file.pathname} ended with ${String(code)}\n${printed.slice(-4000)}`);
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  });
  child.on('message', (message: Answer | { ready: number }) => {
    if ('ready' in message) return ready.resolve(message.ready);
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) asked?.resolve(message.answer);
    else asked?.reject(new Error(message.error));
  });
  let calls = 0;
  return {
    pid: child.pid!,
    start: await ready.promise,
    call: async (name, ...args) => {
      const id = calls++;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(id, asked);
      child.send({ id, name, args }, (error) => error === null || asked.reject(error));
      return (await asked.promise) as never;
    },
    printed: () => printed,
    end: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** In a program: what it was started with. The caller knows the type, being of the same pair. */
export function optionsOf<Options>(): Options {
  return JSON.parse(process.argv[2]!) as Options;
}

/** In a program: says that it is ready and answers calls, until the one that started it has enough or is gone. */
export function answerCalls(methods: Methods, atEnd: () => Promise<unknown> = async () => {}): void {
  process.on('message', async ({ id, name, args }: { id: number; name: string; args: unknown[] }) => {
    try {
      process.send!({ id, answer: await methods[name]!(...args) });
    } catch (error) {
      process.send!({ id, error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on('disconnect', () => void atEnd().finally(() => process.exit()));
  process.send!({ ready: performance.now() });
}
