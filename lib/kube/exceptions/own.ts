import { nearest } from '../../model/nearest.ts';
import { dependsOnAnnotation } from '../depends-on.ts';
import { type BadValue, oneOf, type ReadValue } from './wish.ts';

/** Our own annotations: they win over those of other tools. */
export const pruneAnnotation = 'windlass.dev/prune';
const applyAnnotation = 'windlass.dev/apply';
export const forceAnnotation = 'windlass.dev/force';
export const ignoreAnnotation = 'windlass.dev/ignore-paths';
export const takeAnnotation = 'windlass.dev/take-paths';

/** How each of our annotations is read. */
export const ownAnnotations: Readonly<Record<string, ReadValue>> = {
  [pruneAnnotation]: oneOf({
    never: { prune: 'never' },
    confirm: { prune: 'confirm' },
    always: { prune: 'always' },
  }),
  [applyAnnotation]: oneOf({
    always: { apply: 'always' },
    merge: { apply: 'merge' },
    once: { apply: 'once' },
    never: { apply: 'never' },
  }),
  [forceAnnotation]: oneOf({ recreate: { recreate: true }, never: { recreate: false } }),
  [ignoreAnnotation]: ignorePaths,
  [takeAnnotation]: takePaths,
};

const prefix = 'windlass.dev/';
/** What a person may write: those for exceptions, for order, and for rendering (docs/render.md). */
const written = [...Object.keys(ownAnnotations), dependsOnAnnotation, `${prefix}substitute`, `${prefix}hook`];
/** Windlass writes this one: an object that was copied out of a cluster has it. */
const ofWindlass = `${prefix}id`;

/** What is wrong with an annotation that begins as ours do and is none: what it is to forbid would be done. Undefined for all others. */
export function unknownAnnotation(key: string): BadValue | undefined {
  if (!key.startsWith(prefix) || key === ofWindlass || written.includes(key)) return undefined;
  const names = written.map((one) => one.slice(prefix.length));
  const near = nearest(key.slice(prefix.length), names);
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${prefix}${near}?`;
  return { key, message: 'there is no such annotation', hint };
}

const pointer = /^(?:\/(?:[^~/]|~[01])*)+$/;

/** Without these an object is another one, or not known as ours any more. */
const needed = [
  '/apiVersion',
  '/kind',
  '/metadata/name',
  '/metadata/namespace',
  '/metadata/labels/windlass.dev~1sync',
  '/metadata/annotations/windlass.dev~1id',
];

function takePaths(value: string): ReturnType<ReadValue> {
  const paths = pathsIn(value, '/spec/replicas,/webhooks/0/clientConfig/caBundle');
  return 'message' in paths ? paths : { takePaths: paths };
}

function ignorePaths(value: string): ReturnType<ReadValue> {
  const paths = pathsIn(value, '/spec/replicas,/data/cert');
  if ('message' in paths) return paths;
  for (const path of paths) {
    const lost = needed.find((one) => one === path || one.startsWith(`${path}/`));
    if (lost !== undefined) return { message: `${path} cannot be ignored`, hint: `Windlass needs ${lost}` };
  }
  return { ignorePaths: paths };
}

function pathsIn(value: string, example: string): string[] | { message: string; hint: string } {
  const paths = value.split(/[\s,]+/).filter((path) => path !== '');
  const hint = `it holds JSON Pointers with commas between them: ${example}`;
  if (paths.length === 0) return { message: 'it names no path', hint };
  const odd = paths.find((path) => !pointer.test(path));
  if (odd !== undefined) return { message: `"${odd}" is no JSON Pointer`, hint };
  return paths;
}
