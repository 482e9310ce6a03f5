/**
 * The life of one function: every step out of the process goes through it. When it is killed nothing that was started comes back, as in a
 * Lambda that ran out of time: what is done is done, and what comes after it never happens.
 */
export class Lifetime {
  /** Ends with `killed` at the given step; never, when that is undefined. */
  readonly end: Promise<'killed'>;
  #left: number;
  #kill!: (why: 'killed') => void;
  #dead = false;

  constructor(steps = Number.POSITIVE_INFINITY) {
    this.#left = steps;
    this.end = new Promise((resolve) => {
      this.#kill = resolve;
    });
  }

  /** Takes one step, and may be killed before it or, when `late`, after it. */
  async step<T>(work: () => Promise<T>, late: boolean): Promise<T> {
    if (this.#dead) return never();
    this.#left--;
    if (this.#left > 0) return work().then((value) => (this.#dead ? never() : value));
    this.#dead = true;
    if (late) await work().catch(() => undefined);
    this.#kill('killed');
    return never();
  }

  /** The object with each of its functions as a step. */
  around<T extends object>(target: T, late: () => boolean): T {
    return new Proxy(target, {
      get: (on, key) => {
        const value: unknown = Reflect.get(on, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.step(() => value.apply(on, args) as Promise<unknown>, late());
      },
    });
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
