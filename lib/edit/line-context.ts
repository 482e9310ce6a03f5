/** What a line with content is to those below it: `opens` may have an indented block under it, an `entry` has its value already. */
interface Level {
  column: number;
  kind: 'opens' | 'entry' | 'unknown';
}

const inAction = 'the line stands inside a template of several lines';
const inBlock = 'the line stands inside a block of text';
const inFlow = 'the line stands inside quotes or brackets that were opened above';
const unsure = 'it cannot be told what the line belongs to';

/** A key with its colon, in quotes or not. */
const key = /^(?:"(?:[^"\\]|\\.)*"\s*|'(?:[^']|'')*'\s*|(?:[^\s#'"[\]{},&*!|>%@`?:-]|[?:-][^\s#])[^#]*?):(?=\s|$)/;

/**
 * Goes through the lines of a template that would be YAML, and says of each whether it stands for itself. It errs on the side of doubt:
 * what the templates put in is not known.
 */
export class LineContext {
  /** Inside `{{ ...`, without its end so far. */
  #action = false;
  /** The column of what a block scalar belongs to, while inside it. */
  #block: number | undefined;
  /** Brackets and the quote that are open. */
  #depth = 0;
  #quote: string | undefined;
  /** The lines above that the next one may belong to, by their columns. */
  #levels: Level[] = [];

  /** Takes the next line. Gives the reason when it cannot be read alone. */
  take(line: string): string | undefined {
    const wasInAction = this.#action;
    const shown = this.#withoutActions(line);
    if (wasInAction) return inAction;
    // A line of templates alone leaves nothing behind, wherever it stands.
    if (shown.blank) return undefined;
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(shown.text)) this.#reset();
    if (this.#block !== undefined) {
      if (/^\s*$/.test(shown.text) || columnOf(shown.text) > this.#block) return inBlock;
      this.#block = undefined;
    }
    if (this.#depth > 0 || this.#quote !== undefined) {
      this.#scan(shown.text);
      return inFlow;
    }
    return this.#content(shown.text);
  }

  /** The line with a letter for each template; `blank` when it has nothing but templates. */
  #withoutActions(line: string): { text: string; blank: boolean } {
    let rest = line;
    if (this.#action) {
      const end = rest.indexOf('}}');
      if (end < 0) return { text: '', blank: true };
      this.#action = false;
      rest = rest.slice(end + 2);
    }
    let text = '';
    let templates = 0;
    for (let open = rest.indexOf('{{'); open >= 0; open = rest.indexOf('{{')) {
      const end = rest.indexOf('}}', open);
      text += `${rest.slice(0, open)}x`;
      templates++;
      this.#action = end < 0;
      rest = end < 0 ? '' : rest.slice(end + 2);
    }
    text += rest;
    return { text, blank: templates > 0 && /^[\sx]*$/.test(text) };
  }

  /** A document begins: nothing goes on over its line. */
  #reset(): void {
    this.#block = undefined;
    this.#depth = 0;
    this.#quote = undefined;
    this.#levels = [];
  }

  #content(text: string): string | undefined {
    const content = text.trimStart();
    if (content === '' || content.startsWith('#') || /^(?:---|\.\.\.)\s*(?:#.*)?$/.test(text)) return undefined;
    const levels = levelsOf(text);
    const doubt = this.#doubtOf(levels[0]!.column, text);
    this.#levels = [...this.#levels.filter(({ column }) => column < levels[0]!.column), ...levels];
    const last = levels.at(-1)!;
    const value = text.slice(valueStart(text)).replace(/^(?:[&!]\S*\s+)+/, '');
    if (isBlockHeader(value) || isBlockHeader(value.replaceAll('x', ''))) this.#block = last.column;
    else if (/^["'[{]/.test(value)) this.#scan(value);
    return doubt;
  }

  #doubtOf(column: number, text: string): string | undefined {
    if (/^\s*\t/.test(text)) return unsure;
    const above = this.#levels.filter((level) => level.column <= column).at(-1);
    if (above === undefined || above.kind === 'opens') return undefined;
    return above.column === column && above.kind === 'entry' ? undefined : unsure;
  }

  /** Follows quotes and brackets to the end of the line. */
  #scan(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const letter = text[at]!;
      if (this.#quote !== undefined) {
        if (letter === '\\' && this.#quote === '"') at++;
        else if (letter === this.#quote) this.#quote = undefined;
      } else if (letter === '#' && (at === 0 || /\s/.test(text[at - 1]!))) return;
      else if ((letter === '"' || letter === "'") && /(?:^|[[{,:\s])$/.test(text.slice(Math.max(0, at - 1), at)))
        this.#quote = letter;
      else if (letter === '[' || letter === '{') this.#depth++;
      else if (letter === ']' || letter === '}') this.#depth = Math.max(0, this.#depth - 1);
    }
  }
}

function columnOf(text: string): number {
  return text.length - text.trimStart().length;
}

/** Each dash and the key of a line, by their columns. */
function levelsOf(text: string): Level[] {
  const levels: Level[] = [];
  let at = columnOf(text);
  for (let dash = /^-(?:\s+|$)/.exec(text.slice(at)); dash !== null; dash = /^-(?:\s+|$)/.exec(text.slice(at))) {
    levels.push({ column: at, kind: 'opens' });
    at += dash[0].length;
  }
  const rest = text.slice(at);
  const found = key.exec(rest);
  const empty = found !== null && /^\s*(?:[&!]\S*(?:\s+|$))*(?:#.*)?$/.test(rest.slice(found[0].length));
  if (found !== null) levels.push({ column: at, kind: empty ? 'opens' : 'entry' });
  else if (levels.length === 0) levels.push({ column: at, kind: 'unknown' });
  else if (!/^(?:#.*)?$/.test(rest)) levels[levels.length - 1]!.kind = 'entry';
  return levels;
}

/** Where the value of a line's last dash or key begins. */
function valueStart(text: string): number {
  const start = /^\s*(?:-\s+)*/.exec(text)![0].length;
  const found = key.exec(text.slice(start));
  const behind = found === null ? start : start + found[0].length;
  return behind + /^\s*/.exec(text.slice(behind))![0].length;
}

function isBlockHeader(value: string): boolean {
  return /(?:^|\s)[|>][-+0-9]*\s*(?:#.*)?$/.test(value);
}
