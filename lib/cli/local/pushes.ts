import { UserError } from '../../model/errors.ts';
import { isTag } from '../../model/image-ref.ts';
import { nearest } from '../../model/nearest.ts';

/**
 * The image that a person means by `shop/web`: the whole name, or its end. Throws `UserError` when no image of windlass.yaml is meant, or
 * more than one.
 */
export function imageMeant(word: string, images: readonly string[]): string {
  const known = [...new Set(images)].sort();
  const found = known.includes(word) ? [word] : known.filter((image) => image.endsWith(`/${word}`));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new UserError(`"${word}" may mean ${found.join(' or ')}: write more of its name`, {
      code: 'repository-ambiguous',
      subject: word,
    });
  }
  const short = known.map((image) => image.split('/').slice(1).join('/') || image);
  const close = nearest(word, short);
  const hint = close === undefined ? `there is ${known.join(', ') || 'none'}` : `did you mean ${close}?`;
  throw new UserError(`no image of windlass.yaml is "${word}": ${hint}`, { code: 'repository-unknown', subject: word });
}

/** Takes `shop/web:1.5.0` apart. Throws `UserError` when there is no tag, or an impossible one. */
export function parsePushed(text: string): { repository: string; tag: string } {
  const colon = text.lastIndexOf(':');
  const [repository, tag] = colon <= text.lastIndexOf('/') ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (repository === '' || !isTag(tag)) {
    throw new UserError(`"${text}" is not IMAGE:TAG, such as shop/web:1.5.0`, { code: 'image-tag', subject: text });
  }
  return { repository, tag };
}
