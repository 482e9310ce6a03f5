import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  type ECRClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  RepositoryNotFoundException,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr';
import { packTar } from 'modern-tar';

/** Makes the ECR repository, as Windlass recommends one: a tag is never moved. */
export async function makeRepository(ecr: ECRClient, repositoryName: string, id: string): Promise<void> {
  const tags = [{ Key: 'windlass-verify', Value: id }];
  await ecr.send(new CreateRepositoryCommand({ repositoryName, tags, imageTagMutability: 'IMMUTABLE' }));
}

/** Removes it with its images; one that is gone is well. */
export async function removeRepository(ecr: ECRClient, repositoryName: string): Promise<void> {
  try {
    await ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }));
  } catch (error) {
    if (!(error instanceof RepositoryNotFoundException)) throw error;
  }
}

/** Pushes an image with one small file, through ECR's own API: no Docker is needed. Its digest. */
export async function pushImage(ecr: ECRClient, repositoryName: string, imageTag: string): Promise<string> {
  const text = `windlass verify ${imageTag}\n`;
  const tar = await packTar([{ header: { name: 'version', size: text.length, type: 'file' }, body: text }]);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'arm64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  for (const blob of [layer, config]) await upload(ecr, repositoryName, blob);
  const type = 'application/vnd.oci.image';
  const manifest = {
    ...{ schemaVersion: 2, mediaType: `${type}.manifest.v1+json` },
    config: { mediaType: `${type}.config.v1+json`, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: `${type}.layer.v1.tar+gzip`, digest: digestOf(layer), size: layer.length }],
  };
  const imageManifest = JSON.stringify(manifest);
  const imageManifestMediaType = manifest.mediaType;
  await ecr.send(new PutImageCommand({ repositoryName, imageTag, imageManifest, imageManifestMediaType }));
  return digestOf(Buffer.from(imageManifest));
}

async function upload(ecr: ECRClient, repositoryName: string, blob: Buffer): Promise<void> {
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }));
  const part = { partFirstByte: 0, partLastByte: blob.length - 1, layerPartBlob: blob };
  await ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...part }));
  const layerDigests = [digestOf(blob)];
  await ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests }));
}

function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}
