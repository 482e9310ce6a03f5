import { storyIn } from '../model/bump-story.ts';
import { type ImageRef, parseImageRef } from '../model/image-ref.ts';
import { rollbackStoryIn } from '../model/rollback-story.ts';
import { followed } from './followed.ts';
import type { GitHistory, HistoryCommit } from './ports.ts';

/** The commit of a bump or a rollback that moved an image to what it is. */
export interface MovedBy {
  what: 'bumped' | 'rolled-back';
  policy: string;
  commit: HistoryCommit;
  from: string[];
  to: string;
  /** What CI built it of, where that is known: a revision, or a link to the commits in between. */
  source?: string;
  /** When that was committed (ISO 8601, UTC), where the image says it. */
  sourceTime?: string;
  digest?: string;
  /** Ids of the push events that it answers; a rollback answers none. */
  events: string[];
}

/** Commits of the files that are looked through. */
const mostCommits = 1000;

/**
 * The commit that moved an image of these files to its reference: the last bump or rollback of one of its policies there, by whatever names they had. Undefined where there is none
 * among the last commits, or the image is another one by now: then a person wrote it.
 */
export async function whoMoved(
  ref: string,
  policies: readonly string[],
  files: readonly string[],
  { history, head }: { history: GitHistory; head: string },
): Promise<MovedBy | undefined> {
  const image = parseImageRef(ref);
  if (image === undefined || policies.length === 0) return undefined;
  let looked = 0;
  for await (const commit of followed({ from: head, paths: files }, history, () => undefined)) {
    const moves = movesOf(commit).filter(({ policy }) => policies.includes(policy));
    const found = moves.find(({ to }) => isAt(image, to));
    if (found !== undefined) return found;
    looked += 1;
    if (moves.length > 0 || looked >= mostCommits) return undefined;
  }
  return undefined;
}

function movesOf(commit: HistoryCommit): MovedBy[] {
  const story = storyIn(commit);
  if (story !== undefined)
    return story.images.map(({ policy, from, to, source, sourceTime, digest }) => ({
      ...{ what: 'bumped' as const, policy, commit, from, to, events: story.events },
      ...(source !== undefined && { source }),
      ...(sourceTime !== undefined && { sourceTime }),
      ...(digest !== undefined && { digest }),
    }));
  const rollback = rollbackStoryIn(commit);
  return (rollback?.images ?? []).flatMap(({ policy, from, to }) =>
    to.map((text) => ({ what: 'rolled-back' as const, policy, commit, from, to: text, events: [] })),
  );
}

/** `to` is a tag, a digest, or `tag@digest`; a reference may leave one of the two out. */
function isAt({ tag, digest }: ImageRef, to: string): boolean {
  const [name, pinned] = to.startsWith('sha256:') ? [undefined, to] : (to.split('@') as [string, string?]);
  if (digest !== undefined && pinned !== undefined) return digest === pinned;
  return tag !== undefined && tag === name;
}
