import { UserError } from '../../model/errors.ts';
import type { BumpSide } from './wiring-bump.ts';

/** The bump of a loop that only reads its config repo: there is none, and a push is refused. */
export function noBump(repo: string): BumpSide {
  return {
    push: async () => {
      throw new UserError(readOnly(repo), { code: 'read-only', subject: repo });
    },
    notified: async () => {},
    rollBack: async () => {},
    sweep: async () => {},
  };
}

/** Why a push is refused, and what to do. */
export function readOnly(repo: string): string {
  return `this loop only reads ${repo}, so nothing is bumped: start it with --push to let it commit there`;
}
