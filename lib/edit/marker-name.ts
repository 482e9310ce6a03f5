import { markerToken } from './source-file.ts';

/** Which part of the image reference a marker's scalar holds; `image` is all of `repository:tag[@digest]`. */
export type MarkerPart = 'image' | 'name' | 'tag' | 'digest';

/** What a marker says: the policy's name, verbatim (it may hold a colon, as in `shop:web`), and the part. */
export interface MarkerName {
  policy: string;
  part: MarkerPart;
}

/**
 * Reads a comment such as `# {"$imagepolicy": "web:tag"}` by Flux's grammar: after the `#` signs exactly one JSON object whose values are all
 * texts; other keys are allowed. Gives a reason where it is no marker.
 */
export function parseMarkerComment(comment: string): MarkerName | { reason: string } {
  const text = comment.replace(/^#+/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: `the comment is not a JSON object alone: write # {"${markerToken}": "NAME"}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { reason: `the comment is no JSON object: write # {"${markerToken}": "NAME"}` };
  }
  if (!Object.values(value).every((entry) => typeof entry === 'string')) {
    return { reason: 'the values of the JSON object in the comment must be texts' };
  }
  const name = (value as Record<string, string>)[markerToken];
  if (name === undefined) return { reason: `the JSON object in the comment has no key "${markerToken}"` };
  return splitName(name);
}

/** The final `:tag`, `:name` or `:digest` is the part, the rest is the policy. */
function splitName(name: string): MarkerName | { reason: string } {
  const match = /^(.*?)(?::(tag|name|digest))?$/s.exec(name)!;
  const policy = match[1]!;
  if (policy === '') return { reason: 'the marker names no policy' };
  return { policy, part: (match[2] as MarkerPart | undefined) ?? 'image' };
}
