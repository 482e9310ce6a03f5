import type { LineCommit } from '../model/config-repo.ts';
import type { ImageChange } from '../model/messages.ts';
import type { RollbackStory } from '../model/rollback-story.ts';
import { fewOf } from '../model/shorten.ts';
import type { Hold } from '../policy/spec.ts';
import { type RolledBackFile, short } from './order.ts';

const longestSubject = 72;
const longestTable = 200;

/** The subject of the commit, with the reason where there is room for it. */
export function subjectOf(
  { target, images, automatic }: Pick<RollbackStory, 'target' | 'images' | 'automatic'>,
  why: string | undefined,
): string {
  // By itself only images go back, and nothing else of the sync.
  const isOfImages = images.length > 0 && (target.startsWith('image/') || automatic !== undefined);
  const subject = `Roll back ${isOfImages ? imagesIn(images) : target}`;
  const whole = why === undefined || why.includes('\n') ? subject : `${subject}: ${why}`;
  return (whole.length <= longestSubject ? whole : subject).slice(0, longestSubject);
}

/** Names with their tags, where there is room; else the names. */
function imagesIn(images: RollbackStory['images']): string {
  const told = images.map(({ policy, to }) => `${policy} to ${shortTag(to)}`).join(', ');
  return images.length === 1 || told.length <= longestSubject - 'Roll back '.length
    ? told
    : fewOf(
        images.map(({ policy }) => policy),
        3,
      );
}

/** The lines of the body: why, what changes, and what is held. */
export function bodyOf(told: {
  changes: readonly ImageChange[];
  files: readonly RolledBackFile[];
  back: LineCommit | undefined;
  why: string | undefined;
  holds: readonly Hold[];
  /** Holds that go, as one of these takes their place. */
  replaced: readonly Hold[];
}): string[] {
  const { changes, files, back, why, holds, replaced } = told;
  const texts = changes.map(
    ({ policy, file, line, from, to }) => `${policy}: ${from || '(nothing)'} -> ${to || '(nothing)'} (${file}:${line})`,
  );
  const others = files.filter(({ path }) => !changes.some(({ file }) => file === path));
  const lines = [
    ...(why === undefined ? [] : [...why.split('\n'), '']),
    ...texts,
    ...others.map(
      ({ path, before, after }) =>
        `${path}${after === undefined ? ' goes' : before === undefined ? ' comes again' : ''}`,
    ),
  ];
  const cut =
    lines.length <= longestTable ? lines : [...lines.slice(0, longestTable), `and ${lines.length - longestTable} more`];
  return [
    ...cut,
    ...(back === undefined ? [] : [`as at ${short(back.revision)} (${back.subject})`]),
    ...holds.map(({ image, tag, past }) => `holds ${image} on ${tag}, past ${past}`),
    ...replaced.map(({ image, tag, past }) => `instead of the hold of ${image} on ${tag}, past ${past}`),
  ];
}

function shortTag(texts: readonly string[]): string {
  return fewOf(
    texts.map((text) => text.replace(/@.*$/, '')).map((text) => text.slice(0, 'sha256:'.length + 12)),
    2,
  );
}
