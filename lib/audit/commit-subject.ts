import { holdsDirectory } from '../config/holds.ts';
import { escapedName } from '../config/stop-files.ts';
import { suspendsDirectory } from '../config/suspends.ts';
import { storyIn } from '../model/bump-story.ts';
import { holdStoryIn, rollbackStoryIn } from '../model/rollback-story.ts';
import { suspendStoryIn } from '../model/suspend-story.ts';
import type { GitHistory, HistoryCommit } from './ports.ts';
import type { TimelineSubject } from './timeline.ts';

/**
 * True for a commit to the subject's files that may have changed the subject itself. One of Windlass's own says which images it moved; whoever wrote another
 * one may have changed anything in them.
 */
export function aboutSubject(commit: HistoryCommit, about: TimelineSubject): boolean {
  if (!('image' in about)) return true;
  const images = imagesOf(commit);
  return images === undefined || images.includes(about.image);
}

/** True for a commit to `holds/` or `suspends/` that is about the subject, by its trailers, else by the names of its files. */
export async function stopsSubject(
  commit: HistoryCommit,
  about: TimelineSubject,
  { files }: Pick<GitHistory, 'files'>,
): Promise<boolean> {
  const images = imagesOf(commit);
  if (images !== undefined) return 'image' in about && images.includes(about.image);
  const suspend = suspendStoryIn(commit);
  if (suspend !== undefined) return targetsOf(about).includes(suspend.target);
  const names = ('image' in about ? [about.image] : syncNames(about)).map(escapedName);
  const directories = 'image' in about ? [holdsDirectory, suspendsDirectory] : [suspendsDirectory];
  const stops = directories.flatMap((directory) => names.map((name) => `${directory}/${name}.`));
  return (await files(commit.revision)).some((path) => stops.some((begin) => isStop(path, begin)));
}

/** The images that a commit of Windlass's own moved, held or released; undefined of every other commit. */
function imagesOf(commit: HistoryCommit): string[] | undefined {
  const hold = holdStoryIn(commit);
  if (hold !== undefined) return [hold.image];
  return (storyIn(commit) ?? rollbackStoryIn(commit))?.images.map(({ policy }) => policy);
}

function targetsOf(about: TimelineSubject): string[] {
  if ('image' in about) return [`image/${about.image}`, 'all-images', 'all'];
  return [...syncNames(about).map((name) => `sync/${name}`), 'all-syncs', 'all'];
}

function syncNames({ sync, template }: { sync: string; template?: string }): string[] {
  return template === undefined ? [sync] : [sync, template];
}

/** `holds/web.7f3a.yaml` begins with `holds/web.`, and so does the one of `web.api`. */
function isStop(path: string, begin: string): boolean {
  return path.startsWith(begin) && /^[A-Za-z0-9_-]+\.yaml$/.test(path.slice(begin.length));
}
