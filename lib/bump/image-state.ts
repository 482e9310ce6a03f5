import { currentOf } from '../edit/current.ts';
import type { ImageState } from '../model/state.ts';
import type { SurveyedFile } from './survey.ts';
import type { View } from './view.ts';

/** How an image stands. `files` are those of the branch after the bump. */
export function stateOf({ decision, waiting, review }: View, files: readonly SurveyedFile[], now: Date): ImageState {
  const { entry, rule, newest, holds } = decision;
  const { tags, untagged } = currentOf(
    files.flatMap(({ facts }) => facts.markers),
    entry.name,
  );
  const waits = [...(waiting === undefined ? [] : [waiting]), ...review];
  return {
    policy: entry.name,
    repository: entry.image,
    rule,
    current: [...tags, ...untagged],
    ...(newest === undefined ? {} : { newest }),
    ...(waits.length === 0 ? {} : { waiting: waits.join('; ') }),
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
