import type { SyncSpec } from '../config/config.ts';
import type { SourceTree } from '../desired/ports.ts';
import { belongsTo, syncLabel } from '../kube/normalise.ts';
import type { Problem } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import type { Live } from './live.ts';
import type { Renderer } from './ports.ts';
import type { Wanted, WantedObject } from './wanted.ts';

/**
 * Takes out of `wanted` what another sync has applied and still declares at this revision: two writers would take it from each other
 * for ever. What the other no longer declares has moved, and is taken over.
 */
export async function withoutClaimed(
  wanted: Wanted,
  live: Live,
  tree: SourceTree,
  sync: SyncSpec,
  syncs: readonly SyncSpec[],
  renderer: Renderer,
): Promise<Wanted> {
  const kept: WantedObject[] = [];
  const problems: Problem[] = [...wanted.problems];
  for (const object of wanted.objects) {
    const owner = ownerOf(object.id, live, sync, syncs);
    const claim = owner === undefined ? undefined : await declares(owner, object.id, tree, renderer);
    if (claim === undefined) kept.push(object);
    else
      problems.push({
        code: 'claimed-twice',
        object: object.id,
        message: claim,
        hint: 'an object belongs to one sync',
      });
  }
  return { objects: kept, problems };
}

/**
 * Why an object that left this sync must stay: another sync of the cluster declares it now, or may do so and cannot be rendered.
 * Undefined when none does.
 */
export async function claimedElsewhere(
  object: string,
  tree: SourceTree,
  sync: SyncSpec,
  syncs: readonly SyncSpec[],
  renderer: Renderer,
): Promise<string | undefined> {
  for (const other of syncs) {
    if (other.name === sync.name || other.cluster !== sync.cluster) continue;
    const claim = await declares(other, object, tree, renderer);
    if (claim !== undefined) return `it left this sync, but ${claim}`;
  }
  return undefined;
}

function ownerOf(id: string, live: Live, sync: SyncSpec, syncs: readonly SyncSpec[]): SyncSpec | undefined {
  const object = live.objects.get(id);
  const label = object?.metadata.labels?.[syncLabel];
  if (object === undefined || label === undefined || label === sync.name || !belongsTo(object, label)) return undefined;
  return syncs.find(({ name }) => name === label);
}

/** Says how the sync declares the object; a sync that cannot be rendered may do so too. */
async function declares(
  other: SyncSpec,
  id: string,
  tree: SourceTree,
  renderer: Renderer,
): Promise<string | undefined> {
  const { objects, problems } = await renderer.render(tree, other);
  if (objects.some(({ object }) => nameOf(object) === id)) return `sync ${other.name} declares it`;
  return problems.length > 0 ? `sync ${other.name} cannot be rendered and may declare it` : undefined;
}
