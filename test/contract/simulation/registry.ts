import { createHash } from 'node:crypto';
import type { Registry, RegistryTag } from '../../../lib/bump/ports.ts';
import { RetryableError } from '../../../lib/model/errors.ts';
import type { Chance } from './chance.ts';

/** A registry in memory that is out of reach now and then: what it answers is always whole. */
export class SimulatedRegistry implements Registry {
  readonly #tags = new Map<string, Map<string, RegistryTag & { digest: string }>>();
  readonly #chance: Chance;
  trouble = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  push(repository: string, tag: string): RegistryTag & { digest: string } {
    const digest = `sha256:${createHash('sha256').update(`${repository}:${tag}`).digest('hex')}`;
    const tags = this.#tags.get(repository) ?? new Map();
    this.#tags.set(repository, tags.set(tag, { tag, digest }));
    return { tag, digest };
  }

  async tags(repository: string): Promise<RegistryTag[]> {
    this.#stumble();
    const tags = [...(this.#tags.get(repository)?.values() ?? [])];
    // The order of a listing means nothing.
    return tags.sort(() => this.#chance.fraction() - 0.5);
  }

  async tag(repository: string, tag: string): Promise<(RegistryTag & { digest: string }) | undefined> {
    this.#stumble();
    return this.#tags.get(repository)?.get(tag);
  }

  async details(repository: string, reference: string) {
    this.#stumble();
    return { digest: this.#tags.get(repository)?.get(reference)?.digest ?? reference, platforms: [], labels: {} };
  }

  async scan() {
    this.#stumble();
    return { state: 'pending' as const };
  }

  #stumble(): void {
    if (this.#chance.hits(this.trouble)) throw new RetryableError('the registry is throttled', { code: 'throttled' });
  }
}
