import { DescribeImagesCommand, type DescribeImagesResponse, type ImageDetail } from '@aws-sdk/client-ecr';
import type { RegistryTag } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { askEcr, type EcrPlace } from './ecr-clients.ts';

type KnownTag = RegistryTag & { digest: string };

/** ECR keeps 100,000 images in a repository at most, and gives up to 1,000 on a page: pages can be shorter, but not without end. */
const mostPages = 2000;

/** Every tag of a repository with its digest and when its image was pushed first; untagged and archived images have none. */
export async function listEcrTags(place: EcrPlace): Promise<KnownTag[]> {
  const found = new Map<string, KnownTag>();
  const twice = new Set<string>();
  for await (const image of imagesOf(place)) {
    for (const tag of tagsOf(image)) {
      if (found.has(tag.tag)) twice.add(tag.tag);
      found.set(tag.tag, tag);
    }
  }
  // Moved from one image to another between two pages: only the registry knows where it is now.
  for (const tag of twice) {
    const now = await findEcrTag(place, tag);
    if (now === undefined) found.delete(tag);
    else found.set(tag, now);
  }
  return [...found.values()];
}

/** Where one tag points now; undefined when there is no such tag, or its image is archived. */
export async function findEcrTag(place: EcrPlace, tag: string): Promise<KnownTag | undefined> {
  const { client, registryId, repositoryName, written } = place;
  const command = new DescribeImagesCommand({ registryId, repositoryName, imageIds: [{ imageTag: tag }] });
  const question = { action: 'ecr:DescribeImages', repository: written, reference: tag };
  const answer = await askEcr(question, async () => client.send(command)).catch((error: unknown) => {
    if (error instanceof UserError && error.code === 'image-missing') return undefined;
    throw error;
  });
  return (answer?.imageDetails ?? []).flatMap(tagsOf).find((each) => each.tag === tag);
}

async function* imagesOf({ client, registryId, repositoryName, written }: EcrPlace): AsyncGenerator<ImageDetail> {
  const seen = new Set<string>();
  let nextToken: string | undefined;
  do {
    const input = { registryId, repositoryName, filter: { tagStatus: 'TAGGED' as const }, maxResults: 1000, nextToken };
    const page: DescribeImagesResponse = await askEcr({ action: 'ecr:DescribeImages', repository: written }, () =>
      client.send(new DescribeImagesCommand(input)),
    );
    if (page.imageDetails === undefined) throw unlisted(written, 'an answer without images');
    yield* page.imageDetails;
    nextToken = page.nextToken || undefined;
    if (nextToken !== undefined && seen.has(nextToken)) throw unlisted(written, 'pages that go round in a circle');
    if (seen.size >= mostPages) throw unlisted(written, `more than ${mostPages} pages`);
    if (nextToken !== undefined) seen.add(nextToken);
  } while (nextToken !== undefined);
}

function tagsOf({ imageDigest, imagePushedAt, imageStatus, imageTags }: ImageDetail): KnownTag[] {
  const canBePulled = imageStatus === undefined || imageStatus === 'ACTIVE';
  if (imageDigest === undefined || !canBePulled) return [];
  const pushedAt = imagePushedAt?.toISOString();
  return (imageTags ?? []).map((tag) => ({
    tag,
    digest: imageDigest,
    ...(pushedAt === undefined ? {} : { pushedAt }),
  }));
}

function unlisted(repository: string, why: string): UserError {
  return new UserError(`ECR gave ${why} for ${repository}: nothing of the list is used`, {
    code: 'registry-answer',
    subject: repository,
  });
}
