import { markerToken } from './source-file.ts';

/** Which part of the image reference a marker's scalar holds; `image` is all of `repository:tag[@digest]`. */
export type MarkerPart = 'image' | 'name' | 'tag' | 'digest';

/** What a marker says: the policy's name, verbatim (it may hold a colon, as in `shop:web`), and the part. */
export interface MarkerName {
  policy: string;
  part: MarkerPart;
}

/** The long form names the policy by a reference into the definitions that Flux makes of its policies. */
export const longToken = '#/definitions/io.k8s.cli.setters.';

const advice = `write # {"${markerToken}": "NAME"}`;

/**
 * Reads a comment such as `# {"$imagepolicy": "web:tag"}` by Flux's grammar (kyaml/fieldmeta): after the `#` signs exactly one JSON object whose
 * values are all texts (or null); other keys are allowed. Else the long form, `# {"$ref": "#/definitions/io.k8s.cli.setters.web:tag"}`, in which
 * other keys may have any value. Gives a reason where it is no marker.
 */
export function parseMarkerComment(comment: string): MarkerName | { reason: string } {
  const text = comment.replace(/^#+/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: `the comment is not a JSON object alone: ${advice}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { reason: `the comment is no JSON object: ${advice}` };
  }
  const entries = value as Record<string, unknown>;
  const short = entries[markerToken];
  const allTexts = Object.values(entries).every((entry) => typeof entry === 'string' || entry === null);
  if (allTexts && typeof short === 'string' && short !== '') return splitName(short);
  const long = referredName(entries.$ref);
  if (long !== undefined) return splitName(long);
  if (!allTexts) return { reason: 'the values of the JSON object in the comment must be texts' };
  if (short === undefined) return { reason: `the JSON object in the comment has no key "${markerToken}"` };
  return { reason: 'the marker names no policy' };
}

function referredName(reference: unknown): string | undefined {
  if (typeof reference !== 'string' || !reference.trim().startsWith(longToken)) return undefined;
  const name = reference.trim().slice(longToken.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The final `:tag`, `:name` or `:digest` is the part, the rest is the policy. */
function splitName(name: string): MarkerName | { reason: string } {
  const match = /^(.*?)(?::(tag|name|digest))?$/s.exec(name)!;
  const policy = match[1]!;
  if (policy === '') return { reason: 'the marker names no policy' };
  return { policy, part: (match[2] as MarkerPart | undefined) ?? 'image' };
}
