import type { Registry } from '../../bump/ports.ts';
import { type ImageSource, lookInto } from '../../model/image-contents.ts';
import { type EcrClientOptions, ecrClients } from './ecr-clients.ts';
import { scanOf } from './ecr-scan.ts';
import { ecrSource } from './ecr-source.ts';
import { findEcrTag, listEcrTags } from './ecr-tags.ts';

/** How ECR is reached. Everything has a default; region and account come from a repository's name. */
export interface OpenEcr extends EcrClientOptions {
  /** Downloads configs from ECR's storage. */
  fetch?: typeof fetch;
}

/**
 * Amazon ECR by its API: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME` of any account and region that the credentials may read. It tells what no other
 * registry does: when an image was pushed first, and what its scan found. docs/registries.md lists the IAM actions that it needs.
 */
export function openEcrRegistry({ fetch = globalThis.fetch, ...options }: OpenEcr = {}): Registry {
  const placeOf = ecrClients(options);
  return {
    tags: async (repository) => listEcrTags(placeOf(repository)),
    tag: async (repository, tag) => findEcrTag(placeOf(repository), tag),
    details: async (repository, reference) => lookInto(ecrSource(placeOf(repository), fetch), reference),
    scan: async (repository, digest) => {
      const place = placeOf(repository);
      return scanOf(place, ecrSource(place, fetch), digest);
    },
  };
}

/** The documents of any repository of ECR, for what is no image: a chart. */
export function openEcrDocuments({
  fetch = globalThis.fetch,
  ...options
}: OpenEcr = {}): (repository: string) => ImageSource {
  const placeOf = ecrClients(options);
  return (repository) => ecrSource(placeOf(repository), fetch);
}
