import { BatchGetImageCommand, GetDownloadUrlForLayerCommand, type ImageFailure } from '@aws-sdk/client-ecr';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { ImageSource } from '../../model/image-contents.ts';
import { largestDocument, manifestTypes, verifyDigest } from '../../model/image-manifest.ts';
import { isDigest } from '../../model/image-ref.ts';
import { readUpTo, TooLargeError } from '../../model/read-up-to.ts';
import { askEcr, type EcrPlace } from './ecr-clients.ts';
import { imageMissing } from './ecr-trouble.ts';

const downloadTimeoutMs = 20_000;

/** The documents of a repository; each is verified against its digest. */
export function ecrSource(place: EcrPlace, fetch: typeof globalThis.fetch): ImageSource {
  return {
    repository: place.written,
    manifest: (reference) => manifestOf(place, reference),
    blob: (digest) => blobOf(place, digest, fetch),
  };
}

async function manifestOf(place: EcrPlace, reference: string): Promise<{ digest: string; bytes: Uint8Array }> {
  const { client, registryId, repositoryName, written } = place;
  const imageIds = [isDigest(reference) ? { imageDigest: reference } : { imageTag: reference }];
  const input = { registryId, repositoryName, imageIds, acceptedMediaTypes: [...manifestTypes] };
  const { images, failures } = await askEcr({ action: 'ecr:BatchGetImage', repository: written, reference }, () =>
    client.send(new BatchGetImageCommand(input)),
  );
  const image = images?.[0];
  if (image?.imageManifest === undefined || image.imageId?.imageDigest === undefined) {
    throw notGiven(written, reference, failures?.[0]);
  }
  const bytes = Buffer.from(image.imageManifest, 'utf8');
  const digest = isDigest(reference) ? reference : image.imageId.imageDigest;
  verifyDigest(bytes, digest, `${written}:${reference}`);
  return { digest, bytes };
}

/** A blob is not in ECR's own answer: that names an address with a signature, which must not get into a message. */
async function blobOf(place: EcrPlace, digest: string, fetch: typeof globalThis.fetch): Promise<Uint8Array> {
  const { client, registryId, repositoryName, written } = place;
  const question = { action: 'ecr:GetDownloadUrlForLayer', repository: written, reference: digest };
  const { downloadUrl } = await askEcr(question, () =>
    client.send(new GetDownloadUrlForLayerCommand({ registryId, repositoryName, layerDigest: digest })),
  );
  if (!downloadUrl?.startsWith('https://')) throw unusable(written, digest, 'names no https address for it');
  const bytes = await download(downloadUrl, fetch).catch((error: unknown) => {
    if (error instanceof TooLargeError) throw unusable(written, digest, 'is too large for a config');
    throw unfetched(written, digest);
  });
  if (bytes === undefined) throw unfetched(written, digest);
  verifyDigest(bytes, digest, `${written}@${digest}`);
  return bytes;
}

async function download(url: string, fetch: typeof globalThis.fetch): Promise<Uint8Array | undefined> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(downloadTimeoutMs) });
  if (answer.ok && answer.body !== null) return readUpTo(answer.body, largestDocument);
  await answer.body?.cancel();
  return undefined;
}

function notGiven(repository: string, reference: string, failure: ImageFailure | undefined): Error {
  const code = failure?.failureCode ?? 'no reason given';
  if (code === 'ImageNotFound') return imageMissing(repository, reference);
  const details = { code: 'registry-answer', subject: repository };
  const said = `ECR does not give the manifest of ${reference} in ${repository}: ${code}`;
  return /^Upstream(?:Unavailable|TooManyRequests)$/.test(code)
    ? new RetryableError(said, { ...details, code: 'registry-unreachable' })
    : new UserError(said, details);
}

function unusable(repository: string, digest: string, why: string): UserError {
  return new UserError(`the blob ${digest} of ${repository} ${why}: nothing of it is used`, {
    code: 'registry-answer',
    subject: repository,
  });
}

function unfetched(repository: string, digest: string): RetryableError {
  return new RetryableError(`the blob ${digest} of ${repository} cannot be downloaded from ECR's storage`, {
    code: 'registry-unreachable',
    subject: repository,
  });
}
