import {
  EVENT_ALIAS,
  EVENT_DOCUMENT,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import { messageOf } from '../model/errors.ts';

/** One step of the parser, with the offsets of what it read. */
export type YamlEvent = ReturnType<typeof parseEvents>[number];
type ScalarEvent = Extract<YamlEvent, { type: typeof EVENT_SCALAR }>;

/** `plain`, in quotes, or a block (`|`, `>`). */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'block';

/** A scalar or an alias in the text. `start` and `end` are offsets in UTF-16 units; quotes are inside, anchor and tag outside. */
export interface Spot {
  kind: 'scalar' | 'alias';
  role: 'key' | 'value' | 'item' | 'document';
  start: number;
  end: number;
  style: ScalarStyle;
  /** The explicit YAML tag as written, `!!str` or `!Sub`. */
  tag?: string;
  /** Its index in `events`. */
  event: number;
}

/** A parsed file: every scalar and alias, in the order of the text. */
export interface YamlText {
  text: string;
  events: readonly YamlEvent[];
  spots: readonly Spot[];
}

/** Why a text is not to be touched. */
export interface YamlRefusal {
  reason: string;
}

/** With its aliases followed a file may have this many nodes; a person's file has a few thousand. */
const mostNodes = 1_000_000;

/** Parses a YAML text into spots. Gives a reason where it does not parse, repeats a key, or grows beyond measure through aliases. */
export function readYaml(text: string): YamlText | YamlRefusal {
  try {
    const events = parseEvents(text, {});
    return { text, events, spots: collect(text, events) };
  } catch (error) {
    return { reason: `the file does not parse: ${explain(error)}` };
  }
}

/** The text of a scalar as YAML reads it. */
export function scalarValue(yaml: YamlText, spot: Spot): string {
  return getScalarValue(yaml.text, yaml.events[spot.event] as ScalarEvent);
}

function explain(error: unknown): string {
  if (error instanceof YAMLException) {
    const mark = error.mark === undefined ? '' : ` (${error.mark.line + 1}:${error.mark.column + 1})`;
    return `${error.reason}${mark}`;
  }
  return messageOf(error);
}

/** A collection that is being read. */
interface Open {
  /** Keys of a mapping so far; undefined for a sequence. */
  keys?: Set<string>;
  /** The next child of a mapping is a key. */
  atKey: boolean;
  /** Nodes inside, aliases followed. */
  nodes: number;
  anchor?: string;
}

function collect(text: string, events: readonly YamlEvent[]): Spot[] {
  const spots: Spot[] = [];
  const open: Open[] = [];
  let sizes = new Map<string, number>();
  const close = (nodes: number, anchor: string | undefined) => {
    if (anchor !== undefined) sizes.set(anchor, nodes);
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.nodes += nodes;
    if (parent.keys !== undefined) parent.atKey = !parent.atKey;
    if (parent.nodes > mostNodes) throw new Error(`its aliases make it larger than ${mostNodes} nodes`);
  };
  for (const [index, event] of events.entries()) {
    if (event.type === EVENT_DOCUMENT) {
      sizes = new Map();
      open.push({ atKey: false, nodes: 0 });
    } else if (event.type === EVENT_MAPPING || event.type === EVENT_SEQUENCE) {
      const keys = event.type === EVENT_MAPPING ? { keys: new Set<string>() } : {};
      open.push({ ...keys, atKey: event.type === EVENT_MAPPING, nodes: 1, anchor: anchorOf(text, event) });
    } else if (event.type === EVENT_POP) {
      const done = open.pop()!;
      close(done.nodes, done.anchor);
    } else if (event.type === EVENT_SCALAR) {
      const role = roleIn(open);
      if (role === 'key') refuseTwice(open.at(-1)!.keys!, text, event);
      if (event.valueStart >= 0) spots.push(scalarSpot(text, event, role, index));
      close(1, anchorOf(text, event));
    } else if (event.type === EVENT_ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      const size = sizes.get(name);
      if (size === undefined) throw new Error(`the alias *${name} has no anchor before it`);
      const role = roleIn(open);
      spots.push({
        kind: 'alias',
        role,
        start: event.anchorStart - 1,
        end: event.anchorEnd,
        style: 'plain',
        event: index,
      });
      close(size, undefined);
    }
  }
  return spots;
}

function roleIn(open: readonly Open[]): Spot['role'] {
  const parent = open.at(-1)!;
  if (open.length === 1) return 'document';
  if (parent.keys === undefined) return 'item';
  return parent.atKey ? 'key' : 'value';
}

/** A key that stands twice makes the file a broken one for every other reader. Merge keys may be repeated. */
function refuseTwice(keys: Set<string>, text: string, event: ScalarEvent): void {
  const key = getScalarValue(text, event);
  if (keys.has(key) && key !== '<<') {
    const line = text.slice(0, Math.max(0, event.valueStart)).split('\n').length;
    throw new Error(`the key "${key}" stands twice in one mapping (line ${line})`);
  }
  keys.add(key);
}

const styles: Record<number, ScalarStyle> = {
  [SCALAR_STYLE.PLAIN]: 'plain',
  [SCALAR_STYLE.SINGLE_QUOTED]: 'single',
  [SCALAR_STYLE.DOUBLE_QUOTED]: 'double',
  [SCALAR_STYLE.LITERAL_BLOCK]: 'block',
  [SCALAR_STYLE.FOLDED_BLOCK]: 'block',
};

function scalarSpot(text: string, event: ScalarEvent, role: Spot['role'], index: number): Spot {
  const style = styles[event.style]!;
  // The parser's offsets of a quoted scalar are those between the quotes.
  const quote = style === 'single' || style === 'double' ? 1 : 0;
  return {
    kind: 'scalar',
    role,
    start: event.valueStart - quote,
    end: event.valueEnd + quote,
    style,
    ...(event.tagStart < 0 ? {} : { tag: text.slice(event.tagStart, event.tagEnd) }),
    event: index,
  };
}

function anchorOf(text: string, event: { anchorStart: number; anchorEnd: number }): string | undefined {
  return event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
}
