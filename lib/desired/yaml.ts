import { parseEvents, YAMLException } from 'js-yaml';
import type { Problem } from '../model/errors.ts';
import { isLfsPointer, lfsHint } from './lfs.ts';
import { checkObject, type ReadObject } from './object-shape.ts';
import { placeOf, problemAt, type SourceText } from './source-text.ts';
import { type ReadDocument, readDocument, type YamlDocument } from './yaml-document.ts';
import { inPlainWords } from './yaml-not-yaml.ts';

/** The largest file that is read, in characters. */
export const maxFileSize = 10_000_000;

/**
 * Reads the Kubernetes objects of a YAML or JSON file as kubectl would: documents, lists flattened, scalars by Go's rules.
 * Everything that is wrong comes back at once; a document with a problem gives no object. A file with nothing but comments gives nothing.
 */
export function readObjects(text: string, file: string): { objects: ReadObject[]; problems: Problem[] } {
  const { documents, problems } = readDocuments(text, file);
  const objects: ReadObject[] = [];
  for (const document of documents) {
    const read = checkObject(document);
    for (const problem of read.problems) problems.push(problem);
    for (const object of read.objects) objects.push(object);
  }
  return { objects, problems };
}

/** Reads the documents of a YAML or JSON file, whatever they hold; empty ones and `null` are left out. */
export function readDocuments(text: string, file: string): { documents: YamlDocument[]; problems: Problem[] } {
  const whole: SourceText = { file, text: text.replace(/^\uFEFF/, ''), firstLine: 1 };
  if (whole.text.length > maxFileSize) {
    const size = `${(whole.text.length / 1e6).toFixed(1)} MB`;
    return {
      documents: [],
      problems: [{ code: 'file-too-large', file, message: `the file has ${size}; up to 10 MB are read` }],
    };
  }
  if (isLfsPointer(whole.text)) {
    const message = 'Git has no more than a pointer of this file, which is kept in Git LFS';
    return { documents: [], problems: [{ code: 'lfs-pointer', file, message, hint: lfsHint }] };
  }
  const json = isJson(whole.text);
  const { pieces, problems } = json
    ? { pieces: [{ ...whole, text: whole.text.replaceAll('\t', ' ') }], problems: [] }
    : splitDocuments(whole);
  const documents: YamlDocument[] = [];
  for (const source of pieces) {
    const document = readPiece(source, json);
    for (const problem of document.problems) problems.push(problem);
    if (document.problems.length > 0 || document.value === undefined || document.value === null) continue;
    documents.push({ ...document, source, value: document.value });
  }
  return { documents, problems: inPlainWords(whole, problems) };
}

/** kubectl reads a stream that begins with a brace as JSON, where tabs may stand between values. */
function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Cuts a file at its `---` lines, as kubectl does before it parses; so a broken document does not hide the others. */
function splitDocuments(whole: SourceText): { pieces: SourceText[]; problems: Problem[] } {
  const pieces: SourceText[] = [];
  const problems: Problem[] = [];
  let start = 0;
  let line = 1;
  let firstLine = 1;
  for (const match of whole.text.matchAll(/^.*(?:\n|$)/gm)) {
    const text = match[0];
    if (text.startsWith('---')) {
      pieces.push({ ...whole, text: whole.text.slice(start, match.index), firstLine });
      start = match.index + text.length;
      firstLine = line + 1;
      if (!/^---\s*(?:#.*)?$/.test(text.trimEnd())) {
        const hint = 'put the document on the next line';
        problems.push(
          problemAt(whole, match.index, 'yaml-separator', 'only a comment may follow --- on its line', hint),
        );
      }
    }
    line++;
  }
  pieces.push({ ...whole, text: whole.text.slice(start), firstLine });
  return { pieces, problems };
}

function readPiece(source: SourceText, json: boolean): ReadDocument {
  const broken = (problem: Problem): ReadDocument => ({
    value: undefined,
    start: 0,
    keyOffset: () => undefined,
    problems: [problem],
  });
  const odd = json ? -1 : source.text.search(/[\u0085\u2028\u2029]/);
  if (odd >= 0) {
    const message = 'this character is a line break for kubectl and none for newer YAML';
    return broken(problemAt(source, odd, 'yaml-line-break', message, 'write it as an escape: "\\u2028"'));
  }
  try {
    const events = parseEvents(source.text, {});
    if (events.length === 0) return { value: undefined, start: 0, keyOffset: () => undefined, problems: [] };
    const second = events.findIndex((event, index) => index > 0 && event.type === 1);
    if (second >= 0) {
      const end = Math.max(0, source.text.search(/^\.\.\.(?:\s|$)/m));
      const hint = 'begin the next document with ---';
      return broken(
        problemAt(
          source,
          end,
          'yaml-separator',
          'text follows the end of the document (...); kubectl would drop it',
          hint,
        ),
      );
    }
    return readDocument(source, events, { json });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return broken(syntaxProblem(source, error));
  }
}

/** The parser's words for what people meet most, in theirs. */
const plainWords: Record<string, string> = {
  'deficient indentation': 'a [, { or quote before this is not closed, or this line is not indented enough',
  'bad indentation of a mapping entry':
    'this does not fit in the mapping here: the indentation is wrong, or a text with a colon needs quotes',
};

function syntaxProblem(source: SourceText, error: YAMLException): Problem {
  // What is missing at the end of the text is shown at the last thing that is there.
  const offset = Math.min(error.mark?.position ?? 0, Math.max(0, source.text.trimEnd().length - 1));
  const problem = problemAt(source, offset, 'yaml-syntax', plainWords[error.reason] ?? error.reason);
  const line = placeOf(source, error.mark?.position ?? 0).source;
  return /^ *\t/.test(line)
    ? { ...problem, message: 'this line is indented with a tab', hint: 'indent with spaces' }
    : problem;
}
