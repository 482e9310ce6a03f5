import { compose, conflict, nothing } from './compose.ts';
import { edit, isChange } from './image.ts';
import { type Look, syncNamed } from './look.ts';
import { type NoRollback, type RollbackOrder, type RollbackPlan, short, targetName } from './order.ts';
import type { RollbackDeps, RollbackRepo } from './ports.ts';
import { alsoBuiltOf } from './sync.ts';
import { undoBumps } from './undo.ts';

/** Plans that exactly what bumps changed of the target's images goes back, wherever it stands now. */
export async function planUndo(
  order: RollbackOrder & { undo: NonNullable<RollbackOrder['undo']> },
  look: Look,
  repo: RollbackRepo,
  { registry }: Pick<RollbackDeps, 'registry'>,
): Promise<RollbackPlan | NoRollback> {
  const undo = await undoBumps(repo, look, order);
  if (undo === undefined)
    return nothing('not-of-target', `${short(order.undo.bump)} moved no image of ${targetName(order)} by a bump`);
  if (undo.conflicts.length > 0) return conflict(order, undo.conflicts);
  const wishes = [...undo.byImage.values()].flat().filter(isChange);
  if (wishes.length === 0)
    return nothing(
      'nothing-to-do',
      `what ${short(order.undo.bump)} changed of ${targetName(order)} is as before it already`,
    );
  const edited = edit(wishes);
  if (edited.conflicts.length > 0) return conflict(order, edited.conflicts);
  const { files, changes } = edited;
  const moved = [...undo.byImage].flatMap(([policy, all]) => {
    const entry = look.config.images[policy];
    const texts = all.filter(isChange);
    if (entry === undefined || texts.length === 0) return [];
    return [
      { entry, from: texts.map(({ marker }) => marker), to: texts.map(({ marker, value }) => ({ ...marker, value })) },
    ];
  });
  const { target } = order;
  const alsoChanges = 'sync' in target ? alsoBuiltOf(look, syncNamed(look, target.sync), files) : [];
  const parts = { order, look, back: undo.back, moved, files, changes };
  return compose({ ...parts, reverts: undo.bumps, alsoChanges, remarks: [] }, registry);
}
