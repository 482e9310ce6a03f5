import { parseImageRef } from '../model/image-ref.ts';
import type { Marker } from './find-markers.ts';

/** What a marker says, wherever it was found. */
type Said = Pick<Marker, 'policy' | 'part' | 'value'>;

/** What Git has now for one policy, from the scalars beside its markers. */
export interface CurrentTexts {
  /** The tags, each once. */
  tags: string[];
  /** Values without a tag: placeholders. */
  untagged: string[];
  /** What each place that can hold a digest has: whole references, markers of `:digest`, and tags written with one. */
  digests: { tag?: string; digest?: string }[];
}

/** Reads the current texts of a policy: what `choose` takes as `current`. A marker of `:name` says nothing. */
export function currentOf(markers: readonly Said[], policy: string): CurrentTexts {
  const read = markers
    .filter((marker) => marker.policy === policy && marker.part !== 'name')
    .map((marker) => ({ ...marker, ...refIn(marker) }));
  const ofTags = read.filter(({ part }) => part !== 'digest');
  const ofDigests = read.filter(({ part, digest }) => part !== 'tag' || digest !== undefined);
  return {
    tags: once(ofTags.map(({ tag }) => tag)),
    untagged: once(ofTags.filter(({ tag }) => tag === undefined).map(({ value }) => value)),
    digests: ofDigests.map(({ tag, digest }) => ({ ...(tag && { tag }), ...(digest && { digest }) })),
  };
}

function refIn({ part, value }: Said): { tag?: string; digest?: string } {
  // A tag alone may carry a digest too: `1.4.0@sha256:...` is written so in a kustomization's newTag.
  const text = { image: value, tag: `image:${value}`, digest: `image@${value}`, name: value }[part];
  const { tag, digest } = parseImageRef(text) ?? {};
  return { ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

function once(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}
