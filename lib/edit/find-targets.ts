import { editable } from './editable.ts';
import { followKeys, textOf } from './follow-keys.ts';
import { keysOfPath, keysOfPointer } from './key-path.ts';
import type { MarkerPart } from './marker-name.ts';
import type { HelmValuesTarget, KustomizationTarget, PolicyTarget, Target } from './target.ts';
import { documentsOf, firstSpot, type TreeNode } from './tree.ts';
import type { Spot, YamlText } from './yaml-text.ts';

/** A scalar that a target names. */
export interface TargetPlace {
  part: MarkerPart;
  spot: Spot;
  value: string;
}

/** What a target is in a file: its scalars, or what keeps all of it from being edited. `near` is close to the trouble. */
export type FoundTarget = { places: TargetPlace[] } | { reason: string; near?: Spot };

/** Thrown inside this file for the first trouble of a target. */
class Trouble extends Error {
  readonly near?: Spot;
  constructor(reason: string, near?: Spot) {
    super(reason);
    this.near = near;
  }
}

/** Finds the scalars of a target in a file that was read. A target is one thing: when one scalar of it cannot be edited, none is. */
export function findTarget(yaml: YamlText, { repository, target }: PolicyTarget): FoundTarget {
  const documents = documentsOf(yaml);
  try {
    if (target.kind === 'kustomization') return { places: imageEntry(yaml, documents, target.name ?? repository) };
    return { places: scalarsOf(target).map((scalar) => scalarAt(yaml, documents, scalar)) };
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return { reason: error.message, near: error.near };
  }
}

interface NamedScalar {
  part: MarkerPart;
  /** As it was written. */
  words: string;
  keys: string[];
}

function scalarsOf(target: Exclude<Target, KustomizationTarget>): NamedScalar[] {
  if (target.kind === 'helm-values') return helmScalars(target);
  const keys = keysOfPointer(target.at);
  if (keys === undefined) throw new Trouble('this is no JSON Pointer, as in /spec/image');
  return [{ part: target.part, words: target.at, keys }];
}

function helmScalars(target: HelmValuesTarget): NamedScalar[] {
  return (['image', 'name', 'tag', 'digest'] as const).flatMap((part) => {
    const words = target[part];
    return words === undefined ? [] : [{ part, words, keys: keysOfPath(words) }];
  });
}

function scalarAt(yaml: YamlText, documents: readonly TreeNode[], { part, words, keys }: NamedScalar): TargetPlace {
  const followed = documents.map((document) => followKeys(yaml, document, keys));
  const found = followed.flatMap((one, index) => ('node' in one ? [{ ...one, number: index + 1 }] : []));
  if (found.length > 1) {
    const numbers = found.map(({ number }) => number).join(' and ');
    throw new Trouble(`"${words}" is in the documents ${numbers} of the file, and may be in one only`, found[0]!.near);
  }
  if (found[0] !== undefined) return place(yaml, found[0].node, { part, words, near: found[0].near });
  const missing = followed.flatMap((one) => ('node' in one ? [] : [one])).sort((a, b) => b.depth - a.depth)[0];
  if (missing === undefined) throw new Trouble('the file is empty');
  const within = missing.depth === 0 ? '' : `, looking for "${words}"`;
  throw new Trouble(`${missing.reason}${within}`, missing.near);
}

function place(
  yaml: YamlText,
  node: TreeNode,
  { part, words, near }: { part: MarkerPart; words: string; near?: Spot },
): TargetPlace {
  if (node.kind === 'mapping' || node.kind === 'list') {
    throw new Trouble(`"${words}" is a ${node.kind}, not a single value`, near);
  }
  if (node.kind === 'alias') throw new Trouble(`"${words}" is an alias: name the place where its anchor is`, near);
  if (node.spot === undefined) throw new Trouble(`"${words}" has no value: write "" to have it set`, near);
  const scalar = editable(yaml, node.spot);
  if ('reason' in scalar) throw new Trouble(`"${words}" cannot be set: ${scalar.reason}`, near);
  // To write the tag alone would take away the pin, and leave the image to whoever moves the tag.
  if (part === 'tag' && scalar.value.includes('@')) {
    throw new Trouble(`"${words}" holds a digest behind the tag: give the digest a key of its own`, near);
  }
  return { part, ...scalar };
}

const imageKeys = { newName: 'name', newTag: 'tag', digest: 'digest' } as const;

function imageEntry(yaml: YamlText, documents: readonly TreeNode[], name: string): TargetPlace[] {
  const lists = documents.map((document) => followKeys(yaml, document, ['images']));
  const list = lists.find((one) => 'node' in one) ?? lists[0];
  if (list === undefined) throw new Trouble('the file is empty');
  if ('reason' in list) throw new Trouble(list.reason, list.near);
  if (list.node.kind !== 'list') throw new Trouble('"images" is no list', list.near);
  const entries = list.node.items.filter((item) => nameIn(yaml, item) === name);
  if (entries.length !== 1) {
    const second = entries[1] === undefined ? list.near : firstSpot(entries[1]);
    const known = list.node.items.flatMap((item) => nameIn(yaml, item) ?? []).slice(0, 10);
    const there = known.length === 0 ? '' : `, there is ${known.join(', ')}`;
    throw new Trouble(
      entries.length > 1 ? 'there are two entries of that name' : `there is no such entry${there}`,
      second,
    );
  }
  return placesOf(yaml, entries[0]!);
}

/** The keys that the entry has. An entry of neither tag nor digest pins nothing. */
function placesOf(yaml: YamlText, entry: TreeNode): TargetPlace[] {
  const places = Object.entries(imageKeys).flatMap(([key, part]) => {
    const found = followKeys(yaml, entry, [key]);
    if ('node' in found) return [place(yaml, found.node, { part, words: key, near: found.near })];
    if (entry.kind === 'mapping' && entry.entries.some((one) => textOf(yaml, one.key) === key)) {
      throw new Trouble(found.reason, found.near);
    }
    return [];
  });
  if (places.some(({ part }) => part !== 'name')) return places;
  throw new Trouble('the entry has neither newTag nor digest', firstSpot(entry));
}

function nameIn(yaml: YamlText, item: TreeNode): string | undefined {
  const found = followKeys(yaml, item, ['name']);
  return 'node' in found ? textOf(yaml, found.node) : undefined;
}
