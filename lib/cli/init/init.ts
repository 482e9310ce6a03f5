import type { Renderers, SourceTree } from '../../desired/ports.ts';
import type { Problem } from '../../model/errors.ts';
import { readFluxObjects } from '../../policy/flux-objects.ts';
import { fluxPolicyFor, policiesOfFlux } from '../../policy/flux-policies.ts';
import { fluxToken } from '../../policy/from-flux.ts';
import { readArgo, repositoryIn } from './argo.ts';
import type { Candidate, Remark } from './candidate.ts';
import type { ProposedCluster, ProposedEnvironment } from './clusters.ts';
import { readFlux } from './flux.ts';
import { automations } from './flux-automation.ts';
import { readHelmReleases } from './helm-releases.ts';
import { imagePlaces, type ProposedImage } from './image-places.ts';
import { readUpdater } from './image-updater.ts';
import { type ImageKnowledge, proposeImages } from './images.ts';
import { type MarkedFile, placeMarkers } from './markers.ts';
import { findRoots } from './roots.ts';
import { tryOut } from './settle.ts';
import { type Survey, survey } from './survey.ts';
import { type FoldedSyncs, foldSyncs, type ProposedSync } from './syncs.ts';
import { type ProposedFile, writeWindlassFile } from './write-file.ts';

/** What the person says beside the repository. */
export interface Wishes {
  clusters: readonly ProposedCluster[];
  /** Repositories of images that are followed, whoever they belong to. */
  follow: readonly string[];
  /** Where the repository came from. */
  origin: string | undefined;
}

/** A windlass.yaml for what is there, and the markers beside the tags. Nothing is written yet. */
export interface Proposal extends FoldedSyncs {
  images: ProposedImage[];
  /** Policies of Flux that go on as they are. */
  fluxPolicies: string[];
  /** The repositories of their images. */
  fluxImages: string[];
  /** windlass.yaml. */
  text: string;
  files: MarkedFile[];
  /** What a person has to decide, or should know. */
  remarks: Remark[];
  /** Files that look like manifests and cannot be read. */
  unreadable: Problem[];
}

/** Reads a repository and proposes a windlass.yaml for it; undefined where nothing in it belongs into a cluster. */
export async function proposeInit(tree: SourceTree, tools: Renderers, wishes: Wishes): Promise<Proposal | undefined> {
  const found = await survey(tree);
  const { candidates, remarks, updater } = await candidatesOf(found, wishes);
  if (candidates.length === 0 && found.unreadable.length === 0) return undefined;
  const flux = await fluxPoliciesOf(found);
  const owner = repositoryIn(wishes.origin)?.split('/')[0];
  const reached = updater.images.map(async (one) => ({ ...one, files: new Set(await found.reach(one.path)) }));
  const known = { flux, updater: await Promise.all(reached), owner, follow: wishes.follow };
  const settled = await settle(tree, tools, { found, candidates, wishes, known });
  remarks.push(
    ...automations(found),
    ...settled.remarks,
    ...updater.problems.map((message) => ({ about: 'Image Updater', message })),
  );
  return { ...settled, remarks: distinct(remarks), unreadable: found.unreadable };
}

async function candidatesOf(found: Survey, { origin }: Wishes) {
  const flux = await readFlux(found);
  const argo = await readArgo(found, repositoryIn(origin));
  const releases = readHelmReleases(found);
  const named = [...flux.candidates, ...argo.candidates];
  const roots = await findRoots(found, named, releases.candidates);
  const read = argo.applications.map(({ application, path }) => readUpdater(application, path));
  return {
    candidates: [...named, ...roots.candidates, ...releases.candidates] satisfies Candidate[],
    remarks: [...flux.remarks, ...argo.remarks, ...roots.remarks, ...releases.remarks],
    updater: { images: read.flatMap(({ images }) => images), problems: read.flatMap(({ problems }) => problems) },
  };
}

