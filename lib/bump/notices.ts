import type { BumpStory, MovedImage } from '../model/bump-story.ts';
import { printable } from '../model/drift-text.ts';
import { RetryableError, UserError } from '../model/errors.ts';
import type { Notice } from '../model/messages.ts';
import { fewOf } from '../model/shorten.ts';
import type { BumpNotices } from './ports.ts';
import type { View } from './view.ts';

/** Lines that one message carries. */
const mostLines = 20;

/** A commit of bump. */
interface MadeCommit extends BumpStory {
  revision: string;
  /** ISO 8601, in whole seconds. */
  at: string;
}

/**
 * Tells people of commits, and of the images that somebody must help. `isWhole`: `views` are all images that there are. `at`: when the failures were met.
 * Throws `RetryableError` where that cannot be done now: the same notices come again then.
 */
export async function tellPeople(
  {
    commits,
    views,
    isWhole,
    branch,
    at,
  }: { commits: readonly MadeCommit[]; views: readonly View[]; isWhole: boolean; branch: string; at: string },
  notices: BumpNotices,
): Promise<void> {
  for (const commit of commits) await notices.send(bumpedNotice(commit, branch));
  const troubles = views.flatMap((view): Trouble[] =>
    view.trouble instanceof UserError ? [{ subject: subjectOf(view), error: view.trouble }] : [],
  );
  // What may pass is neither known to be well nor to be mended.
  const passing = new Set(views.filter(({ trouble }) => trouble instanceof RetryableError).map(subjectOf));
  const all = new Set(views.map(subjectOf));
  const isLooked = (subject: string) =>
    subject === `branch:${branch}` || (!passing.has(subject) && (isWhole || all.has(subject)));
  await tellTroubles(troubles, { isLooked, at }, notices);
}

function subjectOf({ decision }: View): string {
  return `image:${decision.entry.name}`;
}

/** The same commit gives the same notice, also when it is told a second time from its trailers. */
function bumpedNotice({ images, revision, at }: MadeCommit, branch: string): Notice {
  const [first, ...more] = images;
  const title =
    first === undefined || more.length > 0
      ? `${images.length} images were bumped`
      : `${first.policy} went ${wayOf(first)}`;
  const lines = images.map((image) => printable(`${image.policy}: ${wayOf(image)}`));
  const commit = printable(`commit ${revision.slice(0, 12)} on ${branch}`);
  return { type: 'Notice', kind: 'bumped', at, title: printable(title), lines: [...someOf(lines), commit] };
}

function wayOf({ from, to }: MovedImage): string {
  return from.length === 0 ? `to ${to}` : `from ${from.join(', ')} to ${to}`;
}

/** Something that bump cannot do before a person mends it. */
interface Trouble {
  /** What it is about: `image:web`, `branch:main`. */
  subject: string;
  error: Pick<UserError, 'code' | 'message'>;
}

/**
 * Tells people of each trouble once: while the same subject has the same code, they know. What was looked at now and is no trouble any more is forgotten,
 * and told again when it comes back.
 */
export async function tellTroubles(
  troubles: readonly Trouble[],
  { isLooked, at }: { isLooked(subject: string): boolean; at: string },
  notices: BumpNotices,
): Promise<void> {
  const told = await notices.troubles();
  const fresh = troubles.filter(({ subject, error }) => told.get(subject) !== error.code);
  for (const some of Map.groupBy(fresh, ({ error }) => error.message).values()) {
    await notices.send(failedNotice(some, at));
    for (const { subject, error } of some) await notices.saveTrouble(subject, error.code);
  }
  const now = new Set(troubles.map(({ subject }) => subject));
  for (const subject of told.keys())
    if (isLooked(subject) && !now.has(subject)) await notices.saveTrouble(subject, undefined);
}

/** One for all that fail for the same reason. */
function failedNotice(troubles: readonly Trouble[], at: string): Notice {
  const names = troubles.map(({ subject }) => subject.replace(/^image:/, ''));
  const [first = '', ...rest] = (troubles[0]?.error.message ?? '').split('\n');
  const isWhole = names.some((name) => name.startsWith('branch:'));
  const what = isWhole ? 'nothing is bumped' : `${fewOf(names, 5)} cannot be bumped`;
  return {
    ...{ type: 'Notice', kind: 'bump-failed', at },
    title: printable(`${what}: ${first}`),
    lines: someOf(rest.map(printable)),
  };
}

function someOf(lines: readonly string[]): string[] {
  return lines.length <= mostLines
    ? [...lines]
    : [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more`];
}
