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
    const claim = owner === undefined ? undefined : await claimOf(owner, object.id, tree, renderer);
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
 * Of the objects that left this sync, those that must stay, and why: another sync of the cluster declares one now, or may do so and cannot
 * be rendered.
 */
export async function claimedElsewhere(
  left: readonly string[],
  tree: SourceTree,
  sync: SyncSpec,
  syncs: readonly SyncSpec[],
  renderer: Renderer,
): Promise<Map<string, string>> {
  const claims = new Map<string, string>();
  const others = left.length === 0 ? [] : syncs.filter((one) => one.name !== sync.name && one.cluster === sync.cluster);
  for (const other of others) {
    const { objects, problems } = await renderer.render(tree, other);
    const declared = new Set(objects.map(({ object }) => nameOf(object)));
    for (const id of left) {
      const claim = declared.has(id) ? declares(other) : problems.length > 0 ? mayDeclare(other) : undefined;
      if (claim !== undefined && !claims.has(id)) claims.set(id, `it left this sync, but ${claim}`);
    }
  }
  return claims;
}

function ownerOf(id: string, live: Live, sync: SyncSpec, syncs: readonly SyncSpec[]): SyncSpec | undefined {
  const object = live.objects.get(id);
  const label = object?.metadata.labels?.[syncLabel];
  if (object === undefined || label === undefined || label === sync.name || !belongsTo(object, label)) return undefined;
  return syncs.find(({ name }) => name === label);
}

/** Says how the sync claims the object; one that cannot be rendered may do so too. */
async function claimOf(other: SyncSpec, id: string, tree: SourceTree, renderer: Renderer): Promise<string | undefined> {
  const { objects, problems } = await renderer.render(tree, other);
  if (objects.some(({ object }) => nameOf(object) === id)) return declares(other);
  return problems.length > 0 ? mayDeclare(other) : undefined;
}

function declares({ name }: SyncSpec): string {
  return `sync ${name} declares it`;
}

function mayDeclare({ name }: SyncSpec): string {
  return `sync ${name} cannot be rendered and may declare it`;
}
