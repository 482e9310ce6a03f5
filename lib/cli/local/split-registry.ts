import type { Registry } from '../../bump/ports.ts';

/** One registry of two: repositories for which `isReal` holds are asked by their registry's API, all others are those of local mode. */
export function splitRegistry(isReal: (repository: string) => boolean, real: Registry, local: Registry): Registry {
  const of = (repository: string) => (isReal(repository) ? real : local);
  return {
    tags: (repository) => of(repository).tags(repository),
    tag: (repository, tag) => of(repository).tag(repository, tag),
    details: (repository, reference) => of(repository).details(repository, reference),
    scan: (repository, digest) => of(repository).scan(repository, digest),
  };
}
