import type { ImageEntry } from '../config/config.ts';
import type { MarkerFact, SurveyedFile } from '../config/image-survey.ts';
import { hasDigest } from '../edit/plan-edits.ts';
import type { SkippedMarker } from '../edit/source-file.ts';
import { describeTarget, filesOfTarget } from '../edit/target.ts';
import type { Look } from './look.ts';
import { groupOf } from './route.ts';

/** A place in Git that belongs to an image policy. */
export interface Place extends MarkerFact {
  path: string;
}

/** The places of one image that are changed together. */
export interface Route {
  /** The group of the pull request; undefined for bump's own commit. */
  group?: string;
  places: Place[];
}

/** An image's places, apart by how a change gets to them; bump's own commit comes first. */
export function routesOf(look: Pick<Look, 'files' | 'reviewed'>, entry: ImageEntry): Route[] {
  const routes = new Map<string | undefined, Place[]>();
  for (const place of placesByPolicy(look.files).get(entry.name) ?? []) {
    const group = groupOf(entry, place.path, look.reviewed);
    const places = routes.get(group) ?? [];
    routes.set(group, places);
    places.push({ ...place });
  }
  const found = [...routes].map(([group, places]) => (group === undefined ? { places } : { group, places }));
  return found.sort((a, b) => Number('group' in a) - Number('group' in b));
}

/** True where each whole reference gets a digest; elsewhere those do that have one. */
export function pinsEverywhere({ pinDigests, digest }: ImageEntry): boolean {
  return pinDigests !== undefined || digest !== undefined;
}

/** True for a place that has a digest, or is one. */
export function holdsDigest({ part, value }: Pick<Place, 'part' | 'value'>): boolean {
  return part === 'digest' || hasDigest(value);
}

/** The targets of an image that are not there, or cannot be edited, with the reason. */
export function lostTargets({ files }: Pick<Look, 'files'>, entry: ImageEntry): SkippedMarker[] {
  if (entry.targets.length === 0) return [];
  const refused = files.flatMap(({ path, facts }) =>
    facts.skipped.filter(({ policies }) => policies?.includes(entry.name)).map((one) => ({ file: path, ...one })),
  );
  return [...refused, ...targetsWithoutFile({ files }, entry)];
}

/** The targets of an image in files that are not there. */
export function targetsWithoutFile(
  { files }: Pick<Look, 'files'>,
  { name, image, targets }: ImageEntry,
): SkippedMarker[] {
  return targets.flatMap((target) => {
    const paths = filesOfTarget(target);
    if (files.some(({ path }) => paths.includes(path))) return [];
    const reason = `${describeTarget({ policy: name, repository: image, target })}: there is no such file`;
    return [{ file: target.path, line: 1, reason, policies: [name] }];
  });
}

/** By the files of a look, which stay as they are: hundreds of policies ask for their places in thousands of files. */
const indexes = new WeakMap<readonly SurveyedFile[], Map<string, Place[]>>();

function placesByPolicy(files: readonly SurveyedFile[]): ReadonlyMap<string, readonly Place[]> {
  const known = indexes.get(files);
  if (known !== undefined) return known;
  const index = new Map<string, Place[]>();
  for (const { path, facts } of files) {
    for (const marker of facts.markers) {
      const places = index.get(marker.policy) ?? [];
      index.set(marker.policy, places);
      places.push({ ...marker, path });
    }
  }
  indexes.set(files, index);
  return index;
}
