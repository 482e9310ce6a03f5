import { holdPath } from '../config/holds.ts';
import type { BumpStory, MovedImage } from '../model/bump-story.ts';
import { formatImageRef } from '../model/image-ref.ts';
import type { ImageChange } from '../model/messages.ts';
import type { Hold } from '../policy/spec.ts';
import type { RouteWish } from './edit-route.ts';
import type { Push } from './push.ts';
import type { Source } from './source.ts';

/** The story of the wishes that an edit fulfilled, and of the holds that end with them. */
export function storyOf(
  moved: readonly RouteWish[],
  changes: readonly ImageChange[],
  events: readonly string[],
  sources: ReadonlyMap<string, Source>,
  ended: readonly Hold[],
): BumpStory {
  const images = moved.map(({ decision: { entry }, outcome: { digest }, ref }): MovedImage => {
    const to = formatImageRef({ ...ref, repository: '' }).replace(/^:/, '');
    const texts = changes.filter(({ policy, to: text }) => policy === entry.name && text !== entry.image);
    // A key that was empty had nothing.
    const from = [...new Set(texts.map((change) => shortOf(change.from, entry.image)).filter((text) => text !== ''))];
    const { link, revision, time } = sources.get(entry.name) ?? {};
    const source = link ?? revision;
    const released = ended.filter(({ image }) => image === entry.name).map((hold) => holdPath(hold));
    return {
      policy: entry.name,
      repository: entry.image,
      from,
      to,
      ...(digest === undefined ? {} : { digest }),
      ...(source === undefined ? {} : { source }),
      ...(time === undefined ? {} : { sourceTime: time }),
      ...(released.length === 0 ? {} : { released }),
    };
  });
  return { images, events: [...events] };
}

/** The ids of the pushes that moved these images; of all pushes, where none of them is of one of these. */
export function eventsFor(moved: readonly RouteWish[], pushes: readonly Push[]): string[] {
  const repositories = new Set(moved.map(({ decision }) => decision.entry.image));
  const theirs = pushes.filter(({ repository }) => repositories.has(repository));
  return [...new Set((theirs.length > 0 ? theirs : pushes).map(({ id }) => id))];
}

/** A reference without the repository that is said beside it. */
function shortOf(text: string, repository: string): string {
  return text.startsWith(`${repository}:`) || text.startsWith(`${repository}@`)
    ? text.slice(repository.length + 1)
    : text;
}
