import type { Fight } from '../kube/fight.ts';
import type { Problem } from '../model/errors.ts';
import { toSeconds } from '../model/until.ts';

/** What people should know of the writers that keep changing what Git says. The message stays as it is while a fight goes on; the hint tells how it goes. */
export function fightNotices(fights: readonly Fight[]): Problem[] {
  return fights.map(({ object, fields, manager, rewrites, since, last, until }) => ({
    code: 'fight',
    object,
    message: `${writerOf(manager)} keeps ${fields.length === 0 ? 'deleting it' : `changing ${fields.join(', ')}`}, and Windlass puts it right`,
    hint: `${rewrites} times since ${toSeconds(since)}, last at ${toSeconds(last)}; left as it is until ${toSeconds(until)}. ${wayOut(fields)}`,
  }));
}

function writerOf(manager: string | undefined): string {
  return manager ?? 'a writer that managed fields do not name';
}

function wayOut(fields: readonly string[]): string {
  if (fields.length === 0) return 'Stop the other one, or take the object out of Git';
  return 'Stop the other one, or leave these fields to it: windlass.dev/ignore-paths';
}
