import { type AppliedEntry, type AppliedRecord, readRecord } from './record.ts';

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
  const { fields: _, projection: __, ...rest } = parse(json) as AppliedEntry;
  return Object.assign(new SparingEntry(json), rest);
}

function parse(json: Uint8Array): unknown {
  return JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8'));
}

type Span = [from: number, to: number];

/** Where the list is that a key of the outermost map has; undefined where there is none, or the JSON has spaces. */
function spanOf(json: Uint8Array, key: string): Span | undefined {
  let at = 1;
  while (json[at] === quote) {
    const colonAt = endOf(json, at);
    if (json[colonAt] !== colon) return undefined;
    const valueAt = colonAt + 1;
    const end = endOf(json, valueAt);
    if (parse(json.subarray(at, colonAt)) === key) return json[valueAt] === openBracket ? [valueAt, end] : undefined;
    if (json[end] !== comma) return undefined;
    at = end + 1;
  }
  return undefined;
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
