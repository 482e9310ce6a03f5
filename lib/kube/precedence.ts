import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import { orderWishOf } from './depends-on.ts';

/** Which of a sync's objects come before which others, because their annotations say so. */
export interface Precedence {
  objects: ReadonlyMap<string, KubeObject>;
  /** What each object waits for: what it names, and all objects of the wave before its own. Some may not be there. */
  needs: ReadonlyMap<string, readonly string[]>;
  /** What each object, and each wave, comes after: also its namespace and its CRD, where the sync has them. */
  before: ReadonlyMap<string, readonly string[]>;
  waves: ReadonlyMap<string, number>;
}

/** Reads the annotations of all objects of a sync. */
export function precedenceOf(all: readonly KubeObject[]): Precedence {
  // By name, so that nothing depends on the order of the files, not even which of two cycles is found.
  const byName = all
    .map((object): [string, KubeObject] => [nameOf(object), object])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const objects = new Map(byName);
  const wishes = new Map([...objects].map(([name, object]) => [name, orderWishOf(object)]));
  const crds = crdsIn(all);
  const basis = new Map([...objects].map(([name, object]) => [name, basisOf(object, objects, crds)]));
  const waves = new Map([...wishes].map(([name, { wave }]) => [name, wave]));
  // What others cannot be without comes with the first of them, as Argo CD has it.
  for (const [name, first] of basis)
    for (const one of first) waves.set(one, Math.min(waves.get(one)!, wishes.get(name)!.wave));
  const members = Map.groupBy(objects.keys(), (name) => waves.get(name)!);
  const inOrder = [...members.keys()].sort((a, b) => a - b);
  const waveBefore = new Map(inOrder.map((wave, index) => [wave, inOrder[index - 1]]));
  const needs = new Map<string, readonly string[]>();
  const before = new Map<string, readonly string[]>(inOrder.map((wave) => [waveNode(wave), members.get(wave)!]));
  for (const [name, { after }] of wishes) {
    const last = waveBefore.get(waves.get(name)!);
    if (last !== undefined)
      needs.set(name, after.length === 0 ? members.get(last)! : [...after, ...members.get(last)!]);
    else if (after.length > 0) needs.set(name, after);
    before.set(name, [...after, ...basis.get(name)!, ...(last === undefined ? [] : [waveNode(last)])]);
  }
  return { objects, needs, before, waves };
}

/** Stands for all objects of a wave. No object has such a name. */
function waveNode(wave: number): string {
  return `wave ${wave}`;
}

/** Without these the API server refuses the object, so they go wherever an annotation puts it. */
function basisOf(
  { apiVersion, kind, metadata }: KubeObject,
  objects: ReadonlyMap<string, KubeObject>,
  crds: ReadonlyMap<string, string>,
): string[] {
  const namespace = `Namespace/${metadata.namespace ?? ''}`;
  const crd = crds.get(`${groupOf(apiVersion)}/${kind}`);
  return [...(objects.has(namespace) ? [namespace] : []), ...(crd === undefined ? [] : [crd])];
}

function crdsIn(all: readonly KubeObject[]): Map<string, string> {
  const crds = all.filter(
    ({ apiVersion, kind }) => kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io',
  );
  return new Map(
    crds.map((crd) => {
      const { group, names } = (crd['spec'] ?? {}) as { group?: string; names?: { kind?: string } };
      return [`${group}/${names?.kind}`, nameOf(crd)];
    }),
  );
}
