import { targetsOf } from '../config/image-survey.ts';
import { isWithin } from '../model/tree-path.ts';
import type { Look } from './look.ts';
import type { RollbackRepo } from './ports.ts';
import { type ImageText, textsIn } from './texts.ts';

/**
 * The images that have another text at one commit than at an older one, in what is at or below one of the paths, and still have it at the head: whoever
 * changed it, by whatever commits. An image in a new file alone did not move. Throws what the repo throws.
 */
export async function imagesMoved(
  repo: RollbackRepo,
  look: Look,
  { older, newer, paths }: { older: string; newer: string; paths: readonly string[] },
): Promise<string[]> {
  const atHead = look.files.flatMap(({ path, facts }) => facts.markers.map((marker) => ({ path, marker })));
  const marked = new Set(atHead.map(({ path }) => path));
  const changes = (await repo.changes(older, newer)).flatMap(({ was, is }) =>
    was?.plain && is?.plain && marked.has(is.path) && paths.some((one) => isWithin(one, is.path)) ? [{ was, is }] : [],
  );
  const targets = targetsOf(look.config);
  const textsAt = async (revision: string, files: readonly string[]) =>
    (await repo.read(revision, files)).flatMap((file) => textsIn(file, targets));
  const before = await textsAt(
    older,
    changes.map(({ was }) => was.path),
  );
  const after = await textsAt(
    newer,
    changes.map(({ is }) => is.path),
  );
  const known = new Set(before.map(({ marker }) => marker.policy));
  const [then, now] = [saidIn(before), saidIn(atHead)];
  const moved = after.filter(
    (text) => known.has(text.marker.policy) && !then.has(wordsOf(text)) && now.has(wordsOf(text)),
  );
  return [...new Set(moved.map(({ marker }) => marker.policy))];
}

type Said = { marker: Pick<ImageText['marker'], 'policy' | 'part' | 'value'> };

function saidIn(texts: readonly Said[]): Set<string> {
  return new Set(texts.map(wordsOf));
}

function wordsOf({ marker: { policy, part, value } }: Said): string {
  return JSON.stringify([policy, part, value]);
}
