import { messageOf, type Problem, UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { treePath } from '../model/tree-path.ts';
import { checkKustomization, kustomizationIn } from './kustomization.ts';
import type { ReadObject } from './object-shape.ts';
import type { Kustomizer, SourceTree } from './ports.ts';
import { planSources } from './source-plan.ts';
import { maxFileSize, readObjects } from './yaml.ts';

/** An object that Git declares, and where. */
export interface DesiredObject {
  object: KubeObject;
  /** The file; for what kustomize built, the kustomization's directory. */
  origin: string;
  /** Line of the document, in a plain file only. */
  line?: number;
}

/** What Git says of one path. With a problem among `problems` it is not complete and must not be applied or pruned by. */
export interface Desired {
  revision: string;
  /** In the order of the files. */
  objects: DesiredObject[];
  problems: Problem[];
}

/** What `desired` reads, and with which tools. */
export interface DesiredRequest {
  tree: SourceTree;
  /** A directory of the tree; `.` is its root. */
  path: string;
  kustomizer: Kustomizer;
}

interface Rendered {
  objects: DesiredObject[];
  problems: Problem[];
}

const maxTotalSize = 100_000_000;

/**
 * Git to objects: finds the files of a path, builds its kustomizations, reads all of it as kubectl would, and checks it. Everything that
 * the user can mend is among the problems; only what may pass by itself (a timeout, a tree that cannot be read) is thrown.
 */
export async function desired({ tree, path, kustomizer }: DesiredRequest): Promise<Desired> {
  const directory = treePath(path);
  if (directory === undefined)
    return refused(tree, { code: 'path-outside', message: `the path "${path}" leads out of the repository` });
  const plan = await planSources(tree, directory);
  const plain = await readPlain(tree, plan.plain);
  const built: Rendered[] = [];
  for (const kustomization of plan.kustomizations) built.push(await build(tree, kustomization, kustomizer));
  const parts = [plain, ...built];
  const objects = parts.flatMap((part) => part.objects);
  const problems = [...plan.problems, ...parts.flatMap((part) => part.problems), ...duplicates(objects)];
  if (objects.length === 0 && problems.length === 0) {
    problems.push({
      code: 'path-empty',
      file: directory,
      message: 'the path declares no object',
      hint: 'is it the right path?',
    });
  }
  return { revision: tree.revision, objects, problems };
}

function refused(tree: SourceTree, problem: Problem): Desired {
  return { revision: tree.revision, objects: [], problems: [problem] };
}

async function readPlain(tree: SourceTree, paths: string[]): Promise<Rendered> {
  const rendered: Rendered = { objects: [], problems: [] };
  let total = 0;
  for (const path of paths) {
    const bytes = await tree.read(path);
    total += bytes.length;
    if (total > maxTotalSize) {
      rendered.problems.push({
        code: 'too-large',
        file: path,
        message: 'the files of this path have more than 100 MB up to here',
      });
      break;
    }
    const read = readBytes(bytes, path);
    for (const { object, file, line } of read.objects) rendered.objects.push({ object, origin: file, line });
    for (const problem of read.problems) rendered.problems.push(problem);
  }
  return rendered;
}

function readBytes(bytes: Uint8Array, path: string): { objects: ReadObject[]; problems: Problem[] } {
  // Four bytes a character at most: what is longer than that need not be decoded to be refused.
  if (bytes.length > 4 * maxFileSize) {
    const message = `the file has ${Math.round(bytes.length / 1e6)} MB; up to 10 MB are read`;
    return { objects: [], problems: [{ code: 'file-too-large', file: path, message }] };
  }
  try {
    return readObjects(new TextDecoder('utf-8', { fatal: true }).decode(bytes), path);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      objects: [],
      problems: [{ code: 'not-utf8', file: path, message: 'the file is not UTF-8', hint: 'save it as UTF-8' }],
    };
  }
}

async function build(tree: SourceTree, directory: string, kustomizer: Kustomizer): Promise<Rendered> {
  const problems = await checkKustomization(tree, directory);
  if (problems.length > 0) return { objects: [], problems };
  const file = kustomizationIn(await tree.files(directory), directory)?.path ?? directory;
  try {
    const read = readObjects(await kustomizer.build(tree, directory), file);
    return {
      objects: read.objects.map(({ object }) => ({ object, origin: directory })),
      // Lines of what kustomize wrote would only mislead.
      problems: read.problems.map(({ line, column, source, ...rest }) => ({
        ...rest,
        ...(line && { hint: hintFor(rest.hint, source) }),
      })),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const own =
      error.problems.length > 0 ? [...error.problems] : [{ code: error.code, file, message: messageOf(error) }];
    return { objects: [], problems: own };
  }
}

function hintFor(hint: string | undefined, source: string | undefined): string {
  const built = `in what kustomize built: ${(source ?? '').trim().slice(0, 120)}`;
  return hint === undefined ? built : `${hint} (${built})`;
}

/** Two documents that declare one object: the second would silently win. */
function duplicates(objects: DesiredObject[]): Problem[] {
  const first = new Map<string, DesiredObject>();
  const problems: Problem[] = [];
  for (const declared of objects) {
    const name = nameOf(declared.object);
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, declared);
      continue;
    }
    const elsewhere = [other.origin, other.line].filter((part) => part !== undefined).join(':');
    problems.push({
      code: 'duplicate-object',
      object: name,
      message: `this object is declared twice, here and at ${elsewhere}`,
      file: declared.origin,
      ...(declared.line === undefined ? {} : { line: declared.line, column: 1 }),
    });
  }
  return problems;
}
