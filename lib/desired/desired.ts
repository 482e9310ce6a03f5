import type { HelmSpec, Variables } from '../config/config.ts';
import { messageOf, type Problem, UserError } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';
import { treePath } from '../model/tree-path.ts';
import { renderChart } from './chart.ts';
import type { DesiredObject, Rendered } from './desired-object.ts';
import { checkKustomization, kustomizationIn } from './kustomization.ts';
import type { ReadObject } from './object-shape.ts';
import type { Kustomizer, Renderers, SourceTree } from './ports.ts';
import { planSources } from './source-plan.ts';
import { substituteAll } from './variable-places.ts';
import { maxFileSize, readObjects } from './yaml.ts';

export type { DesiredObject } from './desired-object.ts';

/** What Git says of one path. With a problem among `problems` it is not complete and must not be applied or pruned by. */
export interface Desired {
  revision: string;
  /** In the order of the files. */
  objects: DesiredObject[];
  problems: Problem[];
  /** Every directory and file of the tree that it depends on; a directory stands for all below it. */
  inputs: string[];
}

/** Which part of the tree, and with which tools. */
export interface DesiredRequest extends Renderers {
  tree: SourceTree;
  /** A directory of the tree; `.` is its root. */
  path: string;
  /** The chart that is rendered in place of the path's manifests. */
  chart?: HelmSpec;
  /** Replaces `${NAME}`; absent: it is left as it is. */
  variables?: Variables;
}

const maxTotalSize = 100_000_000;
/** As many as an applied record holds. */
const maxObjects = 20_000;

/**
 * Git to objects: finds the files of a path, builds its kustomizations or its chart, reads all of it as kubectl would, and checks it.
 * Everything that the user can mend is among the problems; only what may pass by itself (a timeout, a tree that cannot be read) is thrown.
 */
export async function desired(request: DesiredRequest): Promise<Desired> {
  const { tree, path, variables } = request;
  const directory = treePath(path);
  if (directory === undefined)
    return refused(tree, { code: 'path-outside', message: `the path "${path}" leads out of the repository` });
  const read = await readSources(request, directory);
  const { objects, problems } = variables === undefined ? read : await withVariables(tree, read, variables);
  const all = [...problems, ...duplicates(objects), ...tooMany(objects, directory)];
  if (objects.length === 0 && all.length === 0) {
    all.push({
      code: 'path-empty',
      file: directory,
      message: 'the path declares no object',
      hint: 'is it the right path?',
    });
  }
  return { revision: tree.revision, objects, problems: all, inputs: read.inputs };
}

async function readSources(request: DesiredRequest, directory: string): Promise<Rendered> {
  const { tree, chart, kustomizer } = request;
  if (chart !== undefined) return await renderChart(tree, chart, request);
  const plan = await planSources(tree, directory);
  const parts: Rendered[] = [await readPlain(tree, plan.plain)];
  for (const kustomization of plan.kustomizations) parts.push(await build(tree, kustomization, kustomizer));
  return {
    objects: parts.flatMap((part) => part.objects),
    problems: [...plan.problems, ...parts.flatMap((part) => part.problems)],
    inputs: [...new Set([directory, ...plan.inputs, ...parts.flatMap((part) => part.inputs)])],
  };
}

async function withVariables(
  tree: SourceTree,
  read: Rendered,
  variables: Variables,
): Promise<Omit<Rendered, 'inputs'>> {
  const { objects, problems } = await substituteAll(tree, read.objects, variables, read.inputs);
  return { objects, problems: [...read.problems, ...problems] };
}

function tooMany(objects: readonly DesiredObject[], path: string): Problem[] {
  if (objects.length <= maxObjects) return [];
  const message = `the path declares ${objects.length} objects; up to ${maxObjects} are applied`;
  return [{ code: 'too-many-objects', file: path, message, hint: 'split the sync' }];
}

function refused(tree: SourceTree, problem: Problem): Desired {
  return { revision: tree.revision, objects: [], problems: [problem], inputs: [] };
}

async function readPlain(tree: SourceTree, paths: string[]): Promise<Rendered> {
  const rendered: Rendered = { objects: [], problems: [], inputs: paths };
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
  const { problems, inputs } = await checkKustomization(tree, directory);
  if (problems.length > 0) return { objects: [], problems, inputs };
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
      inputs,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const own =
      error.problems.length > 0 ? [...error.problems] : [{ code: error.code, file, message: messageOf(error) }];
    return { objects: [], problems: own, inputs };
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
