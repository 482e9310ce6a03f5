import type { Config } from '../config/config.ts';
import { holdPath, holdProblem, holdsDirectory, readHolds } from '../config/holds.ts';
import type { StopFile } from '../config/stop-files.ts';
import { readSuspends, type Suspend, suspendPath, suspendsDirectory } from '../config/suspends.ts';
import type { SourceTree } from '../desired/ports.ts';
import type { Problem } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { parentOf } from '../model/tree-path.ts';
import type { Hold } from '../policy/spec.ts';

/** The holds and suspends of a tree, and what is wrong with those that cannot be read. */
export interface Stops {
  holds: Hold[];
  suspends: Suspend[];
  problems: Problem[];
}

/** Reads `holds/` and `suspends/`. */
export async function readStops(tree: SourceTree): Promise<Stops> {
  const { holds, unreadable } = readHolds(await filesIn(tree, holdsDirectory));
  const read = readSuspends(await filesIn(tree, suspendsDirectory));
  const problems = [...unreadable, ...read.unreadable].flatMap((one) => one.problems);
  return { holds, suspends: read.suspends, problems };
}

/** Holds them against windlass.yaml: what names nothing is a warning, since an image may have gone and its hold may not. */
export function checkStops(
  { holds, suspends }: Stops,
  config: Config,
  fluxNames: readonly string[],
): { problems: Problem[]; warnings: Problem[] } {
  const images = [...Object.keys(config.images), ...fluxNames];
  const syncs = [...new Set(config.syncs.flatMap(({ name, template }) => [template, name]))];
  return {
    problems: holds.flatMap((hold) => holdProblem(hold, config.images) ?? []),
    warnings: [
      ...holds.flatMap((hold) => unknown(holdPath(hold), 'image', hold.image, images)),
      ...suspends.flatMap((suspend) => [
        ...unknown(suspendPath(suspend), 'image', suspend.image, images),
        ...unknown(suspendPath(suspend), 'sync', suspend.sync, syncs),
      ]),
    ],
  };
}

function unknown(file: string, what: 'image' | 'sync', name: string | undefined, known: readonly string[]): Problem[] {
  if (name === undefined || known.includes(name)) return [];
  const close = nearest(name, known);
  const hint = close === undefined ? 'it stops nothing' : `it stops nothing: did you mean "${close}"?`;
  return [{ code: `unknown-${what}`, file, message: `there is no ${what} "${name}" in windlass.yaml`, hint }];
}

async function filesIn(tree: SourceTree, directory: string): Promise<StopFile[]> {
  const files = (await tree.files(directory)).filter(
    (file) => file.kind === 'file' && parentOf(file.path) === directory,
  );
  return await Promise.all(files.map(async ({ path }) => ({ path, bytes: await tree.read(path) })));
}
