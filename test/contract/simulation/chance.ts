import { seeded } from '../../../bench/parts/numbers.ts';

/** Everything in a simulation that is drawn by chance: the same seed draws the same. */
export class Chance {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** From 0 to less than 1. */
  fraction(): number {
    return this.#random();
  }

  hits(probability: number): boolean {
    return this.#random() < probability;
  }

  /** From 0 to less than `below`. */
  number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  one<T>(of: readonly T[]): T {
    return of[this.number(of.length)]!;
  }
}
