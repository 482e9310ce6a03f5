import type { Look } from '../../bump/look.ts';
import type { ImageEntry } from '../../config/config.ts';
import type { SurveyedFile } from '../../config/image-survey.ts';
import { suspendedBy, suspendMatches } from '../../config/suspends.ts';
import { currentOf } from '../../edit/current.ts';
import { UserError } from '../../model/errors.ts';
import type { ImageState } from '../../model/state.ts';
import { hasPassed } from '../../model/until.ts';
import { compilePolicy } from '../../policy/policy.ts';
import type { Hold } from '../../policy/spec.ts';
import type { GitLook } from './git-look.ts';
import { type ImageLine, imageLine } from './image-standing.ts';

/** A place of an image in Git, and what stands there. */
export interface ListedPlace {
  file: string;
  line: number;
  value: string;
}

/** An image policy with its places. */
export interface ListedImage extends ImageLine {
  repository: string;
  /** In words: `semver >=1.4.0 <2.0.0`. */
  rule: string;
  /** What Git has, each text once: at the head where it can be read, else as bump last saw it. */
  git: string[];
  newest?: string;
  /** Of the head where it can be read. */
  holds: ImageState['holds'];
  /** Absent where Git cannot be read. */
  places?: ListedPlace[];
}

/** All image policies: by the head of Git where it can be read, with what bump last saw of each. */
export function imageListing({ look }: GitLook, states: readonly ImageState[], now: Date): ListedImage[] {
  if (look === undefined) return states.map(fromState);
  const known = new Map(states.map((state) => [state.policy, state]));
  return Object.keys(look.config.images).map((name) => fromGit(name, look, known.get(name), now));
}

function fromState(state: ImageState): ListedImage {
  const { policy, repository, rule, current, newest, holds } = state;
  return { ...imageLine(policy, state), repository, rule, git: current, ...(newest && { newest }), holds };
}

function fromGit(name: string, look: Look, state: ImageState | undefined, now: Date): ListedImage {
  const entry = look.config.images[name]!;
  const places = placesOf(name, look.files);
  // What follows a digest is written by bump as its newest is.
  const git = entry.digest === undefined || state === undefined ? textsOf(name, look.files) : state.current;
  const holds = look.holds.filter(({ image, until }) => image === name && !hasPassed(until, now)).map(holdOf);
  return {
    ...imageLine(
      name,
      state && { ...state, current: git, holds, waiting: waitingNow(state, holds) },
      suspendedOf(entry, look, now),
    ),
    ...{ repository: entry.image, rule: ruleOf(entry) ?? state?.rule ?? 'a rule that cannot be read', git },
    ...(state?.newest && { newest: state.newest }),
    ...{ holds, places },
  };
}

/** What bump said of holds is not true any more where all of them are gone since. */
function waitingNow({ holds: seen, waiting, trouble }: ImageState, holds: ImageState['holds']): string | undefined {
  const isReleased = trouble === undefined && seen.length > 0 && holds.length === 0;
  if (waiting === undefined || !isReleased) return waiting;
  return 'its hold is gone since bump last looked: the next push or sweep decides';
}

function ruleOf(entry: ImageEntry): string | undefined {
  try {
    return compilePolicy(entry).rule;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function suspendedOf({ name, suspended }: ImageEntry, { suspends }: Look, now: Date): string[] {
  const own = suspends.filter((one) => suspendMatches(one, { image: name }, now)).map(suspendedBy);
  return suspended === undefined ? own : [suspended, ...own];
}

function holdOf({ tag, past, by, why, until }: Hold): ImageState['holds'][number] {
  return { tag, past, who: by ?? '', why: why ?? '', ...(until && { until }) };
}

function textsOf(name: string, files: readonly SurveyedFile[]): string[] {
  const { tags, untagged } = currentOf(
    files.flatMap(({ facts }) => facts.markers),
    name,
  );
  return [...tags, ...untagged];
}

function placesOf(name: string, files: readonly SurveyedFile[]): ListedPlace[] {
  return files.flatMap(({ path, facts }) =>
    facts.markers.filter(({ policy }) => policy === name).map(({ line, value }) => ({ file: path, line, value })),
  );
}
