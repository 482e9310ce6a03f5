import {
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import type { Problem } from '../model/errors.ts';
import { placeOf, problemAt, type SourceText } from './source-text.ts';
import { keyOffset, offsetOf } from './yaml-events.ts';
import { readScalar } from './yaml-scalars.ts';

/** What aliases may add to one document, counted as characters and 8 for each node. */
const aliasBudget = 2_000_000;

/** More problems of one document than these are not told: they have one cause. */
const mostProblems = 50;

/** A value of JSON: what a YAML document may hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A document that was read, and where each key of its mappings is. */
export interface ReadDocument {
  /** Undefined where the document is empty. */
  value: Json | undefined;
  /** Offset of the document's first node. */
  start: number;
  /** The offset of a mapping's key; undefined for what came by an alias or a merge. */
  keyOffset(mapping: object, key: string): number | undefined;
  problems: Problem[];
}

/** A document that has a value, and the piece of the file that it was read from. */
export interface YamlDocument extends ReadDocument {
  source: SourceText;
  value: Json;
}

interface Anchor {
  value: Json;
  /** False while the node is being read: an alias to it would be a cycle. */
  complete: boolean;
  weight: number;
}

type CollectionEvent = MappingEvent | SequenceEvent;

/**
 * Builds the value of one document from js-yaml's events, with kubectl's reading of scalars and keys. Aliases are expanded into
 * copies, within a budget. What kubectl and YAML read differently, or what would be lost, is a problem, not a guess.
 */
export function readDocument(source: SourceText, events: Event[], options: { json: boolean }): ReadDocument {
  return new DocumentReader(source, events, options.json).read();
}

class DocumentReader {
  private readonly source: SourceText;
  private readonly events: Event[];
  private readonly json: boolean;
  private index = 0;
  private weight = 0;
  private spent = 0;
  /** Set by every problem: tells whether a key was read. */
  private failed = false;
  private readonly anchors = new Map<string, Anchor>();
  /** The index of each mapping's first event: where its keys are is looked up only for a problem. */
  private readonly contents = new Map<object, number>();
  private readonly problems: Problem[] = [];

  constructor(source: SourceText, events: Event[], json: boolean) {
    this.source = source;
    this.events = events;
    this.json = json;
  }

  read(): ReadDocument {
    const start = offsetOf(this.events[1]!);
    this.index = 1;
    const empty = this.events[1]!.type === EVENT_ID.POP;
    const value = empty ? undefined : this.node();
    const keyOffset = (mapping: object, key: string) => this.keyOffset(mapping, key);
    return { value, start, keyOffset, problems: this.problems };
  }

  private node(): Json {
    const event = this.events[this.index++]!;
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.alias(event.anchorStart, event.anchorEnd);
      case EVENT_ID.SCALAR:
        return this.anchored(event, () => this.scalar(event));
      case EVENT_ID.SEQUENCE:
        return this.sequence(event);
      case EVENT_ID.MAPPING:
        return this.mapping(event);
      default:
        throw new Error('the YAML events are not those of one document');
    }
  }

  /** Reads a node that may carry an anchor; a collection hands itself in first, so that a cycle is seen. */
  private anchored(event: ScalarEvent | CollectionEvent, read: () => Json): Json {
    if (event.anchorStart < 0) return read();
    const before = this.weight;
    const anchor: Anchor = { value: null, complete: false, weight: 0 };
    this.anchors.set(this.source.text.slice(event.anchorStart, event.anchorEnd), anchor);
    anchor.value = read();
    anchor.complete = true;
    anchor.weight = this.weight - before;
    return anchor.value;
  }

  private alias(start: number, end: number): Json {
    const name = this.source.text.slice(start, end);
    const anchor = this.anchors.get(name);
    if (anchor === undefined)
      return this.problem(start - 1, 'yaml-alias', `the alias *${name} has no anchor &${name} before it`);
    if (!anchor.complete) return this.problem(start - 1, 'yaml-alias', `the anchor &${name} contains itself`);
    this.weight += anchor.weight;
    this.spent += anchor.weight;
    if (this.spent > aliasBudget) {
      if (this.spent - anchor.weight > aliasBudget) return null;
      return this.problem(start - 1, 'yaml-alias-bomb', 'the aliases of this document expand to more than 2 MB');
    }
    return copy(anchor.value);
  }

  private scalar(event: ScalarEvent): Json {
    const text = getScalarValue(this.source.text, event);
    this.weight += 8 + text.length;
    const offset = offsetOf(event);
    if (!text.isWellFormed()) return this.problem(offset, 'yaml-text', 'this text has half of a surrogate pair in it');
    const tag = this.tagOf(event);
    if (tag === '!' || tag === 'str') return text;
    if (tag === '' && event.style !== SCALAR_STYLE.PLAIN) return text;
    if (!['', 'int', 'float', 'bool', 'null'].includes(tag)) return this.unknownTag(event);
    const scalar = readScalar(text);
    if ('refused' in scalar) return this.problem(offset, 'yaml-number', scalar.refused);
    const { value } = scalar;
    if (this.json && typeof value === 'string') return this.problem(offset, 'yaml-number', 'this is no value of JSON');
    if (tag !== '' && !fits(tag, value)) return this.problem(offset, 'yaml-tag', `this text is no ${tag}`);
    return value;
  }

  private sequence(event: SequenceEvent): Json {
    return this.anchored(event, () => {
      this.weight += 8;
      this.collectionTag(event, 'seq');
      const items: Json[] = [];
      while (this.events[this.index]!.type !== EVENT_ID.POP) items.push(this.node());
      this.index++;
      return items;
    });
  }

  private mapping(event: MappingEvent): Json {
    return this.anchored(event, () => {
      this.weight += 8;
      this.collectionTag(event, 'map');
      const mapping: Record<string, Json> = {};
      this.contents.set(mapping, this.index);
      let merged: Set<string> | undefined;
      while (this.events[this.index]!.type !== EVENT_ID.POP) merged = this.pair(mapping, merged);
      this.index++;
      return mapping;
    });
  }

  /** Reads a key and its value. Gives the names that a merge has brought into the mapping; undefined before there was one. */
  private pair(mapping: Record<string, Json>, merged: Set<string> | undefined): Set<string> | undefined {
    const event = this.events[this.index]!;
    const offset = offsetOf(event);
    if (this.isMerge(event)) {
      this.index++;
      const value = this.node();
      if (merged === undefined) return this.merge(mapping, value, offset);
      this.duplicate(mapping, '<<', offset);
      return merged;
    }
    const name = this.key();
    const value = this.node();
    if (name === undefined) return merged;
    if (Object.hasOwn(mapping, name) && !merged?.delete(name)) this.duplicate(mapping, name, offset);
    else mapping[name] = value;
    return merged;
  }

  private duplicate(mapping: object, name: string, offset: number): void {
    if (this.problems.length >= mostProblems) return;
    const line = placeOf(this.source, this.keyOffset(mapping, name) ?? offset).line;
    const message = `the key "${name}" is there twice in one mapping, first at line ${line}`;
    this.problem(offset, 'yaml-duplicate-key', message);
  }

  private keyOffset(mapping: object, name: string): number | undefined {
    const index = this.contents.get(mapping);
    return index === undefined ? undefined : keyOffset(this.source.text, this.events, index, name);
  }

  /** The key as kubectl writes it into JSON; undefined where it is a problem. */
  private key(): string | undefined {
    const event = this.events[this.index]!;
    const offset = offsetOf(event);
    this.failed = false;
    const value = this.node();
    if (this.failed) return undefined;
    const text = event.type === EVENT_ID.SCALAR ? getScalarValue(this.source.text, event) : undefined;
    if (value === '__proto__') return this.noKey(offset, 'the key "__proto__" is not read');
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
    // kubectl writes a float key anew and in 32 bits; a short one comes out as it is written.
    if (typeof value === 'number' && String(value) === text && /^-?[0-9.]{1,7}$/.test(text)) return text;
    if (typeof value === 'number')
      return this.noKey(offset, `the key ${text} is a number that kubectl would write differently`, 'quote it');
    if (value === null) return this.noKey(offset, 'a key is missing or null', 'quote it if it is a text');
    return this.noKey(offset, 'a key must be a text, not a list or a mapping');
  }

  private noKey(offset: number, message: string, hint?: string): undefined {
    this.problem(offset, 'yaml-key', message, hint);
    return undefined;
  }

  private isMerge(event: Event): boolean {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN) return false;
    return ['', 'merge'].includes(this.tagOf(event)) && getScalarValue(this.source.text, event) === '<<';
  }

  /** Copies the keys of `value` in; of a list, those of an earlier mapping win. Keys that follow in the mapping itself win over both. */
  private merge(mapping: Record<string, Json>, value: Json, offset: number): Set<string> {
    const merged = new Set<string>();
    const sources = Array.isArray(value) ? [...value].reverse() : [value];
    if (sources.some((source) => typeof source !== 'object' || source === null || Array.isArray(source))) {
      this.problem(offset, 'yaml-merge', 'a merge key (<<) takes a mapping or a list of mappings');
      return merged;
    }
    for (const [key, item] of sources.flatMap((source) => Object.entries(source as Record<string, Json>))) {
      if (Object.hasOwn(mapping, key) && !merged.has(key)) {
        const message = `the merge key (<<) comes after "${key}", which it also holds: kubectl takes the merged value, YAML the written one`;
        this.problem(offset, 'yaml-merge', message, 'put << first in the mapping');
        return merged;
      }
      merged.add(key);
      mapping[key] = item;
    }
    return merged;
  }

  private collectionTag(event: CollectionEvent, expected: 'map' | 'seq'): void {
    const tag = this.tagOf(event);
    if (tag !== '' && tag !== '!' && tag !== expected) this.unknownTag(event);
  }

  /** `int` for `!!int`, `!` for `!`, the empty text for no tag; any other tag as written. */
  private tagOf(event: ScalarEvent | CollectionEvent): string {
    if (event.tagStart < 0) return '';
    const written = this.source.text.slice(event.tagStart, event.tagEnd);
    return written.replace(/^!!(?=.)/, '').replace(/^!<tag:yaml\.org,2002:(.*)>$/, '$1');
  }

  private unknownTag(event: ScalarEvent | CollectionEvent): null {
    const written = this.source.text.slice(event.tagStart, event.tagEnd);
    return this.problem(
      event.tagStart,
      'yaml-tag',
      `the tag ${written} is not read`,
      'kubectl ignores or rewrites such tags; leave it out',
    );
  }

  private problem(offset: number, code: string, message: string, hint?: string): null {
    this.failed = true;
    if (this.problems.length < mostProblems) this.problems.push(problemAt(this.source, offset, code, message, hint));
    return null;
  }
}

function fits(tag: string, value: string | number | boolean | null): boolean {
  if (tag === 'int') return Number.isInteger(value);
  if (tag === 'float') return typeof value === 'number';
  if (tag === 'bool') return typeof value === 'boolean';
  return value === null;
}

function copy(value: Json): Json {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
}
