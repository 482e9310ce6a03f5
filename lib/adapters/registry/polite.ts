/** Lets at most `most` works run at once for each key; the others wait in the order in which they came. */
export class Turnstile {
  readonly #most: number;
  readonly #inside = new Map<string, { running: number; waiting: (() => void)[] }>();

  constructor(most: number) {
    this.#most = most;
  }

  async pass<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#inside.get(key) ?? { running: 0, waiting: [] };
    this.#inside.set(key, queue);
    if (queue.running >= this.#most) await new Promise<void>((admit) => queue.waiting.push(admit));
    else queue.running++;
    try {
      return await work();
    } finally {
      // Whoever waits takes this place over, so that nobody slips in between.
      const next = queue.waiting.shift();
      if (next !== undefined) next();
      else if (--queue.running === 0) this.#inside.delete(key);
    }
  }
}
