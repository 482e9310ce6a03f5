import { loadAll, YAMLException } from 'js-yaml';
import { messageOf, type Problem } from '../model/errors.ts';
import { fluxToken, isFluxPolicy, isFluxRepository } from './from-flux.ts';

type Fields = Record<string, unknown>;

/** An ImagePolicy or ImageRepository of Flux, reduced to what a policy is made of. JSON. */
export interface FluxObject {
  apiVersion: string;
  kind: 'ImagePolicy' | 'ImageRepository';
  /** Without a namespace where a kustomization sets it. */
  metadata: { name: string; namespace?: string };
  spec: Fields;
}

/** Larger files are not read: a policy is a few lines. In UTF-16 units. */
const longest = 5 * 1024 * 1024;

/** In one object, aliases expanded. */
const mostNodes = 2000;
/** No policy is nested deeper; a circle is, and would use up the stack before the values are counted. */
const deepest = 20;

const specKeys = [
  'imageRepositoryRef',
  'policy',
  'filterTags',
  'digestReflectionPolicy',
  'image',
  'exclusionList',
  'suspend',
];

/**
 * Picks the image objects of Flux out of a file: of any document, and of a `List`. Never throws: what cannot be read is a problem, and only
 * in a file that holds such objects by its words. A file without `fluxToken` in it is not even parsed.
 */
export function readFluxObjects(text: string, file: string): { objects: FluxObject[]; problems: Problem[] } {
  if (!text.includes(fluxToken) || !/Image(?:Policy|Repository)/.test(text)) return { objects: [], problems: [] };
  const { documents, problems } = parseDocuments(text, file, longest);
  const found = documents.flatMap(withItems).filter((value) => isFluxPolicy(value) || isFluxRepository(value));
  const objects: FluxObject[] = [];
  for (const value of found) {
    const object = reduced(value);
    if ('kind' in object) objects.push(object);
    else problems.push({ code: 'flux-object', file, message: `the ${String(value['kind'])} of Flux ${object.why}` });
  }
  return { objects, problems };
}

/** The documents of a YAML or JSON text; none, and a problem with its place, where it does not parse. `limit` is in UTF-16 units. */
export function parseDocuments(
  text: string,
  file: string,
  limit: number,
): { documents: unknown[]; problems: Problem[] } {
  if (text.length > limit) {
    const message = `is larger than ${limit / 1024 / 1024} MB`;
    return { documents: [], problems: [{ code: 'file-too-large', message, file }] };
  }
  try {
    return { documents: loadAll(text, { maxAliases: 100 }), problems: [] };
  } catch (error) {
    return { documents: [], problems: [problemOf(error, text, file)] };
  }
}

function problemOf(error: unknown, text: string, file: string): Problem {
  if (!(error instanceof YAMLException) || error.mark === undefined) {
    return { code: 'yaml-syntax', message: messageOf(error), file };
  }
  const { line, column } = error.mark;
  const source = text.split(/\r?\n/)[line];
  return { code: 'yaml-syntax', message: error.reason, file, line: line + 1, column: column + 1, source };
}

/** The items of a `List` (of any kind that ends so, as in `ImagePolicyList`), else the document itself. */
function withItems(document: unknown): unknown[] {
  if (!isFields(document) || !Array.isArray(document['items'])) return [document];
  return String(document['kind']).endsWith('List') ? document['items'] : [document];
}

function reduced(value: Fields): FluxObject | { why: string } {
  const { apiVersion, kind, metadata } = value;
  if (!isFields(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '')
    return { why: 'has no name' };
  const { name, namespace } = metadata;
  const all = isFields(value['spec']) ? value['spec'] : {};
  const kept = Object.fromEntries(specKeys.filter((key) => Object.hasOwn(all, key)).map((key) => [key, all[key]]));
  const spec = copyWithin({ left: mostNodes }, kept);
  if (!isFields(spec)) return { why: `"${name}" is larger than any policy: it has more than ${mostNodes} values` };
  return {
    apiVersion: String(apiVersion),
    kind: kind as FluxObject['kind'],
    metadata: typeof namespace === 'string' && namespace !== '' ? { name, namespace } : { name },
    spec,
  };
}

/** A copy with all aliases expanded, so that it is JSON; undefined where that is too much, or without an end. */
function copyWithin(budget: { left: number }, value: unknown, depth = 0): unknown {
  budget.left -= depth > deepest ? Number.POSITIVE_INFINITY : 1;
  if (budget.left < 0) return undefined;
  if (typeof value !== 'object' || value === null) return value;
  const copied = Object.entries(value).map(([key, entry]) => [key, copyWithin(budget, entry, depth + 1)] as const);
  if (budget.left < 0) return undefined;
  return Array.isArray(value) ? copied.map(([, entry]) => entry) : Object.fromEntries(copied);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
