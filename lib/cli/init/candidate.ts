import type { WrittenHelm } from '../../config/source-schema.ts';

/** A chart as far as it is known: what is missing is said beside it. */
export type FoundHelm = Partial<WrittenHelm> & { namespace: string };

/** A path that seems to belong in a cluster, before environments are folded. */
export interface Candidate {
  /** What it is called where it was found, or after its path. */
  name: string;
  path: string;
  /** Where that is told. */
  cluster?: string;
  /** Where it is told by something else than the path. */
  environment?: string;
  helm?: FoundHelm;
  variables?: Record<string, string>;
  /** The namespace that the other tool puts it into. */
  namespace?: string;
  /** Names of candidates of the same cluster. */
  dependsOn: string[];
  wait?: string;
  prune?: false;
  selfHeal?: false;
  /** What told of it: `Flux Kustomization flux-system/apps`. */
  from: string;
  /** What a person should look at. */
  notes: string[];
  /** Why it cannot be a sync as it is: it is written as a comment. */
  off?: string;
}

/** Something that a person has to decide, or should know. */
export interface Remark {
  /** What it is about: a path, an image, an object. */
  about: string;
  message: string;
}
