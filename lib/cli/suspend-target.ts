import type { Suspend } from '../config/suspends.ts';
import { UserError } from '../model/errors.ts';

/** What a suspend is about, as its file says it. */
export type SuspendSubject = Pick<Suspend, 'image' | 'sync' | 'all'>;

const all: Readonly<Record<string, NonNullable<Suspend['all']>>> = {
  'all-images': 'images',
  'all-syncs': 'syncs',
  all: true,
};

/** Reads `image/NAME` or `sync/NAME`; undefined for anything else. */
export function imageOrSync(text: string): { image: string } | { sync: string } | undefined {
  const [, kind, name] = /^(image|sync)\/(.+)$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  return kind === 'image' ? { image: name } : { sync: name };
}

/** Reads `image/NAME`, `sync/NAME`, `all-images`, `all-syncs` or `all`. Throws `UserError` for anything else. */
export function parseTarget(text: string): SuspendSubject {
  const everything = Object.hasOwn(all, text) ? all[text] : undefined;
  if (everything !== undefined) return { all: everything };
  const named = imageOrSync(text);
  if (named !== undefined) return named;
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

/** Reads `image/NAME`, which alone can be held. Throws `UserError` for anything else. */
export function imageOf(text: string): string {
  const [, name] = /^image\/(.+)$/.exec(text) ?? [];
  if (name !== undefined) return name;
  const isName = /^[\w.-]+$/.test(text) && !Object.hasOwn(all, text);
  const meant = isName ? `: did you mean image/${text}?` : ', and only images are held, one by one';
  throw new UserError(`${JSON.stringify(text)} is no image/NAME${meant}`, { code: 'usage', subject: text });
}
