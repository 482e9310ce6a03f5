import { LineContext } from './line-context.ts';
import { readYaml } from './read-yaml.ts';
import { markerToken } from './source-file.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** What can be read of a text that is no YAML: the lines with a marker that stand for themselves, and why the others do not. */
export interface LinesText extends YamlText {
  format: 'lines';
  /** By line, from 1. */
  refused: ReadonlyMap<number, string>;
}

/** `key: value`, `- value` or `- key: value`, as the parser sees them. */
const singleEntry = /^DS*(?:Mss|s)\.+$/;

/**
 * Reads single lines of a text that is no YAML because of the templates in it, such as those of a Helm chart. A line is read when it is one
 * entry with one value, has no template in it, and does not stand inside something that began on a line above, as far as can be told.
 */
export function readLines(text: string): LinesText {
  const refused = new Map<number, string>();
  const spots: Spot[] = [];
  const values = new Map<number, string>();
  const context = new LineContext();
  let shape = '';
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const doubt = context.take(line.replace(/\r$/, ''));
    if (line.includes(markerToken)) {
      const entry = doubt === undefined ? readEntry(line) : { reason: doubt };
      if ('reason' in entry) refused.set(index + 1, `the file is no YAML but a template, and ${entry.reason}`);
      else {
        for (const spot of entry.spots) {
          const node = spot.node + shape.length;
          spots.push({ ...spot, start: spot.start + start, end: spot.end + start, node });
          values.set(node, entry.value(spot));
        }
        shape += entry.shape;
      }
    }
    start += line.length + 1;
  }
  return { text, format: 'lines', shape, spots, value: ({ node }) => values.get(node) ?? '', refused };
}

function readEntry(line: string): YamlText | { reason: string } {
  if (/\{\{|\}\}/.test(line)) return { reason: 'a template stands on the line' };
  const entry = line.trim();
  const indent = line.length - line.trimStart().length;
  const yaml = readYaml(entry);
  if ('reason' in yaml || !singleEntry.test(yaml.shape) || yaml.shape === 'Ds.') {
    return { reason: 'the line alone is not a key or dash with one value and the marker' };
  }
  const spots = yaml.spots.map((spot) => ({ ...spot, start: spot.start + indent, end: spot.end + indent }));
  return { ...yaml, spots };
}
