import type { ImageState } from '../../model/state.ts';

/** How an image stands, in a few words. `failing`: its tags cannot be asked for, or it cannot be written, before somebody mends that. */
export type Standing =
  | 'up to date'
  | 'bump due'
  | 'waiting'
  | 'failing'
  | 'held'
  | 'no tag fits'
  | 'nowhere'
  | 'not looked at yet';

/** An image policy as `status` and `image list` show it. */
export interface ImageLine {
  image: string;
  standing: Standing;
  /** Why Git does not have the newest tag; empty where it has, and where nobody knows. */
  why: string[];
}

/** How an image stands by what bump last saw of it, and by what suspends it now, in words. A hold beside those stays to be met when they are gone. */
export function imageLine(image: string, state: ImageState | undefined, suspended: readonly string[] = []): ImageLine {
  if (state === undefined || suspended.length === 0 || state.trouble !== undefined)
    return { image, standing: standingOf(state), why: [...suspended, ...(state === undefined ? [] : whyOf(state))] };
  return {
    image,
    standing: standingOf({ ...state, waiting: suspended.join('; ') }),
    why: [...suspended, ...whyOf({ ...state, waiting: undefined })],
  };
}

function standingOf(state: ImageState | undefined): Standing {
  if (state === undefined) return 'not looked at yet';
  const { holds, waiting, newest, current, trouble } = state;
  if (trouble === 'mend') return 'failing';
  if (holds.length > 0) return 'held';
  if (waiting !== undefined) return 'waiting';
  if (newest === undefined) return 'no tag fits';
  if (current.length === 0) return 'nowhere';
  return current.some((tag) => tag !== newest) ? 'bump due' : 'up to date';
}

/** A hold tells it better than what bump said of it, unless Git has another tag than the hold's. */
function whyOf({ holds, waiting, current, trouble }: ImageState): string[] {
  const isMet = trouble !== 'mend' && holds.some(({ tag }) => current.every((one) => one === tag));
  if (waiting !== undefined && !isMet) return [waiting];
  return holds.map(({ tag, past, who, why, until }) => {
    const end = `until a tag after ${past} is there${until === undefined ? '' : `, or ${until} has passed`}`;
    return `${who || 'somebody'} keeps ${tag} ${end}: ${why || 'no reason given'}`;
  });
}
