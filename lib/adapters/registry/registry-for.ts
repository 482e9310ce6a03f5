import type { Registry } from '../../bump/ports.ts';
import { ecrRepository } from '../../model/ecr.ts';

/** One registry of two: repositories of Amazon ECR are asked by its API, all others by the OCI Distribution API. */
export function registryFor({ ecr, oci }: { ecr: Registry; oci: Registry }): Registry {
  const of = (repository: string) => (ecrRepository(repository) === undefined ? oci : ecr);
  return {
    tags: (repository) => of(repository).tags(repository),
    tag: (repository, tag) => of(repository).tag(repository, tag),
    details: (repository, reference) => of(repository).details(repository, reference),
    scan: (repository, digest) => of(repository).scan(repository, digest),
  };
}
