import type { ImageEntry } from './config.ts';
import { parseDuration } from './duration.ts';
import { heldBackImage } from './held-back.ts';
import type { WindlassFile } from './schema.ts';
import { expandTarget } from './targets.ts';

type Image = NonNullable<WindlassFile['images']>[string];

/** One entry of `images` with its defaults. */
export function imageEntry(name: string, image: Image): ImageEntry {
  const { gates, in: _environments, platforms, targets, ...rest } = image;
  const notYet = heldBackImage(image).map(({ key, reason }) => `${key}: ${reason}`);
  return {
    ...rest,
    name,
    allowDowngrade: image.allowDowngrade ?? false,
    update: image.update ?? 'commit',
    platforms: [...new Set(platforms)],
    gates: gatesOf(gates),
    targets: (targets ?? []).map(expandTarget).filter((target) => target !== undefined),
    ...(notYet.length > 0 && { notYet }),
  };
}

function gatesOf({ scan, minAge }: NonNullable<Image['gates']> = {}): ImageEntry['gates'] {
  const minAgeSeconds = parseDuration(minAge ?? '');
  return { ...(scan !== undefined && { scan }), ...(minAgeSeconds !== undefined && { minAgeSeconds }) };
}
