import type { BumpResult } from '../../bump/bump.ts';
import type { BrokenHead, Look } from '../../bump/look.ts';
import type { Registry } from '../../bump/ports.ts';
import { currentOf } from '../../edit/current.ts';
import { each } from '../../model/each.ts';
import { messageOf, RetryableError } from '../../model/errors.ts';
import type { ImageState } from '../../model/state.ts';
import { failed, looked, note, ok, type Said, unchecked, wrong } from './finding.ts';

/** What is asked of images. */
export interface ImagesDeps {
  look(): Promise<Look | BrokenHead>;
  /** What a sweep would do: what the policy of each image chooses, and why it waits. Nothing is written. */
  sweep(): Promise<BumpResult>;
  registry(): Promise<Pick<Registry, 'tag'>>;
}

/** Checks each image policy: its repository can be asked, a tag fits, and what Git names is still in the registry. */
export async function checkImages({ look, sweep, registry }: ImagesDeps): Promise<Said[]> {
  const head = await look();
  if ('problems' in head) return [unchecked('images', 'windlass.yaml cannot be used', 'see the part repo')];
  const { images, failure } = await sweep();
  if (images.length === 0)
    return [
      failure === undefined ? note('images', 'windlass.yaml has no images') : unchecked('images', failure.message),
    ];
  const asked = await registry();
  const found = await each(images, 8, (image) =>
    looked(image.policy, () => checkImage({ ...image, current: tagsInGit(head, image.policy) }, asked)),
  );
  return found.flat();
}

/** The same of a loop, whose images are known to it alone: as it saw them last. */
export function checkImageStates(images: readonly ImageState[]): Said[] {
  if (images.length === 0) return [note('images', 'the loop has looked at none yet')];
  return images.flatMap((image) => judgeImage(image, []));
}

/** The tags that Git has now: those of a sweep's answer are as they would be after it. */
function tagsInGit({ files }: Look, policy: string): string[] {
  const markers = files.flatMap(({ facts }) => facts.markers);
  const { tags, digests } = currentOf(markers, policy);
  return [...new Set([...tags, ...digests.flatMap(({ tag }) => tag ?? [])])];
}

async function checkImage(image: ImageState, registry: Pick<Registry, 'tag'>): Promise<Said[]> {
  return judgeImage(image, image.trouble === undefined ? await goneTags(image, registry) : []);
}

function judgeImage(image: ImageState, gone: readonly Said[]): Said[] {
  const { policy, repository, rule, current, newest, waiting = '', trouble } = image;
  if (trouble === 'later') return [unchecked(policy, waiting, 'try again later')];
  if (trouble === 'mend')
    return [wrong(policy, `${repository}: ${firstLine(waiting)}`, restOf(waiting) ?? mendRegistry)];
  // As lib/policy/choose.ts says it: without a newest tag an image may also be suspended, and not have been looked at.
  const fitsNothing = newest === undefined && (waiting === '' || waiting.includes(`no tag fits the policy ${rule}`));
  return [
    ...gone,
    ...(current.length === 0
      ? [
          note(
            policy,
            'no marker names it, so it is nowhere in Git',
            `write # {"$imagepolicy": "${policy}"} beside the image`,
          ),
        ]
      : []),
    ...(fitsNothing
      ? [
          wrong(
            policy,
            `no tag of ${repository} fits ${rule}`,
            'windlass policy test shows why not; push a tag that fits, or change the policy',
          ),
        ]
      : []),
    ...(gone.length > 0 || newest === undefined
      ? []
      : [
          ok(
            policy,
            `${repository}: Git has ${current.join(', ') || 'nothing'}, the policy chooses ${newest}${heldBack(image)}`,
          ),
        ]),
    ...(newest === undefined && waiting !== '' && !fitsNothing ? [note(policy, waiting)] : []),
  ];
}

/** What is held back stands beside what the policy chooses: a sweep would not write that. */
function heldBack({ holds }: ImageState): string {
  const told = holds.map(
    ({ tag, past, who, why }) =>
      `held at ${tag} until after ${past} by ${who || 'somebody'}: ${why || 'no reason given'}`,
  );
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}

const mendRegistry =
  'check the name of the repository in windlass.yaml, and the credentials for its registry (docker login; for ECR those of AWS)';

/** Tags of Git that the registry has no more: a node that has not pulled such an image yet never will. */
async function goneTags({ policy, repository, current }: ImageState, registry: Pick<Registry, 'tag'>): Promise<Said[]> {
  const said = await each(current, 4, async (tag): Promise<Said[]> => {
    try {
      if ((await registry.tag(repository, tag)) !== undefined) return [];
    } catch (error) {
      if (error instanceof RetryableError)
        return [unchecked(policy, `whether ${repository}:${tag} is there: ${messageOf(error)}`)];
      return [failed(policy, error)];
    }
    const text = `Git has ${repository}:${tag}, and the registry has it no more: no new pod can start with it`;
    return [
      wrong(
        policy,
        text,
        'push the tag again, or let Git name another one (windlass rollback, windlass sweep); a rule of the registry may have expired it',
      ),
    ];
  });
  return said.flat();
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function restOf(text: string): string | undefined {
  return text.split('\n').slice(1).join('\n').trim() || undefined;
}
