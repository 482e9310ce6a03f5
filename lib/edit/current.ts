import { parseImageRef } from '../model/image-ref.ts';
import type { MarkedFile, Marker } from './find-markers.ts';

/** What Git has now for one policy, from the scalars beside its markers. */
export interface CurrentTexts {
  /** The tags, each once. */
  tags: string[];
  /** Values without a tag: placeholders. */
  untagged: string[];
}

/** Reads the current tags of a policy: what `choose` takes as `current`. Markers of `:name` and `:digest` say nothing about a tag. */
export function currentOf(files: readonly MarkedFile[], policy: string): CurrentTexts {
  const values = files
    .flatMap(({ markers }) => markers)
    .filter((marker) => marker.policy === policy && (marker.part === 'image' || marker.part === 'tag'));
  const read = values.map((marker) => ({ value: marker.value, tag: tagIn(marker) }));
  return {
    tags: [...new Set(read.flatMap(({ tag }) => (tag === undefined ? [] : [tag])))],
    untagged: [...new Set(read.filter(({ tag }) => tag === undefined).map(({ value }) => value))],
  };
}

function tagIn({ part, value }: Marker): string | undefined {
  // A tag alone may carry a digest too: `1.4.0@sha256:...` is written so in a kustomization's newTag.
  return parseImageRef(part === 'tag' ? `image:${value}` : value)?.tag;
}
