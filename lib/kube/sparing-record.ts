import { type AppliedEntry, type AppliedRecord, readRecord } from './record.ts';

const nought = Buffer.from('0');
const quote = 0x22;
const backslash = 0x5c;
const [comma, colon] = [0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * An entry of which the large parts, five sixths of it, stay JSON until they are asked for, and are read anew each time. A copy by spreading lacks
 * them: `wholeEntry` gives one that has all.
 */
class SparingEntry {
  readonly #json: Uint8Array;

  constructor(json: Uint8Array) {
    this.#json = json;
  }

  get fields(): AppliedEntry['fields'] {
    return this.whole().fields;
  }

  get projection(): AppliedEntry['projection'] {
    return this.whole().projection;
  }

  whole(): AppliedEntry {
    return parse(this.#json) as AppliedEntry;
  }
}

/** The entry with everything in it; for what is looked at closely. */
export function wholeEntry(entry: AppliedEntry): AppliedEntry {
  return entry instanceof SparingEntry ? entry.whole() : entry;
}

/**
 * Reads a record like `readRecord`, without holding more than a sixth of it as objects: for readers of tens of thousands of entries that look into
 * few. Throws what `JSON.parse` throws for what is no JSON.
 */
export function readSparingly(json: Uint8Array, sync: string): { record: AppliedRecord } | { refused: string } {
  const list = spanOf(json, 'entries');
  if (list === undefined) return readRecord(parse(json), sync);
  const [from, to] = list;
  const around = Buffer.concat([json.subarray(0, from), Buffer.from('[]'), json.subarray(to)]);
  const read = readRecord(parse(around), sync);
  if ('refused' in read) return read;
  return { record: { ...read.record, entries: itemsOf(json, from).map((span) => entryOf(json.subarray(...span))) } };
}

function entryOf(json: Uint8Array): AppliedEntry {
  const { fields: _, projection: __, ...rest } = parse(without(json, ['fields', 'projection'])) as AppliedEntry;
  return Object.assign(new SparingEntry(json), rest);
}

/** The JSON of a map with `0` for the values of some keys: what is not parsed costs nothing. */
function without(json: Uint8Array, keys: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { key, from, to } of pairsOf(json)) {
    if (!keys.includes(key)) continue;
    parts.push(json.subarray(done, from), nought);
    done = to;
  }
  return Buffer.concat([...parts, json.subarray(done)]);
}

function parse(json: Uint8Array): unknown {
  return JSON.parse(textOf(json));
}

function textOf(json: Uint8Array): string {
  return Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8');
}

type Span = [from: number, to: number];

/** Where the list is that a key of the outermost map has; undefined where there is none, or the JSON has spaces. */
function spanOf(json: Uint8Array, wanted: string): Span | undefined {
  for (const { key, from, to } of pairsOf(json))
    if (key === wanted) return json[from] === openBracket ? [from, to] : undefined;
  return undefined;
}

/** The keys of the outermost map, as they are written, and where their values are; not further than the first space. */
function* pairsOf(json: Uint8Array): Generator<{ key: string; from: number; to: number }> {
  let at = 1;
  while (json[at] === quote) {
    const colonAt = endOf(json, at);
    if (json[colonAt] !== colon) return;
    const to = endOf(json, colonAt + 1);
    yield { key: textOf(json.subarray(at + 1, colonAt - 1)), from: colonAt + 1, to };
    if (json[to] !== comma) return;
    at = to + 1;
  }
}

/** Where the items are of the list that begins at a place. */
function itemsOf(json: Uint8Array, list: number): Span[] {
  const items: Span[] = [];
  let at = list + 1;
  while (json[at] !== undefined && json[at] !== closeBracket) {
    const end = endOf(json, at);
    if (end === at) throw new SyntaxError('a list with something in it that is no value');
    items.push([at, end]);
    at = json[end] === comma ? end + 1 : end;
  }
  return items;
}

/** Where the value ends that begins at a place. */
function endOf(json: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) {
      while (json[++at] !== quote && at < json.length) if (json[at] === backslash) at++;
      if (depth === 0) return at + 1;
    } else if (byte === openBrace || byte === openBracket) depth++;
    else if (byte === closeBrace || byte === closeBracket) {
      // Of a number or a word the end is what follows it.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (byte === comma && depth === 0) return at;
  }
  return json.length;
}
