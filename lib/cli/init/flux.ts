import { parseDuration } from '../../config/duration.ts';
import { parentOf, treePath } from '../../model/tree-path.ts';
import type { Candidate, Remark } from './candidate.ts';
import { toName } from './names.ts';
import { isFluxItself, steeringIn } from './steering.ts';
import { type Fields, type FoundObject, fieldsAt, listAt, type Survey, textAt } from './survey.ts';

/** What Flux's objects say. */
export interface FluxFound {
  candidates: Candidate[];
  remarks: Remark[];
}

/** What a Kustomization adds to a path that a sync of windlass.yaml cannot. */
const additions = [
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'images',
  'components',
  'namePrefix',
  'nameSuffix',
];

/** Reads Flux's Kustomization objects as syncs. A cluster is a directory that `flux bootstrap` was given. */
export async function readFlux(survey: Survey): Promise<FluxFound> {
  const all = survey.objects.filter(isKustomizationObject);
  const found: FluxFound = { candidates: [], remarks: [] };
  if (all.length === 0) return found;
  const clusters = clusterDirectories(survey);
  for (const { directory, name } of clusters) {
    for (const object of await objectsOf(survey, directory, all)) {
      await add(survey, found, object, clusters.length > 1 ? name : undefined, name);
    }
  }
  if (clusters.length === 0) {
    const own = all.filter(({ file }) => !isFluxItself(file));
    for (const object of own) {
      const cluster = /^clusters\/([^/]+)\//.exec(object.file)?.[1];
      await add(survey, found, object, undefined, cluster);
    }
  }
  const paths = found.candidates.length;
  if (paths > 0) {
    const message = 'Flux applies the same paths: before the puller is installed, flux suspend kustomization --all';
    found.remarks.push({ about: 'Flux', message });
  }
  return found;
}

/** The directories that clusters are bootstrapped from: each has `flux-system/` in it. */
function clusterDirectories({ files }: Survey): { directory: string; name: string }[] {
  const systems = files.filter(({ path }) => /(?:^|\/)flux-system\/gotk-sync\.ya?ml$/.test(path));
  return systems.map(({ path }) => {
    const directory = parentOf(parentOf(path));
    return { directory, name: toName(directory.split('/').at(-1)!.replace(/^\.$/, 'main')) };
  });
}

/** The Kustomizations that a cluster gets to see: those in its directory, and in the paths that these name. */
async function objectsOf(survey: Survey, directory: string, all: readonly FoundObject[]): Promise<FoundObject[]> {
  const found = new Set<FoundObject>();
  const paths = [directory];
  // The list grows while it is walked: a Kustomization may hold others.
  for (const path of paths) {
    const files = new Set(await survey.reach(path));
    for (const object of all) {
      if (!files.has(object.file) || found.has(object) || isFluxItself(object.file)) continue;
      found.add(object);
      const next = pathOf(object);
      if (next !== undefined && !paths.includes(next)) paths.push(next);
    }
  }
  return [...found];
}

async function add(
  survey: Survey,
  found: FluxFound,
  object: FoundObject,
  environment: string | undefined,
  cluster: string | undefined,
): Promise<void> {
  const from = `Flux Kustomization ${object.namespace ?? 'flux-system'}/${object.name}`;
  const spec = fieldsAt(object.value, 'spec');
  const path = pathOf(object);
  const remark = (message: string) => found.remarks.push({ about: `${object.file}:${object.line}`, message });
  if (path === undefined) return void remark(`${from} has a path that leads out of the repository`);
  const source = sourceElsewhere(survey, spec);
  if (source !== undefined) return void remark(`${from} takes its files from ${source}, which is not this repository`);
  if ((await survey.reach(path)).length === 0) return void remark(`${from} names ${path}, where nothing is`);
  const steering = await steeringIn(survey, path);
  if (steering === 'only') return;
  found.candidates.push({
    ...{ name: toName(object.name), path, from, dependsOn: dependenciesOf(spec) },
    ...(cluster !== undefined && { cluster }),
    ...(environment !== undefined && { environment }),
    ...settingsOf(spec),
    ...limitsOf(spec, steering === 'some'),
  });
}

function settingsOf(spec: Fields): Partial<Candidate> {
  const variables = Object.entries(fieldsAt(spec, 'postBuild', 'substitute')).map(([key, value]) => [
    key,
    String(value),
  ]);
  const wait = textAt(spec, 'timeout');
  const namespace = textAt(spec, 'targetNamespace');
  return {
    ...(variables.length > 0 && { variables: Object.fromEntries(variables) }),
    ...(wait !== undefined && parseDuration(wait) !== undefined && { wait }),
    ...(namespace !== undefined && { namespace }),
    ...(spec['prune'] !== true && { prune: false }),
  };
}

/** What cannot be said in windlass.yaml, and what is to be looked at. */
function limitsOf(spec: Fields, isMixed: boolean): Pick<Candidate, 'notes' | 'off'> {
  const added = additions.filter((key) => spec[key] !== undefined);
  const notes: string[] = [];
  if (spec['suspend'] === true) notes.push('it is suspended in Flux');
  if (textAt(spec, 'serviceAccountName') !== undefined)
    notes.push(`Flux applies it as ${textAt(spec, 'serviceAccountName')}: see serviceAccount in docs/windlass-yaml.md`);
  const reasons = [
    ...(added.length > 0 ? [`Flux adds ${added.join(' and ')}: write them into its kustomization.yaml`] : []),
    ...(listAt(fieldsAt(spec, 'postBuild'), 'substituteFrom').length > 0
      ? ['Flux takes variables from the cluster (substituteFrom): write them under variables']
      : []),
    ...(isMixed ? ['it holds orders for Flux beside other objects: move those into a directory of their own'] : []),
  ];
  return { notes, ...(reasons.length > 0 && { off: reasons.join('; ') }) };
}

function dependenciesOf(spec: Fields): string[] {
  return listAt(spec, 'dependsOn')
    .flatMap((one) => textAt(one, 'name') ?? [])
    .map(toName);
}

/** The source that a Kustomization names, where it is another repository than this. */
function sourceElsewhere({ objects }: Survey, spec: Fields): string | undefined {
  const kind = textAt(fieldsAt(spec, 'sourceRef'), 'kind') ?? 'GitRepository';
  const name = textAt(fieldsAt(spec, 'sourceRef'), 'name') ?? 'flux-system';
  if (kind !== 'GitRepository') return `the ${kind} ${name}`;
  const own = objects.find((one) => isGitRepository(one) && isFluxItself(one.file));
  const named = objects.find((one) => isGitRepository(one) && one.name === name);
  const urls = [own, named].map((one) => one && textAt(fieldsAt(one.value, 'spec'), 'url'));
  return urls[0] !== undefined && urls[1] !== undefined && urls[0] !== urls[1]
    ? `the GitRepository ${name}`
    : undefined;
}

function isGitRepository({ group, kind }: FoundObject): boolean {
  return group === 'source.toolkit.fluxcd.io' && kind === 'GitRepository';
}

function isKustomizationObject({ group, kind }: FoundObject): boolean {
  return group === 'kustomize.toolkit.fluxcd.io' && kind === 'Kustomization';
}

function pathOf({ value }: FoundObject): string | undefined {
  return treePath(textAt(fieldsAt(value, 'spec'), 'path') ?? '.');
}
