import type { ProposedImage } from './image-places.ts';
import { uniqueName } from './names.ts';

/** Names that no image can have: a marker's last part would be taken for them, or a suspend of all. */
const refused = ['tag', 'name', 'digest', 'all'];

/** Names each image after its repository: the last part, more of it where that is taken by another, the environment where one has several policies. */
export function nameImages(images: readonly (Omit<ProposedImage, 'name'> & { wish?: string })[]): ProposedImage[] {
  const taken = new Set(images.flatMap(({ wish }) => wish ?? []));
  const repositories = [...new Set(images.map(({ image }) => image))];
  return images.map(({ wish, ...image }) => {
    if (wish !== undefined) return { ...image, name: wish };
    const base = baseName(image.image, repositories);
    const others = images.filter((other) => other.image === image.image && other.wish === undefined);
    const [only] = image.environments;
    const isApart = others.length > 1 && image.environments.length === 1;
    return { ...image, name: uniqueName(isApart ? `${base}-${only}` : base, taken) };
  });
}

function baseName(repository: string, all: readonly string[]): string {
  const parts = repository.split('/').map(clean);
  const isTaken = (name: string) =>
    refused.includes(name) || all.some((other) => other !== repository && clean(other.split('/').at(-1)!) === name);
  const last = parts.at(-1)!;
  return isTaken(last) && parts.length > 1
    ? `${parts.at(-2)}-${last}`
    : refused.includes(last)
      ? `${last}-image`
      : last;
}

/** As the name of an image may be: what stands in a marker and ends a branch. */
function clean(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.\.+/g, '.')
    .slice(0, 100);
  return name.replace(/^[^A-Za-z0-9]+|(?:\.lock|[^A-Za-z0-9])+$/g, '') || 'image';
}
