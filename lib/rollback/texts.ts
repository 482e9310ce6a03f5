import type { Config } from '../config/config.ts';
import { targetsOf } from '../config/image-survey.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import { findMarkers, type MarkedFile, type Marker } from '../edit/find-markers.ts';
import { placePaths } from '../edit/place-path.ts';
import { mayHoldMarkers } from '../edit/source-file.ts';
import type { PolicyTarget } from '../edit/target.ts';
import type { FileChange, RepoFile } from '../model/config-repo.ts';
import type { Look } from './look.ts';
import type { RollbackRepo } from './ports.ts';

/** A text of an image in one file of one revision. */
export interface ImageText {
  path: string;
  file: MarkedFile;
  marker: Marker;
  /** Where it stands in the file's tree; absent in a text that is no YAML as a whole. */
  key?: string;
}

/** Which files may have texts, and by which targets of windlass.yaml. */
export type Targets = ReadonlyMap<string, readonly PolicyTarget[]>;

/** The texts of one policy, or of all, in a file. */
export function textsIn(file: RepoFile, targets: Targets, policy?: string): ImageText[] {
  const found = findMarkers(file, targets.get(file.path) ?? []);
  if (found?.yaml === undefined) return [];
  const markers = found.markers.filter((marker) => policy === undefined || marker.policy === policy);
  if (markers.length === 0) return [];
  const keys = placePaths(found.yaml);
  return markers.map((marker) => ({ path: file.path, file: found, marker, key: keys.get(marker.spot.node) }));
}

/** The texts of an image at the head. */
export async function textsNow(repo: RollbackRepo, look: Look, policy: string): Promise<ImageText[]> {
  const paths = look.files
    .filter(({ facts }) => facts.markers.some((marker) => marker.policy === policy))
    .map(({ path }) => path);
  const targets = targetsOf(look.config);
  return (await repo.read(look.head, paths)).flatMap((file) => textsIn(file, targets, policy));
}

/** The texts of an image at an older commit. Files that have not changed since have the texts of now. */
export async function textsThen(
  repo: RollbackRepo,
  { older, changes, config }: { older: string; changes: readonly FileChange[]; config: Config },
  policy: string,
  now: readonly ImageText[],
): Promise<ImageText[]> {
  const changed = new Set(changes.flatMap(({ is }) => is?.path ?? []));
  const targets = await targetsThen(repo, { older, changes, config });
  const files = await repo.read(older, readable(changes, targets));
  return [...now.filter(({ path }) => !changed.has(path)), ...files.flatMap((file) => textsIn(file, targets, policy))];
}

/** The targets that windlass.yaml had then, and those that it has: a target may be younger than the place that it names. */
export async function targetsThen(
  repo: RollbackRepo,
  { older, changes, config }: { older: string; changes: readonly FileChange[]; config: Config },
): Promise<Targets> {
  const own = changes.find(({ was }) => was?.path === windlassFileName && was.plain);
  if (own === undefined) return targetsOf(config);
  const [file] = await repo.read(older, [windlassFileName]);
  const { config: former } = readConfig(new TextDecoder().decode(file!.bytes));
  if (former === undefined) return targetsOf(config);
  const both = targetsOf(former);
  for (const [path, targets] of targetsOf(config)) {
    const known = new Set((both.get(path) ?? []).map((target) => JSON.stringify(target)));
    both.set(path, [...(both.get(path) ?? []), ...targets.filter((target) => !known.has(JSON.stringify(target)))]);
  }
  return both;
}

function readable(changes: readonly FileChange[], targets: Targets): string[] {
  return changes.flatMap(({ was }) =>
    was?.plain === true && (mayHoldMarkers(was.path) || targets.has(was.path)) ? [was.path] : [],
  );
}

/** Tells under which path a file of the newer commit was in the older one; undefined for one that was not there. */
export function formerPaths(changes: readonly FileChange[]): (path: string) => string | undefined {
  const was = new Map(
    changes.flatMap((change) => (change.is === undefined ? [] : [[change.is.path, change.was?.path]])),
  );
  return (path) => (was.has(path) ? was.get(path) : path);
}
