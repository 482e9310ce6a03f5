import type { Config, SyncSpec } from '../config/config.ts';
import { windlassFileName } from '../config/windlass-file.ts';
import { type Desired, type DesiredObject, desired } from '../desired/desired.ts';
import type { Renderers, SourceTree } from '../desired/ports.ts';
import { sourcesOf } from '../desired/sources.ts';
import { readObjects } from '../desired/yaml.ts';
import { inShort, isTrouble } from '../model/errors.ts';
import { type KubeObject, nameOf, objectIdOf } from '../model/kube-object.ts';
import { kustomizationNames } from '../model/kustomization-names.ts';
import { isWithin } from '../model/tree-path.ts';

/** An object as one sync declares it, and the files that it comes from, as far as these can be told. */
export interface FoundObject {
  sync: SyncSpec;
  object: KubeObject;
  /** The file; of what is built, its kustomization\u2019s directory or the template of the chart. */
  origin: string;
  line?: number;
  /** Of a chart the directories that count whole. */
  files: string[];
}

/** Every sync that declares an object, the names of all objects that there are, and the syncs that could not be rendered to know it. */
export async function findObject(
  tree: SourceTree,
  { syncs }: Pick<Config, 'syncs'>,
  name: string,
  renderers: Renderers,
): Promise<{ found: FoundObject[]; names: string[]; notes: string[] }> {
  const found: FoundObject[] = [];
  const names = new Set<string>();
  const notes: string[] = [];
  for (const sync of syncs) {
    const read = await rendered(tree, sync, renderers);
    if (typeof read === 'string') notes.push(`sync ${sync.name} could not be rendered: ${read}`);
    else {
      for (const { object } of read.objects) names.add(nameOf(object));
      const declared = read.objects.find(({ object }) => nameOf(object) === name);
      if (declared !== undefined) found.push(await describe(tree, sync, declared, read.inputs));
      else if (read.problems.length > 0)
        notes.push(`sync ${sync.name} has problems, and may declare more: ${read.problems[0]!.message}`);
    }
  }
  return { found, names: [...names], notes };
}

async function rendered(tree: SourceTree, sync: SyncSpec, renderers: Renderers): Promise<Desired | string> {
  try {
    return await desired({ tree, ...sourcesOf(sync), ...renderers });
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return inShort(error);
  }
}

async function describe(
  tree: SourceTree,
  sync: SyncSpec,
  { object, origin, line }: DesiredObject,
  inputs: readonly string[],
): Promise<FoundObject> {
  const all = (await tree.files('.')).filter(({ kind }) => kind === 'file').map(({ path }) => path);
  const place = { sync, object, origin, ...(line !== undefined && { line }) };
  if (all.includes(origin) && sync.helm === undefined) return { ...place, files: [origin] };
  if (sync.helm !== undefined) {
    // The version of a published chart is in windlass.yaml.
    const paths = [...inputs, ...(sync.helm.chart.kind === 'directory' ? [] : [windlassFileName])];
    const whole = paths.filter((path) => !paths.some((other) => other !== path && isWithin(other, path)));
    return { ...place, files: [...new Set(whole)].sort() };
  }
  const below = all.filter((path) => inputs.some((input) => isWithin(input, path)));
  const files: string[] = [];
  for (const path of below) {
    const isKustomization = kustomizationNames.includes(path.slice(path.lastIndexOf('/') + 1));
    if (isKustomization || (await mentions(tree, path, object))) files.push(path);
  }
  return { ...place, files };
}

/** True for a file with an object or a patch of the same kind, whose name the built one has, perhaps with a prefix and suffix. */
async function mentions(tree: SourceTree, path: string, object: KubeObject): Promise<boolean> {
  if (!/\.(?:ya?ml|json)$/.test(path)) return false;
  const { objects } = readObjects(new TextDecoder().decode(await tree.read(path)), path);
  const { group, kind, name } = objectIdOf(object);
  return objects.some((one) => {
    const id = objectIdOf(one.object);
    return id.group === group && id.kind === kind && name.includes(id.name);
  });
}
