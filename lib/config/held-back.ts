import type { WindlassFile } from './schema.ts';

type Image = NonNullable<WindlassFile['images']>[string];
type Sync = NonNullable<WindlassFile['syncs']>[string];

/** A key that asks for what this version cannot do, and why nothing is done instead of doing it without. */
export interface HeldBack {
  key: string;
  reason: string;
}

/** Why a commit must not change an environment with `update: pull-request`. */
export const noPullRequests = 'bumps by pull request are not there yet, and a commit would go around the review';

/** Why an image stays as it is in Git; empty for one that can be bumped. */
export function heldBackImage(image: Image): HeldBack[] {
  const held: HeldBack[] = [];
  for (const key of ['newest', 'digest'] as const) {
    if (image[key] === undefined) continue;
    held.push({ key, reason: `the policy "${key}" is not there yet: use semver, numerical or alphabetical` });
  }
  if (image.gates !== undefined) {
    const reason = 'gates are not there yet, and without them tags would be taken that they should stop';
    held.push({ key: 'gates', reason });
  }
  if (image.update === 'pull-request') held.push({ key: 'update', reason: noPullRequests });
  if (image.in !== undefined) {
    held.push({
      key: 'in',
      reason: 'promotion is not there yet: write one entry for each environment, as web and web-prod',
    });
  }
  return held;
}

/** Why a sync is not pulled; undefined for one that is. */
export function heldBackSync(sync: Sync): HeldBack | undefined {
  if (sync.serviceAccount === undefined) return undefined;
  const reason = 'service accounts are not there yet, and the pull would act with all rights of its own';
  return { key: 'serviceAccount', reason };
}
