import { readYaml } from './read-yaml.ts';
import { readsAsString } from './scalar-text.ts';
import type { Splice } from './splice.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** One scalar's new value. */
export interface ScalarEdit {
  spot: Spot;
  value: string;
  splice: Splice;
}

/**
 * Reads an edited text again and compares it with the one before: the same tree, every other scalar untouched, each edited scalar
 * the string that was meant. Gives the reason where that does not hold. `edits` are in the order of the text.
 */
export function readBack(before: YamlText, after: string, edits: readonly ScalarEdit[]): string | undefined {
  const yaml = readYaml(after);
  if ('reason' in yaml) return `after the edit ${yaml.reason}`;
  if (yaml.shape !== before.shape || yaml.spots.length !== before.spots.length) {
    return 'the edit would change the structure of the file';
  }
  const edited = new Map(edits.map((edit) => [edit.spot.node, edit]));
  let shift = 0;
  for (const [index, spot] of before.spots.entries()) {
    const now = yaml.spots[index]!;
    const edit = edited.get(spot.node);
    const length = edit === undefined ? spot.end - spot.start : edit.splice.after.length;
    if (now.node !== spot.node || now.start !== spot.start + shift || now.end !== now.start + length) {
      return 'the edit would change another value of the file';
    }
    if (edit === undefined) continue;
    if (!isString(yaml, now, edit.value)) return `the edit would not read back as the text "${edit.value}"`;
    shift += edit.splice.after.length - edit.splice.before.length;
  }
  return undefined;
}

function isString(yaml: YamlText, spot: Spot, value: string): boolean {
  if (yaml.value(spot) !== value) return false;
  return spot.style !== 'plain' || spot.tag !== undefined || readsAsString(value);
}
