import { kustomizationNames } from '../model/kustomization-names.ts';
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

/** A target with the image policy that it belongs to. */
export interface PolicyTarget {
  /** The policy's name, as a marker would say it. */
  policy: string;
  /** The image's repository. */
  repository: string;
  target: Target;
}

/** The files that a target may be in: one, or, for a kustomization's directory, one of several names. */
export function filesOfTarget({ kind, path }: Target): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (kind !== 'kustomization' || kustomizationNames.includes(name)) return [path];
  return kustomizationNames.map((file) => (path === '.' || path === '' ? file : `${path}/${file}`));
}

/** The targets of each file that they may be in. */
export function targetsByFile(targets: Iterable<PolicyTarget>): Map<string, PolicyTarget[]> {
  const byFile = new Map<string, PolicyTarget[]>();
  for (const target of targets) {
    for (const path of filesOfTarget(target.target)) byFile.set(path, [...(byFile.get(path) ?? []), target]);
  }
  return byFile;
}

/** A target in a person's words: `the target image.tag of "web"`. */
export function describeTarget({ policy, repository, target }: PolicyTarget): string {
  if (target.kind === 'kustomization') return `the target "${target.name ?? repository}" in images of "${policy}"`;
  const keys = target.kind === 'file' ? [target.at] : [target.image, target.name, target.tag, target.digest];
  return `the target ${keys.filter((key) => key !== undefined).join(', ')} of "${policy}"`;
}
