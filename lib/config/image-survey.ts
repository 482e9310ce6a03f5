import { createHash } from 'node:crypto';
import { findMarkers, type Marker } from '../edit/find-markers.ts';
import { markerToken, mayHoldMarkers, type SkippedMarker } from '../edit/source-file.ts';
import { type PolicyTarget, targetsByFile } from '../edit/target.ts';
import type { RepoFile, Survey } from '../model/config-repo.ts';
import type { Problem } from '../model/errors.ts';
import type { Interest } from '../model/interest.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import { joinTreePath, parentOf } from '../model/tree-path.ts';
import { type FluxObject, readFluxObjects } from '../policy/flux-objects.ts';
import { fluxToken } from '../policy/from-flux.ts';
import type { Config } from './config.ts';

/** A marker, or a target of windlass.yaml, as far as it can be told without its file. */
export type MarkerFact = Pick<Marker, 'policy' | 'part' | 'value' | 'line'>;

/** What is known of one file. */
export interface FileFacts {
  markers: MarkerFact[];
  skipped: Omit<SkippedMarker, 'file'>[];
  /** Paths outside of its directory that a kustomization names. */
  outward: string[];
  /** Flux's image objects, and what is wrong with them. */
  flux: FluxObject[];
  fluxProblems: Problem[];
}

/** A file that something is known of. */
export interface SurveyedFile {
  path: string;
  facts: FileFacts;
}

/** Changes with the meaning of the facts: those of another version are read anew. */
const version = 2;

/** What a kustomization writes to leave its own directory. */
const outwardToken = '..';

/** What bumps and rollbacks want to know of the config repo's files. One survey for both: what is kept of it serves each. */
export function imageSurvey(config: Config): Survey<FileFacts> {
  const targets = targetsOf(config);
  const hash = createHash('sha256')
    .update(JSON.stringify([...targets]))
    .digest('hex')
    .slice(0, 16);
  const interests: Interest[] = [
    { matches: mayHoldMarkers, token: markerToken },
    { matches: mayHoldMarkers, token: fluxToken },
    { matches: isKustomization, token: outwardToken },
    ...(targets.size === 0 ? [] : [{ matches: (path: string) => targets.has(path) }]),
  ];
  return { key: `bump-${version}-${hash}`, interests, facts: (file) => factsOf(file, targets.get(file.path) ?? []) };
}

/** The targets of windlass.yaml, by the files that they may be in. */
export function targetsOf(config: Config): Map<string, PolicyTarget[]> {
  return targetsByFile(
    Object.values(config.images).flatMap(({ name, image, targets }) =>
      targets.map((target) => ({ policy: name, repository: image, target })),
    ),
  );
}

function factsOf(file: RepoFile, targets: readonly PolicyTarget[]): FileFacts | undefined {
  const found = findMarkers(file, targets);
  const outward = isKustomization(file.path) ? pathsOutOf(file) : [];
  const flux = mayHoldMarkers(file.path) ? readFluxObjects(new TextDecoder().decode(file.bytes), file.path) : none;
  const isEmpty = outward.length === 0 && flux.objects.length === 0 && flux.problems.length === 0;
  if (found === undefined && isEmpty) return undefined;
  return {
    markers: (found?.markers ?? []).map(({ policy, part, value, line }) => ({ policy, part, value, line })),
    skipped: (found?.skipped ?? []).map(({ file: _, ...skipped }) => skipped),
    outward,
    flux: flux.objects,
    fluxProblems: flux.problems,
  };
}

const none = { objects: [], problems: [] };

function isKustomization(path: string): boolean {
  return kustomizationNames.includes(path.slice(path.lastIndexOf('/') + 1));
}

/** Every path with `..` in a kustomization, whatever its key says: too many are left alone rather than one too few. */
function pathsOutOf({ path, bytes }: RepoFile): string[] {
  const words = new TextDecoder().decode(bytes).match(/[^\s"',=[\]{}]+/g) ?? [];
  const paths = words
    .filter((word) => word.split('/').includes(outwardToken))
    .flatMap((word) => joinTreePath(parentOf(path), word) ?? []);
  return [...new Set(paths)];
}
