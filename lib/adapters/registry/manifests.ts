import type { ImageSource } from '../../model/image-contents.ts';
import { digestOf, manifestTypes, verifyDigest } from '../../model/image-manifest.ts';
import { isDigest, isTag } from '../../model/image-ref.ts';
import type { RegistryClient } from './client.ts';
import type { Place } from './repository-name.ts';
import { checkRepository } from './tag-list.ts';
import { badAnswer, imageMissing } from './trouble.ts';

const accept = manifestTypes.join(', ');

/** The digest behind a tag by one HEAD, where the registry tells it; undefined for a tag that is not there. */
export async function digestOfTag(client: RegistryClient, place: Place, tag: string): Promise<string | undefined> {
  const answer = await client.head(place, addressOf(place, 'manifests', tag), accept);
  const claimed = answer.headers.get('docker-content-digest');
  if (answer.status === 200 && claimed !== null && isDigest(claimed)) return claimed;
  if (answer.status !== 404) return (await findManifest(client, place, tag))?.digest;
  // The answer to HEAD has no body, and registries say "manifest unknown" in a repository that is not there.
  await checkRepository(client, place);
  return undefined;
}

/** The documents of a repository; each is verified against its digest. */
export function imageSource(client: RegistryClient, place: Place): ImageSource {
  return {
    repository: place.written,
    manifest: async (reference) => {
      const found = await findManifest(client, place, reference);
      if (found !== undefined) return found;
      await checkRepository(client, place);
      throw imageMissing(place, reference);
    },
    blob: async (digest) => {
      const answer = await client.get(place, addressOf(place, 'blobs', digest), '*/*');
      if (answer.status === 404) throw imageMissing(place, digest);
      verifyDigest(answer.bytes, digest, `${place.written}@${digest}`);
      return answer.bytes;
    },
  };
}

async function findManifest(
  client: RegistryClient,
  place: Place,
  reference: string,
): Promise<{ digest: string; bytes: Uint8Array } | undefined> {
  const answer = await client.get(place, addressOf(place, 'manifests', reference), accept);
  if (answer.status === 404) return undefined;
  const { bytes, headers } = answer;
  const claimed = isDigest(reference) ? reference : headers.get('docker-content-digest');
  if (claimed === null || !isDigest(claimed)) return { digest: digestOf(bytes), bytes };
  verifyDigest(bytes, claimed, `${place.written}:${reference}`);
  return { digest: claimed, bytes };
}

function addressOf(place: Place, kind: 'manifests' | 'blobs', reference: string): URL {
  // A digest comes out of a manifest that somebody pushed: nothing but a name may get into the address.
  if (!isTag(reference) && !isDigest(reference)) {
    throw badAnswer(
      place,
      `was to be asked for ${JSON.stringify(reference.slice(0, 100))}, which is no tag and no digest`,
    );
  }
  return new URL(`${place.origin}/v2/${place.path}/${kind}/${reference}`);
}
