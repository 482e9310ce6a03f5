import type { WrittenTarget } from '../../config/target-schema.ts';
import { addMarkers, type MarkerWish } from '../../edit/add-markers.ts';
import type { WrittenImage } from '../../edit/find-images.ts';
import { findMarkers } from '../../edit/find-markers.ts';
import type { EditedFile } from '../../edit/plan-edits.ts';
import type { PolicyTarget, Target } from '../../edit/target.ts';
import { parentOf } from '../../model/tree-path.ts';
import type { Remark } from './candidate.ts';
import type { ImagePlace, ProposedImage, ReadFile } from './image-places.ts';
import { at } from './images.ts';

/** A file with the markers that it gets. */
export type MarkedFile = Pick<EditedFile, 'path' | 'before' | 'after'>;

/** Where each image is bumped: markers in files, and targets where no marker can stand. */
export interface Placed {
  files: MarkedFile[];
  /** By the image's name. */
  targets: Map<string, WrittenTarget[]>;
  remarks: Remark[];
}

interface Wish {
  name: string;
  repository: string;
  place: ImagePlace;
}

/** Puts a marker beside each tag, and says of the others where they are. */
export function placeMarkers(images: readonly ProposedImage[]): Placed {
  const wishes = images.flatMap(({ name, image, places }) =>
    places.map((place): Wish => ({ name, repository: image, place })),
  );
  const placed: Placed = { files: [], targets: new Map(), remarks: [] };
  for (const [file, own] of Map.groupBy(wishes, ({ place }) => place.file)) placeIn(file, own, placed);
  placed.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return placed;
}

function placeIn(file: ReadFile, wishes: readonly Wish[], placed: Placed): void {
  const first = addMarkers(file, file.yaml, wishes.flatMap(markersOf));
  const refused = new Map(first.refused.map(({ wish, reason }) => [wish.spot.node, reason]));
  const reasonFor = ({ place }: Wish) =>
    place.image.scalars.map(({ spot }) => refused.get(spot.node)).find((reason) => reason !== undefined);
  // Tag and digest of an image are told in one way.
  const marked = wishes.filter((wish) => reasonFor(wish) === undefined);
  const { after } = marked.length === wishes.length ? first : addMarkers(file, file.yaml, marked.flatMap(markersOf));
  if (marked.length > 0) placed.files.push({ path: file.path, before: file.bytes, after });
  for (const wish of wishes.filter((one) => !marked.includes(one))) {
    const target = targetOf(wish);
    const known = placed.targets.get(wish.name) ?? [];
    const trouble = targetTrouble({ ...file, bytes: after }, wish, target.target);
    if (trouble === undefined) placed.targets.set(wish.name, [...known, target.written]);
    else
      placed.remarks.push({
        about: at(wish.place),
        message: `${wish.name} has no place here: ${reasonFor(wish)}; ${trouble}`,
      });
  }
}

function markersOf({ name, place }: Wish): MarkerWish[] {
  return place.image.scalars.map(({ spot, part }) => ({ policy: name, part, spot }));
}

function targetOf({ place: { file, image } }: Wish): { target: Target; written: WrittenTarget } {
  if (image.entry !== undefined) return kustomizationTarget(file.path, image);
  const keysOf = (part: string) => image.scalars.find((scalar) => scalar.part === part)?.keys;
  const [whole, tag, digest] = ['image', 'tag', 'digest'].map(keysOf);
  if (whole !== undefined) {
    const pointer = `/${whole.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
    return {
      target: { kind: 'file', path: file.path, at: pointer, part: 'image' },
      written: { file: file.path, path: pointer },
    };
  }
  const keys = {
    ...(tag !== undefined && { tag: dotted(tag) }),
    ...(digest !== undefined && { digest: dotted(digest) }),
  };
  return { target: { kind: 'helm-values', path: file.path, ...keys }, written: { helmValues: file.path, ...keys } };
}

function kustomizationTarget(
  path: string,
  { entry, repository }: WrittenImage,
): { target: Target; written: WrittenTarget } {
  const name = entry === repository ? {} : { name: entry! };
  const directory = parentOf(path);
  return {
    target: { kind: 'kustomization', path: directory, ...name },
    written: { kustomization: directory, ...name },
  };
}

function dotted(keys: readonly string[]): string {
  return keys.map((key) => key.replaceAll('.', '\\.')).join('.');
}

/** Why a target would not be found in its file. */
function targetTrouble(file: ReadFile, { name, repository }: Wish, target: Target): string | undefined {
  const wanted: PolicyTarget = { policy: name, repository, target };
  const [before, now] = [findMarkers(file), findMarkers(file, [wanted])];
  const known = new Set((before?.skipped ?? []).map(({ line, reason }) => `${line} ${reason}`));
  return now?.skipped.find(({ line, reason }) => !known.has(`${line} ${reason}`))?.reason;
}