/** Proposes, renders what is proposed, and takes out what does not render, until all does. */
async function settle(
  tree: SourceTree,
  tools: Renderers,
  {
    found,
    candidates,
    wishes,
    known,
  }: { found: Survey; candidates: Candidate[]; wishes: Wishes; known: ImageKnowledge },
): Promise<Omit<Proposal, 'unreadable'>> {
  let open = candidates;
  let apart = false;
  for (;;) {
    const folded = foldSyncs(open, { given: wishes.clusters, apart });
    const plain = { ...folded, images: [], targets: new Map(), fluxPolicies: [] };
    const tried = await tryOut({ tree, tools }, writeWindlassFile(plain), folded);
    const isNew: boolean = tried.apart.size > 0 && !apart && wishes.clusters.length === 0;
    apart ||= isNew;
    const off = isNew
      ? tried.off
      : new Map([...[...tried.apart].map((name) => [name, oneCluster] as const), ...tried.off]);
    if (!isNew && off.size === 0) return await withImages(found, folded, { known, remarks: tried.remarks });
    open = folded.syncs.flatMap((sync) =>
      sync.candidates.map((one) =>
        off.has(sync.name) && one.off === undefined ? { ...one, off: off.get(sync.name)! } : one,
      ),
    );
  }
}

/** Where clusters are told, and two environments share one. */
const oneCluster =
  'two of its environments declare the same objects in one cluster: say by --clusters which each is in';

async function withImages(
  found: Survey,
  folded: FoldedSyncs,
  { known, remarks }: { known: ImageKnowledge; remarks: Remark[] },
): Promise<Omit<Proposal, 'unreadable'>> {
  const places = await imagePlaces(found, folded.syncs);
  const { images, remarks: ofImages } = proposeImages(places, known);
  const { files, targets, remarks: ofMarkers } = placeMarkers(images);
  const used = images.filter(({ name, isNamed, places: own }) => isNamed || own.length > 0 || targets.has(name));
  const names = [...new Set(places.flatMap(({ policies }) => policies))].sort();
  const ofFlux = names.flatMap((name) => {
    const policy = fluxPolicyFor(name, known.flux);
    return policy === undefined ? [] : [{ name, image: policy.spec.image }];
  });
  const fluxPolicies = ofFlux.map(({ name }) => name);
  const file: ProposedFile = { ...folded, images: used, targets, fluxPolicies };
  return {
    ...{ ...folded, images: used, fluxPolicies, text: writeWindlassFile(file), files },
    fluxImages: [...new Set(ofFlux.map(({ image }) => image))],
    remarks: [
      ...folded.syncs.flatMap(undecided),
      ...folded.environments.flatMap(guessed),
      ...remarks,
      ...ofImages,
      ...ofMarkers,
    ],
  };
}

/** What is said beside a sync, once more. */
function undecided({ name, off, notes }: ProposedSync): Remark[] {
  if (off !== undefined) return [{ about: `sync ${name}`, message: `it is not taken: ${off}` }];
  return notes.map((message) => ({ about: `sync ${name}`, message }));
}

function guessed({ name, cluster, isGuess }: ProposedEnvironment): Remark[] {
  return isGuess ? [{ about: `environment ${name}`, message: `that it is in the cluster ${cluster} is a guess` }] : [];
}

async function fluxPoliciesOf({ tree, objects }: Survey) {
  const files = [...new Set(objects.filter(({ group }) => `${group}/` === fluxToken).map(({ file }) => file))];
  const read = await Promise.all(
    files.map(async (file) =>
      readFluxObjects(new TextDecoder().decode(await tree.read(file)), file).objects.map((object) => ({
        file,
        object,
      })),
    ),
  );
  return policiesOfFlux(read.flat());
}

function distinct(remarks: readonly Remark[]): Remark[] {
  return [...new Map(remarks.map((remark) => [JSON.stringify(remark), remark])).values()];
}
