import { readConfig, windlassFileName } from '../../config/windlass-file.ts';
import type { Renderers } from '../../desired/ports.ts';
import { ecrRepository } from '../../model/ecr.ts';
import { type Problem, UserError } from '../../model/errors.ts';
import { type ImageRef, parseImageRef } from '../../model/image-ref.ts';
import { familyOfTag } from '../../policy/propose.ts';
import { directoryTree, lookAt } from '../wiring-init.ts';
import type { Remark } from './candidate.ts';
import type { ProposedCluster } from './clusters.ts';
import { type Proposal, proposeInit, type Wishes } from './init.ts';
import { type FirstApp, type NewFile, newRepo } from './new-repo.ts';
import { type PlannedFile, plannedFiles } from './report.ts';
import { noWorkflow, workflowPath, workflowText } from './workflow.ts';

/** What is to be done in a directory. */
export interface InitPlan {
  /** `there`: windlass.yaml is there and right, and nothing is to do. */
  mode: 'new' | 'add' | 'there';
  /** The root of the config repo. */
  directory: string;
  /** The directory is no repository yet. */
  makeRepo: boolean;
  files: PlannedFile[];
  remarks: Remark[];
  unreadable: readonly Problem[];
  /** Where windlass.yaml is for what was found. */
  proposal?: Proposal;
  /** The repositories of images that are followed. */
  followed: string[];
  /** Those of Flux's policies that go on as they are. */
  followedByFlux: string[];
}

/** What a person asked for. */
export interface InitRequest extends Omit<Wishes, 'origin'> {
  /** Absolute. */
  directory: string;
  /** The first app's image in a new repository. */
  image?: string;
  /** The action that a workflow of the config repo runs: `acme/windlass@` and 40 hex digits. Without it no workflow is written. */
  workflow?: string;
  now: Date;
}

/** The image of a new repository, of a made-up account. */
const madeUp = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0.0';

/**
 * Looks at a directory and plans what is to be written; nothing is. `originOf` tells where a clone came from. Throws `UserError` for a place that can be no config
 * repo, and for a windlass.yaml that is broken.
 */
export async function planInit(
  request: InitRequest,
  { tools, originOf }: { tools: Renderers; originOf: (directory: string) => Promise<string | undefined> },
): Promise<InitPlan> {
  const { directory } = request;
  const at = await lookAt(directory);
  if (at.kind === 'other') throw new UserError(`${directory} is no directory`, { code: 'no-directory' });
  if (at.kind === 'nothing') {
    if (at.hasParent) return planNew(request, { makeRepo: true, there: new Set() });
    throw new UserError(`there is no directory ${directory}, nor one that it could be made in`, {
      code: 'no-directory',
    });
  }
  if (at.repo === undefined) {
    if (at.isEmpty) return planNew(request, { makeRepo: true, there: new Set() });
    const hint = 'run "git init" there first; for a new config repo, name an empty directory';
    throw new UserError(`${directory} is not a Git repository: ${hint}`, { code: 'not-a-repository' });
  }
  if (at.repo !== at.path)
    throw new UserError(
      `${directory} is inside of a repository, and windlass.yaml is at its root: windlass init ${at.repo}`,
      {
        code: 'not-the-root',
      },
    );
  return await planExisting({ ...request, directory: at.path }, tools, await originOf(at.path));
}

async function planExisting(request: InitRequest, tools: Renderers, origin: string | undefined): Promise<InitPlan> {
  const { directory, now } = request;
  const tree = await directoryTree(directory);
  const there = new Set((await tree.files('.')).map(({ path }) => path));
  if (there.has(windlassFileName)) {
    checkPresent(new TextDecoder().decode(await tree.read(windlassFileName)), now);
    return {
      mode: 'there',
      directory,
      makeRepo: false,
      files: [],
      remarks: [],
      unreadable: [],
      followed: [],
      followedByFlux: [],
    };
  }
  const proposal = await proposeInit(tree, tools, { ...request, origin });
  if (proposal === undefined) return planNew(request, { makeRepo: false, there });
  const isGitHub = origin?.includes('github') ?? [...there].some((path) => path.startsWith('.github/'));
  const isChecked = there.has(workflowPath);
  const made = [{ path: windlassFileName, text: proposal.text }, ...(isChecked ? [] : workflowOf(request))];
  return {
    ...{ mode: 'add', directory, makeRepo: false, proposal },
    files: plannedFiles(made, proposal.files),
    remarks: [
      ...unknownClusters(proposal.clusters),
      ...proposal.remarks,
      ...unusedImage(request),
      ...(isGitHub && !isChecked && request.workflow === undefined ? [noWorkflow] : []),
    ],
    unreadable: proposal.unreadable,
    followed: [...new Set(proposal.images.map(({ image }) => image))],
    followedByFlux: proposal.fluxImages,
  };
}

function workflowOf({ workflow }: InitRequest): NewFile[] {
  return workflow === undefined ? [] : [{ path: workflowPath, text: workflowText(workflow) }];
}

function checkPresent(text: string, now: Date): void {
  const { problems } = readConfig(text, { now });
  if (problems.length === 0) return;
  const message = `${windlassFileName} is there, and it is broken: mend it, or remove it and run windlass init again`;
  throw new UserError(message, { code: 'config-invalid', problems });
}

function unknownClusters(clusters: readonly ProposedCluster[]): Remark[] {
  const names = clusters.filter(({ eks }) => eks === undefined).map(({ name }) => name);
  if (names.length === 0) return [];
  const message = `which EKS cluster is ${names.join(', and which ')}? --clusters ${names[0]}=EKS:REGION writes it`;
  return [{ about: 'clusters', message }];
}

function unusedImage({ image }: InitRequest): Remark[] {
  return image === undefined
    ? []
    : [{ about: image, message: '--image is for a new repository, and this one has manifests' }];
}

function planNew(
  request: InitRequest,
  { makeRepo, there }: { makeRepo: boolean; there: ReadonlySet<string> },
): InitPlan {
  const app = firstApp(request.image ?? madeUp);
  const all = [...newRepo(app, request.clusters), ...workflowOf(request)];
  const kept = all.filter(({ path }) => there.has(path)).map(({ path }) => path);
  const remarks: Remark[] = kept.map((path) => ({ about: path, message: 'it is there already, and stays as it is' }));
  if (request.image === undefined)
    remarks.push({
      about: madeUp,
      message: 'this image is made up: windlass init --image REPOSITORY:TAG writes yours',
    });
  remarks.push(...unknownClusters(request.clusters.length > 0 ? request.clusters : [{ name: 'main' }]));
  if (request.workflow === undefined && !there.has(workflowPath)) remarks.push(noWorkflow);
  return {
    ...{ mode: 'new', directory: request.directory, makeRepo, remarks, unreadable: [] },
    files: plannedFiles(
      all.filter(({ path }) => !there.has(path)),
      [],
    ),
    ...{ followed: [app.image.repository], followedByFlux: [] },
  };
}

function firstApp(text: string): FirstApp {
  const image = parseImageRef(text);
  if (image?.tag === undefined || image.digest !== undefined)
    throw new UserError(`--image takes REPOSITORY:TAG, with the tag that runs today, not "${text}"`, { code: 'usage' });
  const family = familyOfTag(image.tag, { knowsPushTimes: ecrRepository(image.repository) !== undefined });
  if ('reason' in family) throw new UserError(`--image ${text}: ${family.reason}`, { code: 'usage' });
  return { image: image satisfies ImageRef, rule: family.ruleOf([image.tag]), words: family.words };
}
