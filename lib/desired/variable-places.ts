import type { Variables } from '../config/config.ts';
import type { Problem } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import { isWithin } from '../model/tree-path.ts';
import type { DesiredObject } from './desired-object.ts';
import type { SourceTree } from './ports.ts';
import { problemAt, type SourceText } from './source-text.ts';
import { substitute, type VariableProblem } from './variables.ts';

/** More problems than these are not told: they have one cause. */
const mostProblems = 100;
/** Files that are larger are not searched for the place of a problem. */
const largestSearched = 1_000_000;

/**
 * Replaces the variables of all objects. A problem names file and line: of the document for a plain file, else of the first file of the
 * sync's sources that has the same text in it.
 */
export async function substituteAll(
  tree: SourceTree,
  declared: readonly DesiredObject[],
  variables: Variables,
  inputs: readonly string[],
): Promise<{ objects: DesiredObject[]; problems: Problem[] }> {
  const objects: DesiredObject[] = [];
  const problems: Problem[] = [];
  const texts = new Texts(tree, inputs);
  for (const one of declared) {
    const { object, problems: found } = substitute(one.object, variables);
    const unnamed = found.length === 0 && typeof object.metadata.name === 'string' && object.metadata.name === '';
    if (unnamed) problems.push({ code: 'bad-object', file: one.origin, message: 'the name of an object became empty' });
    objects.push({ ...one, object });
    for (const problem of found) {
      if (problems.length < mostProblems) problems.push(await placed(problem, one, texts));
    }
  }
  return { objects, problems };
}

async function placed(found: VariableProblem, { object, origin, line }: DesiredObject, texts: Texts): Promise<Problem> {
  const told = { object: nameOf(object) };
  const message = `${found.path}: ${found.message}`;
  const place = await texts.find(found.written, line === undefined ? undefined : { file: origin, line });
  if (place === undefined) return { ...told, code: 'variable', file: origin, message, hint: found.hint };
  return { ...problemAt(place.source, place.offset, 'variable', message, found.hint), ...told };
}

/** The texts of the sync's sources, read for a problem only. */
class Texts {
  readonly #tree: SourceTree;
  readonly #inputs: readonly string[];
  readonly #read = new Map<string, Promise<string>>();
  #paths: Promise<string[]> | undefined;

  constructor(tree: SourceTree, inputs: readonly string[]) {
    this.#tree = tree;
    this.#inputs = inputs;
  }

  /** In the document that begins at a line of a file; without one, in any file. */
  async find(
    written: string,
    document: { file: string; line: number } | undefined,
  ): Promise<{ source: SourceText; offset: number } | undefined> {
    if (document !== undefined) return this.#in(await this.#text(document.file), document, written);
    this.#paths ??= this.#listed();
    for (const file of await this.#paths) {
      const place = this.#in(await this.#text(file), { file, line: 1 }, written);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Only the document's own text is kept with the problem: what it declares decides whether its lines may be shown. */
  #in(text: string, { file, line }: { file: string; line: number }, written: string) {
    const lines = text.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const found = indexOf(text, written, start);
    if (found < 0) return undefined;
    const before = text.lastIndexOf('\n---', found);
    const begin = before < 0 ? 0 : before + 1;
    const end = text.indexOf('\n---', found);
    const firstLine = text.slice(0, begin).split('\n').length;
    const source = { file, firstLine, text: text.slice(begin, end < 0 ? undefined : end) };
    return { source, offset: found - begin };
  }

  async #listed(): Promise<string[]> {
    const files = (await this.#tree.files('.')).filter(({ kind, size }) => kind === 'file' && size <= largestSearched);
    return files.filter(({ path }) => this.#inputs.some((input) => isWithin(input, path))).map(({ path }) => path);
  }

  #text(file: string): Promise<string> {
    const known = this.#read.get(file);
    if (known !== undefined) return known;
    const reading = this.#tree.read(file).then((bytes) => new TextDecoder().decode(bytes));
    this.#read.set(file, reading);
    return reading;
  }
}

/** Of one that is closed, the text itself; of one that is not, only where the value ends with it: another `${NAME}` begins in the same way. */
function indexOf(text: string, written: string, start: number): number {
  const ends = written.endsWith('}') ? undefined : /^(?:["'\r\n]|\\n|\s+#|$)/;
  for (let at = text.indexOf(written, start); at >= 0; at = text.indexOf(written, at + 1)) {
    const isWhole = ends === undefined || ends.test(text.slice(at + written.length, at + written.length + 80));
    if (isWhole && text[at - 1] !== '$') return at;
  }
  return -1;
}
