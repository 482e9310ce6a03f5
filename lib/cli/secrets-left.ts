import type { DriftDeps } from '../drift/drift.ts';
import { checkerGroup } from '../install/checker.ts';
import type { Problem } from '../model/errors.ts';
import type { Args } from './command.ts';

/** How a check reads that leaves Secrets to the puller: as the scheduled check, which acts as nobody else either. */
export function readingOf(args: Args): Pick<DriftDeps, 'secrets' | 'impersonation'> {
  return args.flag('no-secrets') ? { secrets: 'left', impersonation: 'never' } : {};
}

/** What whoever asks can do where the API server forbids to read. */
export const whenForbidden = `windlass install --checker gives the group ${checkerGroup.name} the right to read all that windlass drift --no-secrets reads`;

/** Says that Secrets were not looked at, once for all syncs. */
export function secretsNotice(args: Args): Problem[] {
  if (!args.flag('no-secrets')) return [];
  return [{ code: 'secrets-left', message: 'Secrets are left to the puller: they were not looked at (--no-secrets)' }];
}
