import { readJson } from './read-json.ts';
import { readLines } from './read-lines.ts';
import { readYaml } from './read-yaml.ts';
import { readsAsString } from './scalar-text.ts';
import type { Splice } from './splice.ts';
import type { Spot, TextFormat, YamlRefusal, YamlText } from './yaml-text.ts';

/** One scalar's new value. */
export interface ScalarEdit {
  spot: Spot;
  value: string;
  splice: Splice;
  /** The source is what the file had before, whatever a YAML reader makes of it: `1.10` without quotes stays so. */
  verbatim?: boolean;
}

const readers: Record<TextFormat, (text: string) => YamlText | YamlRefusal> = {
  yaml: readYaml,
  json: readJson,
  lines: readLines,
};

/**
 * Reads an edited text again and compares it with the one before: the same tree, every other scalar untouched, each edited scalar
 * the string that was meant. Gives the reason where that does not hold. `edits` are in the order of the text.
 */
export function readBack(before: YamlText, after: string, edits: readonly ScalarEdit[]): string | undefined {
  const yaml = readers[before.format](after);
  if ('reason' in yaml) return `after the edit ${yaml.reason}`;
  if (yaml.shape !== before.shape || yaml.spots.length !== before.spots.length) {
    return 'the edit would change the structure of the file';
  }
  const edited = new Map(edits.map((edit) => [edit.spot.node, edit]));
  let shift = 0;
  for (const [index, spot] of before.spots.entries()) {
    const now = yaml.spots[index]!;
    const edit = edited.get(spot.node);
    const growth = edit === undefined ? 0 : edit.splice.after.length - edit.splice.before.length;
    if (now.node !== spot.node || now.start !== spot.start + shift || now.end !== spot.end + shift + growth) {
      return 'the edit would change another value of the file';
    }
    if (edit === undefined) continue;
    if (!isString(yaml, now, edit)) return `the edit would not read back as the text "${edit.value}"`;
    shift += growth;
  }
  return undefined;
}

function isString(yaml: YamlText, spot: Spot, { value, verbatim, spot: { tail = '' } }: ScalarEdit): boolean {
  if (yaml.value(spot) !== value + tail) return false;
  if (verbatim === true) return true;
  return spot.style !== 'plain' || spot.tag !== undefined || readsAsString(value);
}
