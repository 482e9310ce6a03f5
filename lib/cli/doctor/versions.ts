import { note, ok, type Said } from './finding.ts';
import { isOlder } from './machine.ts';

/** Holds the version of a part of Windlass against that of this CLI. `update` says how that part gets another one. */
export function compareVersions(there: string | undefined, { here, update }: { here: string; update: string }): Said {
  if (there === undefined) return note('version', 'it does not say which version it is: it is an older one', update);
  if (there === here) return ok('version', `${there}, as this CLI`);
  if (isOlder(there, here)) return note('version', `it is ${there}, and this CLI is ${here}`, update);
  return note('version', `it is ${there}, and this CLI is the older ${here}`, 'use the CLI of that version');
}
