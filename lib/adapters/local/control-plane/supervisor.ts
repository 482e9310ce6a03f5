import { rm } from 'node:fs/promises';
import { messageOf, UserError } from '../../../model/errors.ts';
import { type Child, type Program, startChild, type UnexpectedExit } from './child.ts';
import { type Guard, startGuard } from './guard.ts';
import { writeRunFile } from './run-file.ts';

/** Keeps the processes of one control plane: starts, watches and ends them, and writes down which they are. */
export class Supervisor {
  readonly #dir: string;
  readonly #runFile: string;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #children = new Map<string, { child: Child; program: Program }>();
  readonly #listeners: ((exit: UnexpectedExit) => void)[] = [];
  readonly #exits: UnexpectedExit[] = [];
  readonly #stopping = new Set<string>();
  readonly #comingBack = new Set<Promise<void>>();
  #guard: Guard | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(dir: string, runFile: string, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#dir = dir;
    this.#runFile = runFile;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  processes(): { name: string; pid: number }[] {
    return [...this.#children.values()].map(({ child }) => ({ name: child.name, pid: child.pid }));
  }

  /** Also tells of what ended before the callback came: nobody could have listened then. */
  onExit(callback: (exit: UnexpectedExit) => void): void {
    for (const exit of this.#exits) callback(exit);
    this.#listeners.push(callback);
  }

  async start(program: Program): Promise<void> {
    this.#guard ??= await startGuard(this.#dir);
    this.#stopping.delete(program.name);
    await this.#run(program);
  }

  async #run(program: Program): Promise<void> {
    const child = await startChild(program);
    this.#children.set(program.name, { child, program });
    void child.ended.then((how) => this.#ended(child, program, how));
    await this.#writeDown();
  }

  /**
   * Waits until `awaited` gives undefined instead of what is still missing; what it throws is missing too: a busy machine
   * answers late. Throws UserError `control-plane-failed` with the end of the log when one of the named processes ends
   * before, or the time is over.
   */
  async waitUntil(names: readonly string[], awaited: () => Promise<string | undefined>): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      this.#signal?.throwIfAborted();
      const dead = names.map((name) => this.#children.get(name)).find((entry) => entry !== undefined && isDead(entry));
      if (dead !== undefined) throw await failed(dead.child, dead.program, `ended with ${dead.child.end()}`);
      const missing = await this.#unlessAborted(awaited().catch(messageOf));
      if (missing === undefined) return;
      if (performance.now() > deadline) {
        const { child, program } = this.#children.get(names.at(-1)!)!;
        throw await failed(child, program, `did not come up within ${this.#timeoutMs / 1000} s: ${missing}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A server that listens and does not serve yet keeps its callers waiting: whoever ends the start does not wait for them. */
  async #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (signal === undefined) return await work;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      return await Promise.race([work, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async stopOne(name: string, graceMs: number): Promise<void> {
    const entry = this.#children.get(name);
    if (entry === undefined) return;
    this.#stopping.add(name);
    if (graceMs === 0) entry.child.kill('SIGKILL');
    await entry.child.stop(graceMs);
    this.#children.delete(name);
    await this.#writeDown();
  }

  /** Clients first, then the API server (which would wait long for open watches), the store last. */
  async stopAll(): Promise<void> {
    for (const name of this.#children.keys()) this.#stopping.add(name);
    await Promise.all(this.#comingBack);
    const clients = [...this.#children.keys()].filter((name) => name !== 'kube-apiserver' && name !== 'etcd');
    await Promise.all(clients.map((name) => this.stopOne(name, 500)));
    await this.stopOne('kube-apiserver', 1000);
    await this.stopOne('etcd', 10_000);
    await this.#writing;
    await rm(this.#runFile, { force: true });
    this.#guard?.dismiss();
    this.#guard = undefined;
  }

  #ended(child: Child, program: Program, how: string): void {
    if (this.#children.get(program.name)?.child !== child || this.#stopping.has(program.name)) return;
    const { restarts = 0 } = program;
    if (restarts === 0) {
      this.#tell(program, how);
      return;
    }
    const back = this.#run({ ...program, restarts: restarts - 1 })
      .catch((error: unknown) => this.#tell(program, messageOf(error)))
      .finally(() => this.#comingBack.delete(back));
    this.#comingBack.add(back);
  }

  #tell({ name, logFile }: Program, how: string): void {
    const exit = { name, how, logFile };
    this.#exits.push(exit);
    for (const listener of this.#listeners) listener(exit);
  }

  #writeDown(): Promise<void> {
    const children = [...this.#children.values()].map(({ child }) => child);
    // The store is ended last, so that the API server does not wait for it.
    this.#guard?.watch(children.map((child) => child.pid).reverse());
    const identities = [
      ...children.map(({ name, identity }) => ({ name, identity })),
      { name: 'guard', identity: this.#guard?.identity },
    ];
    const known = identities.flatMap(({ name, identity }) => (identity === undefined ? [] : [{ name, ...identity }]));
    this.#writing = this.#writing.then(() => writeRunFile(this.#runFile, known));
    return this.#writing;
  }
}

/** True for what ended and is not started again. */
function isDead({ child, program }: { child: Child; program: Program }): boolean {
  return child.end() !== undefined && !program.restarts;
}

async function failed(child: Child, program: Program, what: string): Promise<UserError> {
  const log = await child.logTail(15);
  return new UserError(`${program.name} ${what}\nthe end of ${program.logFile}:\n${log || '(empty)'}`, {
    code: 'control-plane-failed',
    subject: program.name,
  });
}
