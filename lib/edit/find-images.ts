import { isDigest, parseImageRef } from '../model/image-ref.ts';
import { editable } from './editable.ts';
import { textOf } from './follow-keys.ts';
import type { MarkerPart } from './marker-name.ts';
import { lineOf } from './source-line.ts';
import { documentsOf, type TreeNode } from './tree.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** A scalar that holds an image, or a part of one. */
export interface ImageScalar {
  part: MarkerPart;
  spot: Spot;
  value: string;
  /** From 1. */
  line: number;
  /** The way to it from the top of its document: keys, and numbers of list items. */
  keys: string[];
}

/** An image as a file names it. */
export interface WrittenImage {
  repository: string;
  tag?: string;
  digest?: string;
  /** What moves with the image: the whole reference, or tag and digest. */
  scalars: ImageScalar[];
  /** Of a kustomization: the entry's name, by which it finds the image in manifests. */
  entry?: string;
}

/** Kinds whose `image` is no container's, or that hold what is not to be read. */
const otherKinds = ['Secret', 'CustomResourceDefinition', 'ImageRepository', 'ImagePolicy', 'ImageUpdateAutomation'];

interface Node {
  node: TreeNode;
  keys: string[];
}

type Mapping = Extract<TreeNode, { kind: 'mapping' }>;

/** Finds the entries of `images` in a kustomization that set a tag or a digest. */
export function imagesOfKustomization(yaml: YamlText): WrittenImage[] {
  return documentsOf(yaml).flatMap((document) => {
    const list = document.kind === 'mapping' ? nodeAt(yaml, document, 'images') : undefined;
    if (list?.kind !== 'list') return [];
    return list.items.flatMap((item, index) =>
      item.kind === 'mapping' ? entryOf(yaml, item, ['images', String(index)]) : [],
    );
  });
}

/**
 * Finds the images of manifests, patches and Helm values: `image: repository:tag`, `repository` (or `image`) with `tag` and `digest` beside it, and the
 * value of a JSON patch of an image. Secrets are not looked into.
 */
export function imagesOfManifest(yaml: YamlText): WrittenImage[] {
  return documentsOf(yaml).flatMap((document) => {
    const kind = document.kind === 'mapping' ? textAt(yaml, document, 'kind') : undefined;
    return kind !== undefined && otherKinds.includes(kind) ? [] : within(yaml, { node: document, keys: [] });
  });
}

function within(yaml: YamlText, { node, keys }: Node): WrittenImage[] {
  if (node.kind === 'list') {
    return node.items.flatMap((item, index) => within(yaml, { node: item, keys: [...keys, String(index)] }));
  }
  if (node.kind !== 'mapping') return [];
  const own = wholeReference(yaml, node, keys) ?? partsBeside(yaml, node, keys) ?? patchValue(yaml, node, keys);
  const below = node.entries.flatMap(({ key, value }) => {
    const name = textOf(yaml, key);
    return name === undefined ? [] : within(yaml, { node: value, keys: [...keys, name] });
  });
  return own === undefined ? below : [own, ...below];
}

function wholeReference(yaml: YamlText, mapping: Mapping, keys: string[]): WrittenImage | undefined {
  return referenceAt(yaml, mapping, 'image', keys);
}

/** `{ op: replace, path: .../image, value: repository:tag }`. */
function patchValue(yaml: YamlText, mapping: Mapping, keys: string[]): WrittenImage | undefined {
  const path = textAt(yaml, mapping, 'path');
  return path?.endsWith('/image') ? referenceAt(yaml, mapping, 'value', keys) : undefined;
}

function referenceAt(yaml: YamlText, mapping: Mapping, key: string, keys: string[]): WrittenImage | undefined {
  const scalar = scalarAt(yaml, mapping, { key, part: 'image', keys });
  const ref = scalar && parseImageRef(scalar.value);
  if (scalar === undefined || ref === undefined || (ref.tag === undefined && ref.digest === undefined))
    return undefined;
  return { ...ref, scalars: [scalar] };
}

/** Helm values, as `helm create` has them: `image: { repository: acme/web, tag: 1.4.2 }`. */
function partsBeside(yaml: YamlText, mapping: Mapping, keys: string[]): WrittenImage | undefined {
  const name = textAt(yaml, mapping, 'repository') ?? textAt(yaml, mapping, 'image');
  const registry = textAt(yaml, mapping, 'registry');
  const repository = name && registry ? `${registry}/${name}` : name;
  const tag = scalarAt(yaml, mapping, { key: 'tag', part: 'tag', keys });
  const read = repository === undefined ? undefined : parseImageRef(repository);
  if (read === undefined || read.tag !== undefined || read.digest !== undefined || !tag) return undefined;
  return fromParts(yaml, mapping, { repository: read.repository, tag, keys });
}

function entryOf(yaml: YamlText, entry: Mapping, keys: string[]): WrittenImage[] {
  const name = textAt(yaml, entry, 'name');
  const repository = textAt(yaml, entry, 'newName') ?? name;
  if (name === undefined || repository === undefined || parseImageRef(repository) === undefined) return [];
  const tag = scalarAt(yaml, entry, { key: 'newTag', part: 'tag', keys });
  const found = fromParts(yaml, entry, { repository, tag, keys });
  return found.scalars.length === 0 ? [] : [{ ...found, entry: name }];
}

function fromParts(
  yaml: YamlText,
  mapping: Mapping,
  { repository, tag, keys }: { repository: string; tag: ImageScalar | undefined; keys: string[] },
): WrittenImage {
  const digest = scalarAt(yaml, mapping, { key: 'digest', part: 'digest', keys });
  const pinned = digest !== undefined && isDigest(digest.value) ? digest : undefined;
  const written = parseImageRef(`image:${tag?.value ?? ''}`);
  return {
    repository,
    ...(written?.tag !== undefined && { tag: written.tag }),
    ...((pinned?.value ?? written?.digest) !== undefined && { digest: pinned?.value ?? written?.digest }),
    scalars: [tag, pinned].filter((scalar) => scalar !== undefined),
  };
}

function scalarAt(
  yaml: YamlText,
  mapping: Mapping,
  { key, part, keys }: { key: string; part: MarkerPart; keys: string[] },
): ImageScalar | undefined {
  const value = nodeAt(yaml, mapping, key);
  if (value?.kind !== 'scalar' || value.spot === undefined) return undefined;
  const scalar = editable(yaml, value.spot);
  if ('reason' in scalar) return undefined;
  return { part, ...scalar, line: lineOf(yaml.text, scalar.spot.start), keys: [...keys, key] };
}

function textAt(yaml: YamlText, mapping: Mapping, key: string): string | undefined {
  const value = nodeAt(yaml, mapping, key);
  return value === undefined ? undefined : textOf(yaml, value) || undefined;
}

function nodeAt(yaml: YamlText, mapping: Mapping, key: string): TreeNode | undefined {
  return mapping.entries.find((entry) => textOf(yaml, entry.key) === key)?.value;
}
