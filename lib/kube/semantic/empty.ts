import { isMap } from '../values.ts';
import { childPlace, isFree, type Place } from './place.ts';

/**
 * True where Git's value is so empty that the API server may leave it out, or a program that writes the object back. In a custom resource
 * `false`, 0 and `{}` mean something by being there.
 */
export function mayBeDropped(git: unknown, place: Place): boolean {
  if (git === null || git === undefined) return true;
  if (isFree(place)) return false;
  const { builtIn } = place.kind;
  if (Array.isArray(git)) return git.length === 0;
  if (!isMap(git)) return git === '' || (builtIn && (git === 0 || git === false));
  const inner = Object.entries(git).every(([key, value]) => {
    const child = childPlace(place, key);
    return child === undefined || mayBeDropped(value, child);
  });
  // A built-in struct that is always there has `{}` for its default; any other says something by being there.
  const isStruct = place.schema.properties !== undefined;
  return inner && (!isStruct || (builtIn && place.schema.default !== undefined));
}

/** Fields of built-in kinds at which 0 says: choose. At any other, 0 is a number. */
const zeroIsChoice = new Set([
  'nodePort',
  'healthCheckNodePort',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
]);

/** True where Git's value is one that asks the API server to choose: an empty clusterIP, caBundle, nodePort. */
export function asksToChoose(git: unknown, place: Place): boolean {
  if (!place.kind.builtIn || isFree(place)) return false;
  if (Array.isArray(git)) return git.length === 0;
  return git === '' || (git === 0 && zeroIsChoice.has(place.field));
}

/** True for a list to which the API server's own admission appends: what a Pod tolerates (DefaultTolerationSeconds, RuntimeClass). */
export function isAppendedTo({ kind, field }: Place): boolean {
  return kind.builtIn && field === 'tolerations';
}
