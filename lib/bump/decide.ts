import type { ImageEntry } from '../config/config.ts';
import { suspendedBy, suspendMatches } from '../config/suspends.ts';
import { currentOf } from '../edit/current.ts';
import { isTrouble, messageOf, UserError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { choose } from '../policy/choose.ts';
import { compilePolicy } from '../policy/policy.ts';
import { judgeDigest } from './decide-digest.ts';
import { judgeTags } from './decide-tag.ts';
import type { Asked, Decision, Outcome, Sources } from './decision.ts';
import type { Look } from './look.ts';
import { lostTargets, type Route, routesOf } from './places.ts';
import type { Registry, RegistryTag } from './ports.ts';
import type { Push } from './push-event.ts';

/**
 * The policies that watch the repositories of these pushes; all of them for a sweep (`undefined`). A policy that shares a pull request with
 * one of them is among them, and with that one, and so on: a request is made anew as a whole.
 */
export function touched(look: Look, pushes: readonly Push[] | undefined): ImageEntry[] {
  const entries = Object.values(look.config.images);
  if (pushes === undefined) return entries;
  const repositories = new Set(pushes.map((push) => push.repository));
  return withTheirGroups(
    look,
    entries.filter((entry) => repositories.has(entry.image)),
  );
}

/** The policies of these names, and those that share a pull request with one of them. Throws `UserError` for a name that there is not. */
export function named(look: Look, names: readonly string[]): ImageEntry[] {
  const { images } = look.config;
  const unknown = names.find((name) => !Object.hasOwn(images, name));
  if (unknown === undefined)
    return withTheirGroups(
      look,
      names.map((name) => images[name]!),
    );
  const close = nearest(unknown, Object.keys(images));
  const hint = close === undefined ? '' : `, did you mean "${close}"?`;
  throw new UserError(`no image policy is named "${unknown}"${hint}`, { code: 'unknown-image', subject: unknown });
}

function withTheirGroups(look: Look, first: readonly ImageEntry[]): ImageEntry[] {
  const entries = Object.values(look.config.images);
  const groups = new Map(entries.map((entry) => [entry, groupsOf(look, entry)]));
  let asked = entries.filter((entry) => first.includes(entry));
  for (;;) {
    const theirs = new Set(asked.flatMap((entry) => groups.get(entry)!));
    const more = entries.filter((entry) => asked.includes(entry) || groups.get(entry)!.some((one) => theirs.has(one)));
    if (more.length === asked.length) return asked;
    asked = more;
  }
}

function groupsOf(look: Look, entry: ImageEntry): string[] {
  return routesOf(look, entry).flatMap(({ group }) => group ?? []);
}

/** Asks the registry and decides for each policy alone: one that fails leaves the others as they are. Throws only for a bug. */
export async function decide(
  look: Look,
  entries: readonly ImageEntry[],
  sources: Sources,
  now: Date,
): Promise<Decision[]> {
  return Promise.all(entries.map((entry) => decideOne(look, entry, sources, now)));
}

/** A registry that is asked each question at most once, however often the edit is redone. */
export function askedOnce(registry: Registry): Registry {
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(question: string[], ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(question);
    const answer = (answers.get(key) as Promise<T> | undefined) ?? ask();
    answers.set(key, answer);
    return answer;
  };
  return {
    tags: (repository) => once(['tags', repository], () => registry.tags(repository)),
    tag: (repository, tag) => once(['tag', repository, tag], () => registry.tag(repository, tag)),
    details: (repository, reference) =>
      once(['details', repository, reference], () => registry.details(repository, reference)),
    scan: (repository, digest) => once(['scan', repository, digest], () => registry.scan(repository, digest)),
  };
}

async function decideOne(look: Look, entry: ImageEntry, sources: Sources, now: Date): Promise<Decision> {
  const routes = routesOf(look, entry);
  const { tags, untagged } = currentOf(
    routes.flatMap(({ places }) => places),
    entry.name,
  );
  const holds = look.holds.filter((hold) => hold.image === entry.name);
  const known = { entry, rule: ruleOf(entry), current: [...tags, ...untagged], holds, outcomes: [] };
  // What is asked for and cannot be done is not done without it.
  if (entry.notYet !== undefined) return { ...known, waiting: entry.notYet.join('; ') };
  try {
    const listed = await listTags(entry, sources.registry);
    const newest = newestOf(entry, listed, now);
    const seen = { ...known, ...(newest === undefined ? {} : { newest }) };
    const stopped = stoppedBy(look, entry, now);
    if (stopped !== undefined) return { ...seen, ...stopped };
    const asked: Asked = { ...sources, look, entry, holds, now };
    const all: Route[] = routes.length === 0 ? [{ places: [] }] : routes;
    const outcomes = await Promise.all(all.map((route) => judge(asked, route, listed)));
    return { ...seen, lost: lostTargets(look, entry), outcomes };
  } catch (error) {
    if (!isTrouble(error)) throw error;
    return { ...known, waiting: messageOf(error), failed: error };
  }
}

async function judge(asked: Asked, route: Route, listed: readonly RegistryTag[]): Promise<Outcome> {
  const outcome = await (asked.entry.digest === undefined ? judgeTags : judgeDigest)(asked, route.places, listed);
  const { ref, ...rest } = outcome;
  const empty = ref !== undefined && route.places.length === 0;
  // The tags are looked at also where nothing in Git takes them, so that the state tells of it.
  if (empty) {
    // Targets that are lost say more.
    const isLost = lostTargets(asked.look, asked.entry).length > 0;
    const nothing = isLost ? {} : { waiting: `nothing in Git names "${asked.entry.name}"` };
    return { ...route, ...rest, released: [], ...nothing };
  }
  return { ...route, ...outcome };
}

/** The tags of the policy's repository; of a policy that follows one tag, that one. */
async function listTags({ image, digest }: ImageEntry, registry: Registry): Promise<RegistryTag[]> {
  if (digest === undefined) return registry.tags(image);
  const tag = await registry.tag(image, digest);
  return tag === undefined ? [] : [tag];
}

function newestOf(entry: ImageEntry, listed: readonly RegistryTag[], now: Date): string | undefined {
  if (entry.digest === undefined) return choose({ policy: compilePolicy(entry), tags: listed, now }).chosen;
  const [tag] = listed;
  return tag?.digest === undefined ? undefined : `${tag.tag}@${tag.digest}`;
}

/** The policy in words, also of one that cannot be compiled. */
function ruleOf(entry: ImageEntry): string {
  try {
    return compilePolicy(entry).rule;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return '';
  }
}

/** What somebody asked to stop, or may have. */
function stoppedBy(look: Look, entry: ImageEntry, now: Date): Pick<Decision, 'waiting' | 'unclear'> | undefined {
  if (entry.suspended !== undefined) return { waiting: entry.suspended };
  const suspend = look.suspends.find((candidate) => suspendMatches(candidate, { image: entry.name }, now));
  if (suspend !== undefined) return { waiting: suspendedBy(suspend) };
  const unreadable = look.unreadable.find(({ name }) => name === undefined || name === entry.name);
  if (unreadable === undefined) return undefined;
  const waiting = `a hold or suspend cannot be read: ${unreadable.problems.map(placeOf).join('; ')}`;
  return { waiting, unclear: new UserError(waiting, { code: 'stop-unreadable', subject: entry.name }) };
}

function placeOf({ file, message }: { file?: string; message: string }): string {
  return file === undefined ? message : `${file}: ${message}`;
}
