import { pathsBuiltOn } from '../config/built-on.ts';
import type { SyncSpec } from '../config/config.ts';
import { imageSurvey, type SurveyedFile } from '../config/image-survey.ts';
import { readConfig, windlassFileName } from '../config/windlass-file.ts';
import type { FileChange } from '../model/config-repo.ts';
import { UserError } from '../model/errors.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import { isWithin } from '../model/tree-path.ts';
import { beforeLastOfSync } from './before-last-of-sync.ts';
import type { Conflict } from './conflict.ts';
import type { Look } from './look.ts';
import type { RollbackOrder, RolledBackFile } from './order.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { isStop } from './stops.ts';
import { commitOf, type Then } from './then.ts';

/** The files of a sync as they were, and what keeps them from going back. */
export interface SyncFiles extends Then {
  files: RolledBackFile[];
  conflicts: Conflict[];
  /** What it is built of outside of its path, differs, and was not asked to go back. */
  outside: string[];
  remarks: string[];
  /** What it is built of, at either commit. */
  builtOn: string[];
}

/** Finds what a sync was built of, and puts it back file by file. Throws `UserError` where there is nothing to go back to, or `include` is about nothing. */
export async function syncThen(
  repo: RollbackRepo,
  look: Look,
  sync: SyncSpec,
  { to, include = [] }: Pick<RollbackOrder, 'to' | 'include'>,
  health?: RollbackDeps['health'],
): Promise<SyncFiles> {
  const now = pathsBuiltOn(sync, look.files);
  const isTheirs = (change: FileChange) => pathsOf(change).some((path) => isOf(now, path));
  const { commit, remarks } =
    to === undefined || 'tag' in to
      ? await beforeLastOfSync(repo, look, { sync, paths: now, isTheirs, health })
      : { commit: await commitOf(repo, look.head, to), remarks: [] };
  const changes = await repo.changes(commit.revision, look.head);
  const builtOn = [...new Set([...now, ...(await builtOnThen(repo, look, sync, commit.revision, changes))])];
  const theirs = changes.filter((change) => pathsOf(change).some((path) => isOf(builtOn, path)));
  const wanted = theirs.filter((change) => pathsOf(change).some((path) => isOf([sync.path, ...include], path)));
  checkIncluded(include, theirs);
  const outside = theirs.filter((change) => !wanted.includes(change)).flatMap(pathsOf);
  const conflicts = wanted.flatMap(oddFile);
  const files = conflicts.length > 0 ? [] : await filesBack(repo, look.head, commit.revision, wanted);
  return {
    ...{ commit, changes, conflicts, files, builtOn },
    outside: [...new Set(outside)].sort(),
    remarks: [...remarks, ...(await otherSpec(repo, sync, commit.revision, changes))],
  };
}

/** The other syncs that are built of one of the files. */
export function alsoBuiltOf(look: Look, sync: SyncSpec, files: readonly RolledBackFile[]): string[] {
  const others = look.config.syncs.filter(({ name }) => name !== sync.name);
  return others
    .filter((other) => files.some(({ path }) => isOf(pathsBuiltOn(other, look.files), path)))
    .map(({ name }) => name);
}

/** By the kustomizations as they were then, where they changed. */
async function builtOnThen(
  repo: RollbackRepo,
  look: Look,
  sync: SyncSpec,
  then: string,
  changes: readonly FileChange[],
): Promise<string[]> {
  const survey = imageSurvey(look.config);
  const changed = new Set(changes.flatMap(({ is }) => is?.path ?? []));
  const older = changes.flatMap(({ was }) => (was?.plain === true && isSteering(was.path) ? [was.path] : []));
  const read = await repo.read(then, older);
  const surveyed = read.flatMap((file): SurveyedFile[] => {
    const facts = survey.facts(file);
    return facts === undefined ? [] : [{ path: file.path, facts }];
  });
  return pathsBuiltOn(sync, [...look.files.filter(({ path }) => !changed.has(path)), ...surveyed]);
}

function isSteering(path: string): boolean {
  return kustomizationNames.includes(path.slice(path.lastIndexOf('/') + 1));
}

function isOf(paths: readonly string[], path: string): boolean {
  return paths.some((one) => isWithin(one, path)) && !isOwn(path);
}

/** What steers Windlass itself never goes back with a sync. */
function isOwn(path: string): boolean {
  return path === windlassFileName || isStop(path);
}

function pathsOf({ was, is }: FileChange): string[] {
  return [...new Set([was?.path, is?.path].filter((path) => path !== undefined))];
}

function checkIncluded(include: readonly string[], theirs: readonly FileChange[]): void {
  for (const path of include) {
    if (theirs.some((change) => pathsOf(change).some((one) => isWithin(path, one)))) continue;
    throw new UserError(`--include ${path}: the sync is built of nothing there that differs`, {
      code: 'nothing-included',
      subject: path,
    });
  }
}

function oddFile({ was, is }: FileChange): Conflict[] {
  return [was, is].flatMap((file) =>
    file === undefined || file.plain
      ? []
      : [{ file: file.path, reason: 'it is, or was, a symbolic link or a submodule: put it back by hand' }],
  );
}

async function filesBack(
  repo: RollbackRepo,
  head: string,
  then: string,
  changes: readonly FileChange[],
): Promise<RolledBackFile[]> {
  const [was, is] = (['was', 'is'] as const).map((side) => changes.flatMap((change) => change[side]?.path ?? []));
  const before = new Map((await repo.read(head, is!)).map(({ path, bytes }) => [path, bytes]));
  const after = new Map((await repo.read(then, was!)).map(({ path, bytes }) => [path, bytes]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .map((path) => ({ path, before: before.get(path), after: after.get(path) }))
    .filter((file) => !isSame(file.before, file.after));
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

/** windlass.yaml stays as it is, which is worth a word where it said something else of the sync. */
async function otherSpec(
  repo: RollbackRepo,
  sync: SyncSpec,
  then: string,
  changes: readonly FileChange[],
): Promise<string[]> {
  if (!changes.some(({ was }) => was?.path === windlassFileName && was.plain)) return [];
  const [file] = await repo.read(then, [windlassFileName]);
  const { config } = readConfig(new TextDecoder().decode(file!.bytes));
  const older = config?.syncs.find(({ name }) => name === sync.name);
  if (JSON.stringify(older) === JSON.stringify(sync)) return [];
  return [`${windlassFileName} says something else of ${sync.name} than it did then, and stays as it is`];
}
