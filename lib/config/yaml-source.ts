import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { messageOf, type Problem } from '../model/errors.ts';

/** The largest windlass.yaml, hold or suspend that is read, in bytes. */
const maxConfigSize = 1_000_000;

/** Keys and indexes from the top of a document. */
export type Path = readonly PropertyKey[];

/** What is wrong, at a path instead of a line. `at: 'key'`: the caret goes under the key, not under its value. */
export interface Finding {
  path: Path;
  at?: 'key' | 'value';
  code: string;
  message: string;
  hint?: string;
}

/** A small YAML document that a person writes: its value, and a way from a path in it to a place in the file. */
export interface YamlSource {
  value: unknown;
  /** The problem of a finding, with file, line, column and the line's text. */
  problem(finding: Finding): Problem;
  /** The text of the plain or quoted scalar at a path; undefined where there is none. */
  written(path: Path): string | undefined;
}

/** Reads a configuration file (YAML 1.2). All syntax errors come back at once, each with its place. */
export function readYamlSource(text: string, file: string): { source?: YamlSource; problems: Problem[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxConfigSize) {
    const message = `the file has ${(bytes / 1e6).toFixed(1)} MB; up to 1 MB is read`;
    return { problems: [{ code: 'file-too-large', message, file }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number) => placeAt(text, lines, offset);
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    const problems = broken.map(({ code, message, pos }) => ({ ...describe(code, message), file, ...at(pos[0]) }));
    return { problems: problems.map(withTabHint) };
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { problems: [{ code: 'empty-file', message: 'the file is empty', file }] };
  }
  try {
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    const problem = ({ path, at: where, code, message, hint }: Finding): Problem => {
      const offset = offsetOf(document, path, where ?? 'value');
      return { code, message, file, ...at(offset), ...(hint === undefined ? {} : { hint }) };
    };
    const written = (path: Path) => {
      const node = document.getIn(path, true);
      return isScalar(node) ? node.source : undefined;
    };
    return { source: { value, problem, written }, problems: [] };
  } catch (error) {
    // Only aliases are resolved here: what `yaml` throws is about them.
    return {
      problems: [{ code: 'yaml-alias-bomb', message: `the aliases cannot be expanded: ${messageOf(error)}`, file }],
    };
  }
}

function placeAt(text: string, lines: LineCounter, offset: number): Pick<Problem, 'line' | 'column' | 'source'> {
  const { line, col } = lines.linePos(offset);
  if (line === 0) return { line: 1, column: 1 };
  const start = lines.lineStarts[line - 1]!;
  const source = text.slice(start, lines.lineStarts[line] ?? text.length).replace(/[\r\n]+$/, '');
  return { line, column: col, source };
}

function describe(code: string, message: string): Pick<Problem, 'code' | 'message' | 'hint'> {
  if (code === 'DUPLICATE_KEY')
    return { code: 'yaml-duplicate-key', message: 'this key is there twice in one mapping' };
  if (code === 'MULTIPLE_DOCS')
    return { code: 'yaml-syntax', message: 'the file must be one document', hint: 'remove the ---' };
  return { code: 'yaml-syntax', message: message.replace(/ at line \d+, column \d+:?[\s\S]*$/, '') };
}

function withTabHint(problem: Problem): Problem {
  const tab = /^ *\t/.test(problem.source ?? '');
  return tab ? { ...problem, message: 'this line is indented with a tab', hint: 'indent with spaces' } : problem;
}

/** Where a path begins; for a path that is not there, where the nearest thing around it does. */
function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, name] of path.entries()) {
    const last = index === path.length - 1;
    const owner: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(owner)) node = (owner.items[Number(name)] as Node | undefined) ?? null;
    else if (isMap(owner)) {
      const pair = owner.items.find((item) => isScalar(item.key) && String(item.key.value) === String(name)) as
        | Pair<Node, Node | null>
        | undefined;
      if (pair === undefined) return offset;
      offset = pair.key.range?.[0] ?? offset;
      if (last && at === 'key') return offset;
      node = pair.value;
    } else return offset;
    // An empty value has its place behind the colon: its key says more.
    if (node?.range && node.range[0] < node.range[1]) offset = node.range[0];
  }
  return offset;
}
