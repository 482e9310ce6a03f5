import type { MarkerPart } from './marker-name.ts';

/** A place in a file that belongs to an image policy without a marker beside it. Paths are from the repo's root. */
export type Target = KustomizationTarget | HelmValuesTarget | FileTarget;

/** An entry of a kustomization's `images`: its `newTag`, `newName` and `digest`, as far as they are there. */
export interface KustomizationTarget {
  kind: 'kustomization';
  /** The kustomization's directory, or the file itself. */
  path: string;
  /** The entry's `name`; the image's repository unless told. */
  name?: string;
}

/** Keys in a file of Helm values, as paths with dots: `web.image.tag`. At least one is there. */
export interface HelmValuesTarget {
  kind: 'helm-values';
  path: string;
  /** The key of the whole reference. */
  image?: string;
  /** The key of the repository. */
  name?: string;
  tag?: string;
  digest?: string;
}

/** One scalar of any YAML or JSON file. */
export interface FileTarget {
  kind: 'file';
  path: string;
  /** A JSON Pointer (RFC 6901). */
  at: string;
  part: MarkerPart;
}
