import type { Config, ImageEntry } from '../config/config.ts';
import type { Suspend } from '../config/holds.ts';
import { hasPassed } from '../config/until.ts';
import { currentOf } from '../edit/current.ts';
import type { MarkedFile } from '../edit/find-markers.ts';
import { planMarkedEdits } from '../edit/plan-edits.ts';
import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { ImageRef } from '../model/image-ref.ts';
import { choose, type Question, type TagReason } from '../policy/choose.ts';
import { sortHolds } from '../policy/holds.ts';
import { compilePolicy } from '../policy/policy.ts';
import type { Hold } from '../policy/spec.ts';
import type { Look } from './look.ts';
import type { Registry, RegistryTag } from './ports.ts';
import type { Push } from './push-event.ts';
import { reviewOf } from './reviewed.ts';

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
  /** What the markers get, except those that only a pull request may change; absent when all stay as they are. */
  ref?: ImageRef;
  /** Why they, or some of them, stay as they are, where something newer is or may be there. */
  waiting?: string;
  /** What the policy says of each tag of the registry, by what Git has; empty where it was not asked. */
  reasons: readonly TagReason[];
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
  const known = { entry, rule: ruleOf(entry), current: [...tags, ...untagged], holds, reasons: [], released: [] };
  // What is asked for and cannot be done is not done without it.
  if (entry.notYet !== undefined) return { ...known, waiting: entry.notYet.join('; ') };
  try {
    const policy = compilePolicy(entry);
    const listed = await registry.tags(entry.image);
    const question = { policy, tags: listed.map((tag) => tag.tag), now };
    const newest = choose(question).chosen;
    const verdict = judge(look, entry, { ...question, holds }, listed);
    return { ...known, ...(newest === undefined ? {} : { newest }), ...verdict };
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof RetryableError)) throw error;
    return { ...known, waiting: messageOf(error), failed: error };
  }
}

/** The policy in words, also of one that is not there yet. */
function ruleOf(entry: ImageEntry): string {
  try {
    return compilePolicy(entry).rule;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (entry.newest !== undefined) return 'newest';
    return entry.digest === undefined ? '' : `digest ${String(entry.digest)}`;
  }
}

type Verdict = Pick<Decision, 'ref' | 'waiting' | 'released' | 'reasons'>;

/** Decides for the markers that a commit may change and for those that only a pull request may, by what Git has at each. */
function judge(look: Look, entry: ImageEntry, question: Question, listed: readonly RegistryTag[]): Verdict {
  const stopped = stoppedBy(look, entry, question.now);
  if (stopped !== undefined) return { waiting: stopped, released: [], reasons: [] };
  const marked = look.files.filter((file) => markersOf([file], entry.name).length > 0);
  const free = marked.filter(({ path }) => reviewOf(look.reviewed, path) === undefined);
  const reviewed = marked.filter((file) => !free.includes(file));
  const { ref: wanted, ...rest } = judgeMarkers(reviewed, entry, question, listed);
  const behind = wanted === undefined ? [] : reviewed.filter((file) => changes(file, entry, wanted));
  const reasons = [...new Set(behind.map(({ path }) => reviewOf(look.reviewed, path)))].join('; ');
  const review = reasons === '' ? {} : { waiting: reasons };
  if (reviewed.length > 0 && free.length === 0) return { ...rest, ...review, released: [] };
  return { ...review, ...judgeMarkers(free, entry, question, listed) };
}

function changes(file: MarkedFile, { name }: ImageEntry, ref: ImageRef): boolean {
  return planMarkedEdits([file], new Map([[name, ref]])).changes.length > 0;
}

/** What somebody asked to stop, or may have. */
function stoppedBy(look: Look, entry: ImageEntry, now: Date): string | undefined {
  const suspend = look.suspends.find((candidate) => candidate.image === entry.name && !hasPassed(candidate.until, now));
  if (suspend !== undefined) return suspendedBy(suspend);
  const unreadable = look.unreadable.find(({ name }) => name === undefined || name === entry.name);
  return unreadable && `a hold or suspend cannot be read: ${unreadable.problems.map(placeOf).join('; ')}`;
}

function judgeMarkers(
  files: readonly MarkedFile[],
  entry: ImageEntry,
  question: Question,
  listed: readonly RegistryTag[],
): Verdict {
  const { tags, untagged } = currentOf(files, entry.name);
  const choice = choose({ ...question, current: tags, untagged });
  const reasons = choice.tags;
  const stays = (waiting: string): Verdict => ({ waiting, released: [], reasons });
  if (choice.kept === 'no-newer') return { released: [], reasons };
  if (choice.kept === 'hold') return stays(unmetHold(question, tags) ?? choice.reason);
  if (choice.chosen === undefined) return stays(choice.reason);
  const markers = markersOf(files, entry.name);
  if (markers.length === 0) return stays(`no marker in Git names "${entry.name}"`);
  const ref: ImageRef = { repository: entry.image, tag: choice.chosen };
  if (!markers.some((marker) => marker.part === 'digest' || marker.value.includes('@'))) {
    return { ref, released: choice.releasedHolds, reasons };
  }
  // Git pins digests for this policy: writing the tag alone would take the pin away.
  const digest = listed.find((tag) => tag.tag === choice.chosen)?.digest;
  if (digest === undefined)
    return stays(`Git pins digests, and the registry does not tell the one of ${choice.chosen}`);
  return { ref: { ...ref, digest }, released: choice.releasedHolds, reasons };
}

/** A hold whose tag Git does not have: bump keeps what is there, and never goes back to the hold's tag by itself. */
function unmetHold({ holds = [], now }: Question, current: readonly string[]): string | undefined {
  const { active } = sortHolds(holds, now);
  if (active.some((hold) => current.every((tag) => tag === hold.tag))) return undefined;
  const [hold] = active;
  if (hold === undefined || current.length === 0) return undefined;
  const why = hold.why === undefined ? '' : ` (${hold.why})`;
  return `a hold wants ${hold.tag}, Git has ${current.join(', ')}: set the tag in the same commit as the hold${why}`;
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
