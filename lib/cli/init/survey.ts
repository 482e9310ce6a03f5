import { checkKustomization, kustomizationIn } from '../../desired/kustomization.ts';
import type { SourceTree, TreeFile } from '../../desired/ports.ts';
import { planSources } from '../../desired/source-plan.ts';
import { placeOf } from '../../desired/source-text.ts';
import { readDocuments } from '../../desired/yaml.ts';
import type { Json } from '../../desired/yaml-document.ts';
import { each } from '../../model/each.ts';
import type { Problem } from '../../model/errors.ts';
import { kustomizationNames } from '../../model/kustomization-names.ts';
import { groupOf } from '../../model/object-id.ts';
import { isWithin, parentOf } from '../../model/tree-path.ts';

/** A mapping of a YAML document. */
export type Fields = { [key: string]: Json };

/** An object of Kubernetes that a file declares. */
export interface FoundObject {
  file: string;
  /** Of its document, from 1. */
  line: number;
  /** Empty for the core group. */
  group: string;
  kind: string;
  name: string;
  namespace?: string;
  value: Fields;
}

/** A directory that kustomize builds. */
export interface FoundKustomization {
  directory: string;
  file: string;
  value: Fields;
}

/** What there is in a repository that may belong in a cluster. */
export interface Survey {
  tree: SourceTree;
  /** Without hidden ones. */
  files: TreeFile[];
  objects: FoundObject[];
  kustomizations: FoundKustomization[];
  /** Directories with a Chart.yaml. */
  charts: string[];
  /** Files that look like manifests and cannot be read, one problem each. */
  unreadable: Problem[];
  /** The files that a path consists of: what its kustomizations build on, its manifests, its charts' values. */
  reach(path: string): Promise<string[]>;
}

/** Larger files are not looked into: nobody writes them by hand. In bytes. */
const largest = 2_000_000;

/** Reads all YAML and JSON of a repository once. A file that cannot be read is named, and the rest goes on. */
export async function survey(tree: SourceTree): Promise<Survey> {
  const files = (await tree.files('.')).filter(({ path }) => !path.split('/').some((name) => name.startsWith('.')));
  const charts = files.filter(({ path }) => nameIn(path) === 'Chart.yaml').map(({ path }) => parentOf(path));
  const found: Survey = { tree, files, objects: [], kustomizations: [], charts, unreadable: [], reach: reachOf(tree) };
  const candidates = files.filter((file) => mayTell(file) && !charts.some((chart) => isWithin(chart, file.path)));
  const texts = await each(candidates, 16, async ({ path }) => ({
    path,
    text: new TextDecoder().decode(await tree.read(path)),
  }));
  for (const { path, text } of texts) look(found, path, text);
  return found;
}

function mayTell({ path, kind, size }: TreeFile): boolean {
  return kind === 'file' && size <= largest && (/\.(?:ya?ml|json)$/.test(path) || isKustomization(path));
}

function look(found: Survey, path: string, text: string): void {
  const builds = isKustomization(path);
  const declares = /(?:^|[\s"'{,])["']?apiVersion["']?\s*:/m.test(text) && /["']?kind["']?\s*:/.test(text);
  if (!builds && !declares) return;
  const { documents, problems } = readDocuments(text, path);
  if (problems[0] !== undefined) found.unreadable.push(problems[0]);
  for (const document of documents) {
    const value = document.value;
    if (!isFields(value)) continue;
    if (builds) {
      found.kustomizations.push({ directory: parentOf(path), file: path, value });
      return;
    }
    const object = objectOf(value);
    if (object === undefined) continue;
    found.objects.push({ ...object, file: path, line: placeOf(document.source, document.start).line });
  }
}

function objectOf(value: Fields): Omit<FoundObject, 'file' | 'line'> | undefined {
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isFields(metadata)) return undefined;
  const { name, namespace } = metadata;
  if (typeof name !== 'string') return undefined;
  return {
    ...{ group: groupOf(apiVersion), kind, name, value },
    ...(typeof namespace === 'string' && { namespace }),
  };
}

/** Remembers what was asked: several syncs build on one base. */
function reachOf(tree: SourceTree): Survey['reach'] {
  const known = new Map<string, Promise<string[]>>();
  return (path) => {
    const asked = known.get(path) ?? findReach(tree, path);
    known.set(path, asked);
    return asked;
  };
}

async function findReach(tree: SourceTree, path: string): Promise<string[]> {
  const all = await tree.files('.');
  const there = new Set(all.map((file) => file.path));
  const { plain, kustomizations } = await planSources(tree, path);
  const files = new Set(plain);
  for (const directory of kustomizations) {
    for (const input of (await checkKustomization(tree, directory)).inputs) {
      const file = there.has(input) ? input : kustomizationIn(all, input)?.path;
      if (file !== undefined) files.add(file);
    }
  }
  return [...files];
}

/** True for the file that makes a directory a kustomization. */
export function isKustomization(path: string): boolean {
  return kustomizationNames.includes(nameIn(path));
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** True for a mapping. */
export function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping at a way of keys; an empty one where there is none. */
export function fieldsAt(value: Json | undefined, ...keys: string[]): Fields {
  const found = keys.reduce<Json | undefined>((at, key) => (isFields(at) ? at[key] : undefined), value);
  return isFields(found) ? found : {};
}

/** The text of a key; undefined where there is none. */
export function textAt(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The list of mappings of a key. */
export function listAt(fields: Fields, key: string): Fields[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter(isFields) : [];
}
