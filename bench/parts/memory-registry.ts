import { createHash } from 'node:crypto';
import type { Registry, RegistryTag } from '../../lib/bump/ports.ts';
import { firstTag } from './config-repo.ts';

/** Tags that a repository has beside the releases that are pushed. */
const olderTags = [
  ...Array.from({ length: 60 }, (_, index) => `main-${(index * 7919).toString(16).padStart(7, '0')}`),
  ...Array.from({ length: 40 }, (_, index) => `1.${Math.floor(index / 10)}.${index % 10}`),
];

/** A registry in memory in which each repository has about a hundred tags, and those that were pushed to it: it costs no time of its own. */
export class MemoryRegistry implements Registry {
  readonly #pushed = new Map<string, string[]>();

  /** Adds releases to a repository. */
  push(repository: string, tags: readonly string[]): void {
    this.#pushed.set(repository, [...new Set([...(this.#pushed.get(repository) ?? []), ...tags])]);
  }

  async tags(repository: string): Promise<RegistryTag[]> {
    return [...olderTags, firstTag, ...(this.#pushed.get(repository) ?? [])].map((tag) => ({
      tag,
      digest: digestOf(repository, tag),
    }));
  }

  async tag(repository: string, tag: string): Promise<(RegistryTag & { digest: string }) | undefined> {
    const found = (await this.tags(repository)).some((one) => one.tag === tag);
    return found ? { tag, digest: digestOf(repository, tag) } : undefined;
  }

  async details(repository: string, reference: string) {
    const revision = createHash('sha1').update(reference).digest('hex');
    const labels = {
      'org.opencontainers.image.source': 'https://github.com/acme/shop',
      'org.opencontainers.image.revision': revision,
    };
    const digest = reference.startsWith('sha256:') ? reference : digestOf(repository, reference);
    return { digest, platforms: ['linux/amd64', 'linux/arm64'], labels };
  }

  async scan() {
    return { state: 'none' as const, reason: 'the registry of the benchmark does not scan' };
  }
}

/** The digest of an image of the registry. */
export function digestOf(repository: string, tag: string): string {
  return `sha256:${createHash('sha256').update(`${repository}:${tag}`).digest('hex')}`;
}
