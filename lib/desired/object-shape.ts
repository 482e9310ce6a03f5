import type { Problem } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { nearest } from '../model/nearest.ts';
import { encryptedValueOf, isEncrypted } from './encrypted.ts';
import { lfsHint, lfsPointerIn } from './lfs.ts';
import { placeOf, problemAt } from './source-text.ts';
import type { Json, YamlDocument } from './yaml-document.ts';

/** An object, and the line its document begins at. */
export interface ReadObject {
  object: KubeObject;
  file: string;
  line: number;
}

/** More problems of one document than these are not told: they have one cause. */
const mostProblems = 50;

type Mapping = { [key: string]: Json };

/**
 * Checks that a document is an object with apiVersion, kind and a name, and takes lists apart. A document without one of them is a
 * problem and never skipped: what is skipped would be pruned.
 */
export function checkObject(document: YamlDocument): { objects: ReadObject[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const objects: ReadObject[] = [];
  const found = isMapping(document.value) ? flatten(document.value) : [document.value];
  for (const value of found) {
    if (problems.length >= mostProblems) break;
    const wrong = problemsOf(document, value);
    problems.push(...wrong.slice(0, mostProblems - problems.length));
    if (wrong.length > 0) continue;
    // The checks above make it one.
    const object = value as unknown as KubeObject;
    objects.push({ object, file: document.source.file, line: lineOf(document, value as Mapping) });
  }
  return { objects, problems };
}

/** The items of a `List` or a list of one kind (`ConfigMapList`), which may leave out what the list says. */
function flatten(value: Mapping): Json[] {
  const { kind, apiVersion, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [value];
  const itemKind = kind.slice(0, -'List'.length);
  return items.flatMap((item) => {
    if (!isMapping(item)) return [item];
    if (itemKind !== '' && item['kind'] === undefined && typeof apiVersion === 'string') {
      item['kind'] = itemKind;
      item['apiVersion'] ??= apiVersion;
    }
    return flatten(item);
  });
}

function problemsOf(document: YamlDocument, value: Json): Problem[] {
  if (!isMapping(value)) {
    return [
      problemAt(
        document.source,
        document.start,
        'not-an-object',
        'a document must be a mapping with apiVersion, kind and metadata',
      ),
    ];
  }
  if (isEncrypted(value)) {
    const message = 'this document is encrypted with SOPS; it would be applied as it is';
    return [
      at(document, value, 'sops', {
        code: 'encrypted',
        message,
        hint: 'keep it out of the path: Windlass does not decrypt',
      }),
    ];
  }
  const encrypted = encryptedValueOf(value);
  if (encrypted !== undefined) {
    const message = `the value at ${encrypted} is encrypted with SOPS; it would be applied as it is`;
    return [
      at(document, value, encrypted.split('/')[1]!, { code: 'encrypted', message, hint: 'Windlass does not decrypt' }),
    ];
  }
  const pointer = lfsPointerIn(value);
  if (pointer !== undefined) {
    const message = `the value at ${pointer} is the pointer of a file that is kept in Git LFS`;
    return [at(document, value, pointer.split('/')[1]!, { code: 'lfs-pointer', message, hint: lfsHint })];
  }
  return [
    ...needText(document, value, 'apiVersion'),
    ...needText(document, value, 'kind'),
    ...metadataProblems(document, value),
  ];
}

function needText(document: YamlDocument, value: Mapping, key: 'apiVersion' | 'kind'): Problem[] {
  const text = value[key];
  if (typeof text === 'string' && text !== '') return [];
  if (text !== undefined) return [at(document, value, key, { code: 'bad-object', message: `${key} must be a text` })];
  const near = nearest(key, Object.keys(value));
  const hint = near === undefined ? undefined : `did you mean "${key}" instead of "${near}"?`;
  return [at(document, value, near ?? key, { code: 'bad-object', message: `the document has no ${key}`, hint })];
}

function metadataProblems(document: YamlDocument, value: Mapping): Problem[] {
  const { metadata } = value;
  if (!isMapping(metadata)) {
    return [
      at(document, value, 'metadata', { code: 'bad-object', message: 'the document has no metadata with a name' }),
    ];
  }
  const problems: Problem[] = [];
  const wrong = (key: string, message: string, hint?: string) =>
    problems.push(at(document, metadata, key, { code: 'bad-object', message, hint }, value));
  const { name, namespace, generateName } = metadata;
  if ((name === undefined || name === null) && generateName !== undefined) {
    wrong('generateName', 'generateName gives a new object at each apply', 'write a name');
  } else if (name === undefined || name === null || name === '') wrong('name', 'the document has no metadata.name');
  else if (typeof name !== 'string') wrong('name', 'metadata.name must be a text', 'quote it');
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') {
    wrong('namespace', 'metadata.namespace must be a text', 'quote it');
  }
  for (const field of ['labels', 'annotations'] as const)
    problems.push(...textMapProblems(document, value, metadata, field));
  return problems;
}

function textMapProblems(document: YamlDocument, value: Mapping, metadata: Mapping, field: string): Problem[] {
  const map = metadata[field];
  if (map === undefined || map === null) return [];
  if (!isMapping(map))
    return [at(document, metadata, field, { code: 'bad-object', message: `${field} must be a mapping` }, value)];
  return Object.entries(map)
    .filter(([, item]) => typeof item !== 'string' && item !== null)
    .slice(0, mostProblems)
    .map(([key]) => {
      const message = `the value of "${key}" in ${field} must be a text`;
      return at(document, map, key, { code: 'bad-object', message, hint: 'quote it' }, value);
    });
}

/** A problem at a key of a mapping; at the mapping, or the object around it, where the key is not written there. */
function at(
  document: YamlDocument,
  mapping: Mapping,
  key: string,
  problem: { code: string; message: string; hint?: string },
  around: Mapping = mapping,
): Problem {
  const offset =
    document.keyOffset(mapping, key) ??
    firstOffset(document, mapping) ??
    firstOffset(document, around) ??
    document.start;
  const named = [around['kind'], isMapping(around['metadata']) ? around['metadata']['name'] : undefined];
  const object = named.every((part) => typeof part === 'string') ? named.join('/') : undefined;
  return {
    ...problemAt(document.source, offset, problem.code, problem.message, problem.hint),
    ...(object && { object }),
  };
}

function firstOffset(document: YamlDocument, mapping: Mapping): number | undefined {
  for (const key of Object.keys(mapping)) {
    const offset = document.keyOffset(mapping, key);
    if (offset !== undefined) return offset;
  }
  return undefined;
}

function lineOf(document: YamlDocument, mapping: Mapping): number {
  return placeOf(document.source, firstOffset(document, mapping) ?? document.start).line;
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
