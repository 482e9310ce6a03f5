import { createHash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { kustomizationNames } from '../desired/kustomization.ts';
import { findMarkers, type Marker } from '../edit/find-markers.ts';
import { markerToken, mayHoldMarkers, type SkippedMarker } from '../edit/source-file.ts';
import type { Target } from '../edit/target.ts';
import { joinTreePath, parentOf } from '../model/tree-path.ts';
import type { Interest, RepoFile, Survey } from './ports.ts';

/** A marker, or a target of windlass.yaml, as far as it can be told without its file. */
export type MarkerFact = Pick<Marker, 'policy' | 'part' | 'value' | 'line'>;

/** What bump knows of one file. */
export interface FileFacts {
  markers: MarkerFact[];
  skipped: Omit<SkippedMarker, 'file'>[];
  /** Paths outside of its directory that a kustomization names. */
  outward: string[];
}

/** A file that bump knows something of. */
export interface SurveyedFile {
  path: string;
  facts: FileFacts;
}

/** Changes with the meaning of the facts: those of another version are read anew. */
const version = 1;

/** What a kustomization writes to leave its own directory. */
const outwardToken = '..';

/** The targets of one file, each with the policy that it belongs to. */
export type FileTargets = { policy: string; repository: string; target: Target }[];

/** What bump wants to know of the config repo's files. */
export function bumpSurvey(config: Config): Survey<FileFacts> {
  const targets = targetsOf(config);
  const hash = createHash('sha256')
    .update(JSON.stringify([...targets]))
    .digest('hex')
    .slice(0, 16);
  const interests: Interest[] = [
    { matches: mayHoldMarkers, token: markerToken },
    { matches: isKustomization, token: outwardToken },
    ...(targets.size === 0 ? [] : [{ matches: (path: string) => targets.has(path) }]),
  ];
  return { key: `bump-${version}-${hash}`, interests, facts: (file) => factsOf(file, targets.get(file.path) ?? []) };
}

/** Each file that a target may be in: a kustomization's directory stands for all names of the file in it. */
export function targetsOf(config: Config): Map<string, FileTargets> {
  const targets = new Map<string, FileTargets>();
  for (const { name, image, targets: own } of Object.values(config.images)) {
    for (const target of own) {
      for (const path of pathsOf(target)) {
        targets.set(path, [...(targets.get(path) ?? []), { policy: name, repository: image, target }]);
      }
    }
  }
  return targets;
}

function pathsOf({ kind, path }: Target): string[] {
  if (kind !== 'kustomization' || isKustomization(path)) return [path];
  return kustomizationNames.map((name) => (path === '.' ? name : `${path}/${name}`));
}

function factsOf(file: RepoFile, _targets: FileTargets): FileFacts | undefined {
  const found = findMarkers(file);
  const outward = isKustomization(file.path) ? pathsOutOf(file) : [];
  if (found === undefined && outward.length === 0) return undefined;
  return {
    markers: (found?.markers ?? []).map(({ policy, part, value, line }) => ({ policy, part, value, line })),
    skipped: (found?.skipped ?? []).map(({ line, reason }) => ({ line, reason })),
    outward,
  };
}

function isKustomization(path: string): boolean {
  const names: readonly string[] = kustomizationNames;
  return names.includes(path.slice(path.lastIndexOf('/') + 1));
}

/** Every path with `..` in a kustomization, whatever its key says: too many are left alone rather than one too few. */
function pathsOutOf({ path, bytes }: RepoFile): string[] {
  const words = new TextDecoder().decode(bytes).match(/[^\s"',=[\]{}]+/g) ?? [];
  const paths = words
    .filter((word) => word.split('/').includes(outwardToken))
    .flatMap((word) => joinTreePath(parentOf(path), word) ?? []);
  return [...new Set(paths)];
}
