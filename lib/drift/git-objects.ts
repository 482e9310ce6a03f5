import { normalise } from '../kube/normalise.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import type { DesiredReader } from './ports.ts';
import type { Applied } from './read-applied.ts';
import { reasonOf } from './reason.ts';
import { whileTime } from './time-left.ts';

/** What of Git is asked for. */
export interface GitOptions {
  signal?: AbortSignal | undefined;
  /** Written names; all objects, unless told. */
  wanted?: ReadonlySet<string>;
}

/**
 * What Git declares at the revision that was applied, by written name; empty when it cannot be rendered any more, or not in time: then the drift
 * is told without Git's values.
 */
export async function gitObjects(
  applied: Applied,
  desired: DesiredReader,
  { signal, wanted }: GitOptions = {},
): Promise<Map<string, KubeObject>> {
  if (applied.revision === undefined) return new Map();
  try {
    const objects = await whileTime(desired.objects(applied.sync, applied.revision), signal);
    const recorded = new Set(applied.entries.map((entry) => entry.object));
    const there = objects.map((object) => placed(object, recorded));
    const asked = wanted === undefined ? there : there.filter((object) => wanted.has(nameOf(object)));
    const normal = asked.map((object) => normalise(object, { sync: applied.sync }));
    return new Map(normal.map((object) => [nameOf(object), object]));
  } catch (error) {
    if (!signal?.aborted) reasonOf(error);
    return new Map();
  }
}

/** The object as a pull applied it: a namespace written on what the whole cluster shares was left out. */
function placed(object: KubeObject, recorded: ReadonlySet<string>): KubeObject {
  if (!object.metadata.namespace || recorded.has(nameOf(object))) return object;
  const { namespace: _none, ...metadata } = object.metadata;
  const shared = { ...object, metadata };
  return recorded.has(nameOf(shared)) ? shared : object;
}
