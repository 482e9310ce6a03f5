import type { Suspend } from '../config/suspends.ts';
import { UserError } from '../model/errors.ts';

/** What a suspend is about, as its file says it. */
export type SuspendSubject = Pick<Suspend, 'image' | 'sync' | 'all'>;

const all: Readonly<Record<string, NonNullable<Suspend['all']>>> = {
  'all-images': 'images',
  'all-syncs': 'syncs',
  all: true,
};

/** Reads `image/NAME`, `sync/NAME`, `all-images`, `all-syncs` or `all`. Throws `UserError` for anything else. */
export function parseTarget(text: string): SuspendSubject {
  const everything = Object.hasOwn(all, text) ? all[text] : undefined;
  if (everything !== undefined) return { all: everything };
  const [, kind, name] = /^(image|sync)\/(.+)$/.exec(text) ?? [];
  if (kind === 'image') return { image: name };
  if (kind === 'sync') return { sync: name };
  const meant = /^[\w.-]+$/.test(text) ? `: did you mean sync/${text} or image/${text}?` : '';
  throw new UserError(
    `${JSON.stringify(text)} is none of image/NAME, sync/NAME, all-images, all-syncs and all${meant}`,
    {
      code: 'usage',
      subject: text,
    },
  );
}

/** The same in words: `image/web`. */
export function targetOf({ image, sync, all: everything }: SuspendSubject): string {
  if (image !== undefined) return `image/${image}`;
  if (sync !== undefined) return `sync/${sync}`;
  return everything === true ? 'all' : `all-${everything}`;
}

/** True for a subject that stops at least what the other one does. */
export function covers(one: SuspendSubject, other: SuspendSubject): boolean {
  if (targetOf(one) === targetOf(other) || one.all === true) return true;
  return one.all === 'images' ? other.image !== undefined : one.all === 'syncs' && other.sync !== undefined;
}
