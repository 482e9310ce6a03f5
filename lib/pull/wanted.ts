import type { SyncSpec } from '../config/config.ts';
import type { DesiredObject } from '../desired/desired.ts';
import type { SourceTree } from '../desired/ports.ts';
import { normalise } from '../kube/normalise.ts';
import { type Problem, UserError } from '../model/errors.ts';
import { type KubeObject, nameOf } from '../model/kube-object.ts';
import { groupOf } from '../model/object-id.ts';
import type { Cluster, Renderer, Resource } from './ports.ts';

/** An object that Git wants, ready to be applied. */
export interface WantedObject {
  id: string;
  /** Normalised, in its namespace. */
  object: KubeObject;
  resource: Resource;
  /** False when only a CRD of the same sync declares the kind: nothing of it can be in the cluster yet. */
  served: boolean;
  /** Where Git declares it; the line where there is one. */
  origin: string;
  line?: number;
}

/** What Git wants of one sync in this cluster. */
export interface Wanted {
  objects: WantedObject[];
  /** Objects that cannot be applied as they are; the others can. */
  problems: Problem[];
}

/** Renders a sync and finds the place of each object. Throws `UserError` with all problems when it cannot be rendered as a whole. */
export async function readWanted(
  tree: SourceTree,
  sync: SyncSpec,
  renderer: Renderer,
  cluster: Cluster,
): Promise<Wanted> {
  const { objects, problems } = await renderer.render(tree, sync, { fresh: true });
  if (problems.length > 0) {
    throw new UserError(`sync ${sync.name} cannot be rendered at ${tree.revision}: nothing was applied`, {
      code: 'render',
      subject: sync.name,
      problems,
    });
  }
  const kinds = await resolveKinds(
    objects.map(({ object }) => object),
    cluster,
  );
  const wanted: Wanted = { objects: [], problems: [] };
  for (const declared of objects) {
    const placed = place(declared, kinds.get(kindKey(declared.object)), sync);
    if ('problem' in placed) wanted.problems.push(placed.problem);
    else wanted.objects.push(placed.wanted);
  }
  return wanted;
}

interface Kind {
  resource: Resource;
  served: boolean;
}

async function resolveKinds(objects: KubeObject[], cluster: Cluster): Promise<Map<string, Kind | undefined>> {
  const samples = new Map(objects.map((object) => [kindKey(object), object]));
  const declared = new Map(objects.filter(isCrd).map((crd) => [crdKey(crd), crd]));
  const resolved = [...samples].map(async ([key, { apiVersion, kind }]): Promise<[string, Kind | undefined]> => {
    const resource = await cluster.resource(apiVersion, kind);
    if (resource !== undefined) return [key, { resource, served: true }];
    const crd = declared.get(`${groupOf(apiVersion)} ${kind}`);
    return [key, crd === undefined ? undefined : { resource: resourceOf(crd, apiVersion), served: false }];
  });
  return new Map(await Promise.all(resolved));
}

function place(
  { object, origin, line }: DesiredObject,
  kind: Kind | undefined,
  sync: SyncSpec,
): { wanted: WantedObject } | { problem: Problem } {
  const where = { object: nameOf(object), file: origin, ...(line === undefined ? {} : { line }) };
  if (kind === undefined) {
    const message = `the API server does not know ${object.kind} of ${object.apiVersion}`;
    return {
      problem: {
        ...where,
        code: 'unknown-kind',
        message,
        hint: 'is its CRD in this sync, or applied by a sync before it?',
      },
    };
  }
  const { namespace, ...metadata } = object.metadata;
  if (kind.resource.namespaced && !namespace) {
    const hint = 'write metadata.namespace, or "namespace:" in its kustomization.yaml';
    return { problem: { ...where, code: 'no-namespace', message: `${object.kind} needs a namespace`, hint } };
  }
  const placed = kind.resource.namespaced ? object : { ...object, metadata };
  const normal = normalise(placed, { sync: sync.name });
  return { wanted: { id: nameOf(normal), object: normal, ...kind, origin, ...(line !== undefined && { line }) } };
}

function kindKey({ apiVersion, kind }: KubeObject): string {
  return `${apiVersion} ${kind}`;
}

/** True for the kind that declares kinds. */
export function isCrd(object: KubeObject): boolean {
  return object.kind === 'CustomResourceDefinition' && groupOf(object.apiVersion) === 'apiextensions.k8s.io';
}

interface CrdSpec {
  group?: string;
  scope?: string;
  names?: { kind?: string; plural?: string };
}

function crdKey(crd: KubeObject): string {
  const { group, names } = (crd['spec'] ?? {}) as CrdSpec;
  return `${group} ${names?.kind}`;
}

function resourceOf(crd: KubeObject, apiVersion: string): Resource {
  const { scope, names } = (crd['spec'] ?? {}) as CrdSpec;
  return { apiVersion, kind: names?.kind ?? '', plural: names?.plural ?? '', namespaced: scope === 'Namespaced' };
}
