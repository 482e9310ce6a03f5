/** What is done, or would be done, with an object. One word each, the same in CLI, record, message and page. */
export type Action = 'created' | 'configured' | 'unchanged' | 'pruned' | 'skipped';

/** One object of a change set. */
export interface ObjectChange {
  /** As `formatObjectId` writes it. */
  object: string;
  action: Action;
  /** Why: `changed in Git`, `self-heal is off`. */
  reason?: string;
}

/** How many objects had each action. */
export function countActions(changes: readonly ObjectChange[]): Record<Action, number> {
  const counts: Record<Action, number> = { created: 0, configured: 0, unchanged: 0, pruned: 0, skipped: 0 };
  for (const change of changes) counts[change.action] += 1;
  return counts;
}
