import type { Config, ImageEntry } from '../config/config.ts';
import type { Suspend } from '../config/holds.ts';
import { currentOf } from '../edit/current.ts';
import type { MarkedFile } from '../edit/find-markers.ts';
import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { ImageRef } from '../model/image-ref.ts';
import { type Choice, choose } from '../policy/choose.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';
import type { Look } from './look.ts';
import type { Registry, RegistryTag } from './ports.ts';
import type { Push } from './push-event.ts';

/** What is to become of one image policy. */
export interface Decision {
  entry: ImageEntry;
  /** The policy in words. */
  rule: string;
  /** What Git has at the policy's markers, each text once. */
  current: string[];
  holds: Hold[];
  /** The newest tag that fits, whatever holds and Git say. */
  newest?: string;
  /** What the markers get; absent when they stay as they are. */
  ref?: ImageRef;
  /** Why they stay as they are, where something newer is or may be there. */
  waiting?: string;
  /** Holds that `ref` passes. */
  released: Hold[];
  /** The tags could not be told: nothing is known, and nothing is changed. */
  failed?: UserError | RetryableError;
}

/** The policies that watch the repositories of these pushes; all of them for a sweep (`undefined`). */
export function touched(config: Config, pushes: readonly Push[] | undefined): ImageEntry[] {
  const entries = Object.values(config.images);
  if (pushes === undefined) return entries;
  const repositories = new Set(pushes.map((push) => push.repository));
  return entries.filter((entry) => repositories.has(entry.image));
}

/** Asks the registry and decides for each policy alone: one that fails leaves the others as they are. Throws only for a bug. */
export async function decide(
  look: Look,
  entries: readonly ImageEntry[],
  registry: Registry,
  now: Date,
): Promise<Decision[]> {
  return Promise.all(entries.map((entry) => decideOne(look, entry, registry, now)));
}

/** A registry that is asked at most once for each repository, however often the edit is redone. */
export function askedOnce(registry: Registry): Registry {
  const answers = new Map<string, Promise<RegistryTag[]>>();
  return {
    tags: (repository) => {
      const answer = answers.get(repository) ?? registry.tags(repository);
      answers.set(repository, answer);
      return answer;
    },
  };
}

async function decideOne(look: Look, entry: ImageEntry, registry: Registry, now: Date): Promise<Decision> {
  const { tags, untagged } = currentOf(look.files, entry.name);
  const holds = look.holds.filter((hold) => hold.image === entry.name);
  const known = { entry, rule: '', current: [...tags, ...untagged], holds, released: [] };
  try {
    const policy = compilePolicy(entry);
    known.rule = policy.rule;
    const listed = await registry.tags(entry.image);
    const names = listed.map((tag) => tag.tag);
    const choice = choose({ policy, tags: names, current: tags, untagged, holds, now });
    const newest = choose({ policy, tags: names, now }).chosen;
    const verdict = judge(look, entry, choice, listed, now);
    return { ...known, ...(newest === undefined ? {} : { newest }), ...verdict };
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof RetryableError)) throw error;
    return { ...known, waiting: messageOf(error), failed: error };
  }
}

type Verdict = Pick<Decision, 'ref' | 'waiting' | 'released'>;

function judge(look: Look, entry: ImageEntry, choice: Choice, listed: readonly RegistryTag[], now: Date): Verdict {
  const stays = (waiting: string): Verdict => ({ waiting, released: [] });
  const suspend = look.suspends.find((candidate) => candidate.image === entry.name && !isOver(candidate.until, now));
  if (suspend !== undefined) return stays(suspendedBy(suspend));
  const unreadable = look.unreadable.find(({ name }) => name === undefined || name === entry.name);
  if (unreadable !== undefined)
    return stays(`a hold or suspend cannot be read: ${unreadable.problems.map(placeOf).join('; ')}`);
  if (choice.chosen === undefined) return choice.kept === 'no-newer' ? { released: [] } : stays(choice.reason);
  const markers = markersOf(look.files, entry.name);
  if (markers.length === 0) return stays(`no marker in Git names "${entry.name}"`);
  const ref: ImageRef = { repository: entry.image, tag: choice.chosen };
  if (!markers.some((marker) => marker.part === 'digest' || marker.value.includes('@'))) {
    return { ref, released: choice.releasedHolds };
  }
  // Git pins digests for this policy: writing the tag alone would take the pin away.
  const digest = listed.find((tag) => tag.tag === choice.chosen)?.digest;
  if (digest === undefined)
    return stays(`Git pins digests, and the registry does not tell the one of ${choice.chosen}`);
  return { ref: { ...ref, digest }, released: choice.releasedHolds };
}

function markersOf(files: readonly MarkedFile[], policy: string): MarkedFile['markers'] {
  return files.flatMap((file) => file.markers).filter((marker) => marker.policy === policy);
}

function suspendedBy({ by, why, until }: Suspend): string {
  return `suspended by ${by}${until === undefined ? '' : ` until ${until}`}: ${why}`;
}

function placeOf({ file, message }: { file?: string; message: string }): string {
  return file === undefined ? message : `${file}: ${message}`;
}

/** A date lasts to its end (UTC). */
function isOver(until: string | undefined, now: Date): boolean {
  if (until === undefined) return false;
  const day = until.length === 10 ? 24 * 60 * 60 * 1000 : 0;
  return Date.parse(until) + day <= now.getTime();
}
