import { pathsBuiltOn } from '../config/built-on.ts';
import type { SyncSpec } from '../config/config.ts';
import { desired } from '../desired/desired.ts';
import { overlaid } from '../desired/overlay.ts';
import type { Renderers, SourceTree } from '../desired/ports.ts';
import { sourcesOf } from '../desired/sources.ts';
import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import { isWithin } from '../model/tree-path.ts';
import { lookAtHead } from '../rollback/look.ts';
import type { RollbackRepo } from '../rollback/ports.ts';
import type { RollbackPlan } from '../rollback/rollback.ts';

/** An object that a rollback changes in Git. */
export interface ChangedObject {
  sync: string;
  object: string;
  act: 'changes' | 'goes' | 'comes again';
}

/** What becomes of the objects of the syncs that a plan is about, by rendering both. `tree` is that of the head, and is closed. What cannot be rendered is said in `remarks`. */
export async function changedObjects(
  plan: RollbackPlan,
  repo: RollbackRepo,
  tree: SourceTree & { close(): Promise<void> },
  renderers: Renderers,
): Promise<{ objects: ChangedObject[]; remarks: string[] }> {
  const { config, files } = await lookAtHead(repo);
  const syncs = config.syncs.filter((sync) => {
    const paths = pathsBuiltOn(sync, files);
    return plan.files.some((file) => paths.some((path) => isWithin(path, file.path)));
  });
  const found = { objects: [] as ChangedObject[], remarks: [] as string[] };
  try {
    for (const sync of syncs) {
      const both = await rendered(sync, tree, plan, renderers);
      if ('failure' in both) found.remarks.push(`the objects of ${sync.name} cannot be told: ${both.failure}`);
      else found.objects.push(...differences(sync.name, both.before, both.after));
    }
  } finally {
    await tree.close();
  }
  return found;
}

type Rendered = Map<string, string>;

async function rendered(
  sync: SyncSpec,
  tree: SourceTree,
  plan: RollbackPlan,
  renderers: Renderers,
): Promise<{ before: Rendered; after: Rendered } | { failure: string }> {
  const changed = overlaid(
    tree,
    plan.files.map(({ path, after }) => ({ path, bytes: after })),
  );
  try {
    const [before, after] = [await objectsOf(sync, tree, renderers), await objectsOf(sync, changed, renderers)];
    return { before, after };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return { failure: messageOf(error) };
  }
}

async function objectsOf(sync: SyncSpec, tree: SourceTree, renderers: Renderers): Promise<Rendered> {
  const { objects, problems } = await desired({ tree, ...sourcesOf(sync), ...renderers });
  const [first] = problems;
  if (first !== undefined) throw new UserError(first.message, { code: first.code, problems });
  return new Map(objects.map(({ object }) => [nameOf(object), JSON.stringify(object)]));
}

function differences(sync: string, before: Rendered, after: Rendered): ChangedObject[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .filter((name) => before.get(name) !== after.get(name))
    .map((object) => ({
      ...{ sync, object },
      act: !after.has(object) ? 'goes' : before.has(object) ? 'changes' : 'comes again',
    }));
}
