import type { SurveyedFile } from '../config/image-survey.ts';
import { type CurrentTexts, currentOf } from '../edit/current.ts';
import { UserError } from '../model/errors.ts';
import type { ImageState } from '../model/state.ts';
import type { View } from './view.ts';

/** How an image stands. `files` are those of the branch after the bump. */
export function stateOf(
  { decision, waiting, review, trouble }: View,
  files: readonly SurveyedFile[],
  now: Date,
): ImageState {
  const { entry, rule, newest, holds } = decision;
  const current = currentOf(
    files.flatMap(({ facts }) => facts.markers),
    entry.name,
  );
  const waits = [...(waiting === undefined ? [] : [waiting]), ...review];
  return {
    policy: entry.name,
    repository: entry.image,
    rule,
    current: entry.digest === undefined ? [...current.tags, ...current.untagged] : followed(current, entry.digest),
    ...(newest === undefined ? {} : { newest }),
    ...(waits.length === 0 ? {} : { waiting: waits.join('; ') }),
    ...(trouble === undefined ? {} : { trouble: trouble instanceof UserError ? 'mend' : 'later' }),
    holds: holds.map(({ tag, past, by, why, until }) => ({
      tag,
      past,
      who: by ?? '',
      why: why ?? '',
      ...(until === undefined ? {} : { until }),
    })),
    at: now.toISOString(),
  };
}

/** What a policy that follows one tag has, written as its newest is: `latest@sha256:...`. */
function followed({ digests, tags, untagged }: CurrentTexts, follows: string): string[] {
  const pinned = digests.flatMap(({ tag = follows, digest }) => (digest === undefined ? [] : `${tag}@${digest}`));
  const loose = digests.flatMap(({ tag, digest }) => (digest === undefined && tag !== undefined ? tag : []));
  // The followed tag beside a digest of its own key says nothing more.
  const alone = tags.filter(
    (tag) => digests.length === 0 || (tag !== follows && !digests.some((one) => one.tag === tag)),
  );
  return [...new Set([...pinned, ...loose, ...alone, ...untagged])];
}
