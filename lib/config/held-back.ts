import type { WindlassFile } from './schema.ts';

type Image = NonNullable<WindlassFile['images']>[string];

/** A key that asks for what this version cannot do, and why nothing is done instead of doing it without. */
export interface HeldBack {
  key: string;
  reason: string;
}

/** Why an image stays as it is in Git; empty for one that can be bumped. */
export function heldBackImage(image: Image): HeldBack[] {
  if (image.in === undefined) return [];
  const reason = 'promotion is not there yet: write one entry for each environment, as web and web-prod';
  return [{ key: 'in', reason }];
}
