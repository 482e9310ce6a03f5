import { readSourceTime } from '../model/bump-story.ts';
import { isTrouble } from '../model/errors.ts';
import { type ImageRef, parseImageRef } from '../model/image-ref.ts';
import type { RouteWish } from './edit-route.ts';
import type { Registry } from './ports.ts';

/** Where an image was built from. */
export interface Source {
  /** The commit that it was built of, as its label says. */
  revision?: string;
  /** The commits since the image that Git had, or the commit itself: a link, where the source is a repository on the web. */
  link?: string;
  /** When that commit was made, as its label says (ISO 8601, UTC, whole seconds). */
  time?: string;
}

/** Keys of the OCI image specification (annotations.md, "Pre-Defined Annotation Keys"). */
const sourceLabel = 'org.opencontainers.image.source';
const revisionLabel = 'org.opencontainers.image.revision';
/** Windlass's own: the specification has a key for the time of the build alone, which is another one. */
const timeLabel = 'dev.windlass.source-time';

/** Reads the labels of an image and of the one that Git had. What cannot be read is left out: no bump waits for it. */
async function sourceOf(registry: Registry, ref: ImageRef, before: readonly string[]): Promise<Source> {
  const labels = await labelsOf(registry, ref.repository, ref.digest ?? ref.tag);
  const [revision, site, time] = [revisionIn(labels), siteIn(labels), readSourceTime(labels[timeLabel])];
  if (revision === undefined || site === undefined) return { revision, time };
  const old = before.map((text) => referenceIn(text)).find((reference) => reference !== undefined);
  const since = old === undefined ? undefined : revisionIn(await labelsOf(registry, ref.repository, old));
  const path = since === undefined || since === revision ? `commit/${revision}` : `compare/${since}...${revision}`;
  return { revision, link: `${site}/${path}`, time };
}

/** The same for every image that an edit moves. */
export async function sourcesOf(wishes: readonly RouteWish[], registry: Registry): Promise<Map<string, Source>> {
  const found = await Promise.all(
    wishes.map(async ({ decision: { entry }, outcome, ref }) => {
      const from = outcome.places.map(({ value }) => value);
      return [entry.name, await sourceOf(registry, ref, from)] as const;
    }),
  );
  return new Map(found);
}

async function labelsOf(registry: Registry, repository: string, reference: string | undefined) {
  if (reference === undefined) return {};
  try {
    return (await registry.details(repository, reference)).labels;
  } catch (error) {
    if (isTrouble(error)) return {};
    throw error;
  }
}

/** A commit id or a tag of the source: whatever else stands there is not shown. */
function revisionIn(labels: Record<string, string>): string | undefined {
  const revision = labels[revisionLabel];
  return revision !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(revision) ? revision : undefined;
}

/** The repository's page: https alone, without user, query or fragment. */
function siteIn(labels: Record<string, string>): string | undefined {
  const match = /^https:\/\/([a-z0-9.-]+(?::\d+)?(?:\/[A-Za-z0-9._~-]+){1,6})\/?$/i.exec(labels[sourceLabel] ?? '');
  return match === null ? undefined : `https://${match[1]!.replace(/\.git$/, '')}`;
}

/** The tag or digest in a text beside a marker. */
function referenceIn(text: string): string | undefined {
  const ref = parseImageRef(text);
  return ref?.digest ?? ref?.tag ?? parseImageRef(`image:${text}`)?.tag;
}
