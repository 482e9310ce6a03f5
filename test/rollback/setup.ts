import { bump, sweep } from '../../lib/bump/bump.ts';
import { commitRollback, type RolledBack } from '../../lib/rollback/commit.ts';
import type { RollbackDeps } from '../../lib/rollback/ports.ts';
import type { NoRollback, RollbackOrder, RollbackPlan } from '../../lib/rollback/rollback.ts';
import { planRollback } from '../../lib/rollback/rollback.ts';
import type { Content } from '../adapters/git/repos.ts';
import { type Loop, loop, now } from '../bump/setup.ts';

export { host } from '../bump/setup.ts';

/** A loop whose bumps can be rolled back. */
export interface Stage extends Loop {
  /** Pushes a tag and bumps; answers the bump's commit. */
  bumpTo(name: string, tag: string): Promise<string>;
  plan(
    order: Partial<RollbackOrder> & Pick<RollbackOrder, 'target'>,
    more?: Pick<RollbackDeps, 'health'>,
  ): Promise<RollbackPlan | NoRollback>;
  rollBack(order: Partial<RollbackOrder> & Pick<RollbackOrder, 'target'>): Promise<RolledBack>;
  /** What a sweep does now: its outcome, and why images wait. */
  sweeps(): Promise<{ outcome: string; waits: string[] }>;
  /** The paths that a commit changed, with git's letters. */
  changed(revision?: string): string[];
  message(revision?: string): string;
  head(): string;
}

/** A real repository and a registry in a file. */
export async function stage(files?: Record<string, Content>): Promise<Stage> {
  const at = await loop(files);
  const deps = { registry: at.registry, sleep: async () => {}, random: () => 0.5 };
  const plan: Stage['plan'] = (order, more) =>
    planRollback({ now, who: 'Ada <ada@example.com>', ...order }, at.repo, { ...deps, ...more });
  return {
    ...at,
    bumpTo: async (name, tag) => {
      const result = await bump({ pushes: [await at.push(name, tag)], now }, at.ports);
      if (result.bumped === undefined) throw new Error(`nothing was bumped: ${JSON.stringify(result.waits)}`);
      return result.bumped.revision;
    },
    plan,
    rollBack: async (order) => {
      const planned = await plan(order);
      return planned.result === 'none' ? planned : commitRollback(planned, at.repo, deps);
    },
    sweeps: async () => {
      const { outcome, waits } = await sweep({ now }, at.ports);
      return { outcome, waits: waits.map(({ policy, reason }) => `${policy}: ${reason}`) };
    },
    changed: (revision = 'main') =>
      at.git
        .git('diff-tree', '-r', '--no-commit-id', '--name-status', '--no-renames', revision)
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replace('\t', ' ')),
    message: (revision = 'main') => at.git.git('log', '-1', '--format=%B', revision),
    head: () => at.git.git('rev-parse', 'main'),
  };
}
