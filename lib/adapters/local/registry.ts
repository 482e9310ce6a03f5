import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { ImageDetails, Registry, RegistryTag } from '../../bump/ports.ts';
import { UserError } from '../../model/errors.ts';
import { isTag, parseImageRef } from '../../model/image-ref.ts';
import { type ScanState, severities } from '../../policy/gates.ts';

/** A registry that holds no images, only the names of their tags: it stands for ECR where there is none. */
export interface LocalRegistry extends Registry {
  /** Adds a tag to a repository, which is made when missing. Pushing a tag again renews its digest. Throws `UserError` for an impossible name. */
  push(
    repository: string,
    tag: string,
    at: Date,
    image?: Partial<PretendedImage>,
  ): Promise<RegistryTag & { digest: string }>;
  /** Adds repositories with tags that are not there yet; nothing else is changed. */
  seed(repositories: Readonly<Record<string, readonly string[]>>, at: Date): Promise<void>;
  /** All repositories, by name. */
  repositories(): Promise<string[]>;
}

/** What the image behind a tag is said to be: there is none that could be looked into. */
export interface PretendedImage extends Omit<ImageDetails, 'digest'> {
  scan: ScanState;
}

/** What an image is whose push does not say it. */
const usual: PretendedImage = {
  platforms: ['linux/amd64', 'linux/arm64'],
  labels: {},
  scan: { state: 'none', reason: 'the registry of local mode does not scan' },
};

const scanShape = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('complete'), findings: z.partialRecord(z.enum(severities), z.number()) }),
  z.strictObject({ state: z.literal('pending') }),
  z.strictObject({ state: z.literal('none'), reason: z.string() }),
]);
const tagShape = z.strictObject({
  digest: z.string(),
  pushedAt: z.string(),
  platforms: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  scan: scanShape.optional(),
});
const fileShape = z.strictObject({
  format: z.literal(1),
  repositories: z.record(z.string(), z.record(z.string(), tagShape)),
});
type Content = z.infer<typeof fileShape>;
type Tags = Content['repositories'][string];

/** Opens the registry kept in a JSON file; the file is made at the first push. One process at a time may write to it. */
export function openLocalRegistry(file: string): LocalRegistry {
  let turn: Promise<unknown> = Promise.resolve();
  const change = <T>(edit: (content: Content) => T): Promise<T> => {
    const mine = turn.then(async () => {
      const content = await load(file);
      const before = JSON.stringify(content);
      const answer = edit(content);
      if (JSON.stringify(content) !== before) await save(file, content);
      return answer;
    });
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    tags: async (repository) =>
      Object.entries(await tagsOf(file, repository)).map(([tag, { digest, pushedAt }]) => ({ tag, digest, pushedAt })),
    tag: async (repository, tag) => {
      const tags = await tagsOf(file, repository);
      if (!Object.hasOwn(tags, tag)) return undefined;
      const { digest, pushedAt } = tags[tag]!;
      return { tag, digest, pushedAt };
    },
    details: async (repository, reference) => {
      const { digest, platforms, labels } = imageOf(await tagsOf(file, repository), repository, reference);
      return { digest, platforms: platforms ?? usual.platforms, labels: labels ?? usual.labels };
    },
    scan: async (repository, digest) => imageOf(await tagsOf(file, repository), repository, digest).scan ?? usual.scan,
    push: (repository, tag, at, image) => change((content) => add(content, repository, tag, at, image)),
    seed: (repositories, at) =>
      change((content) => {
        for (const [repository, tags] of Object.entries(repositories)) {
          if (!Object.hasOwn(content.repositories, repository)) content.repositories[repositoryName(repository)] = {};
          for (const tag of tags) {
            if (!Object.hasOwn(content.repositories[repository]!, tag)) add(content, repository, tag, at);
          }
        }
      }),
    repositories: async () => Object.keys((await load(file)).repositories).sort(),
  };
}

async function tagsOf(file: string, repository: string): Promise<Tags> {
  const { repositories } = await load(file);
  if (!Object.hasOwn(repositories, repository)) throw unknownRepository(repository);
  return repositories[repository]!;
}

function imageOf(tags: Tags, repository: string, reference: string): Tags[string] {
  const found = Object.entries(tags).find(([tag, { digest }]) => tag === reference || digest === reference);
  if (found !== undefined) return found[1];
  throw new UserError(`${repository} has no image ${reference}: it was deleted, or its tag was pushed again`, {
    code: 'image-missing',
    subject: repository,
  });
}

function add(
  content: Content,
  repository: string,
  tag: string,
  at: Date,
  image: Partial<PretendedImage> = {},
): RegistryTag & { digest: string } {
  if (!isTag(tag) || tag === '__proto__')
    throw new UserError(`${JSON.stringify(tag)} is not a tag`, { code: 'tag-name', subject: tag });
  const pushedAt = at.toISOString();
  // No image is there to be hashed: a new digest for each push is what a rebuilt image has.
  const digest = `sha256:${createHash('sha256')
    .update(JSON.stringify([repository, tag, pushedAt]))
    .digest('hex')}`;
  const known = Object.hasOwn(content.repositories, repository) ? content.repositories[repository] : {};
  content.repositories[repositoryName(repository)] = { ...known, [tag]: { digest, pushedAt, ...image } };
  return { tag, digest, pushedAt };
}

function repositoryName(text: string): string {
  if (parseImageRef(text)?.repository === text && text !== '__proto__') return text;
  throw new UserError(`${JSON.stringify(text)} is not the name of a repository`, {
    code: 'repository-name',
    subject: text,
  });
}

async function load(file: string): Promise<Content> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { format: 1, repositories: {} };
    throw error;
  }
  try {
    return fileShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(`${file} is not a registry that Windlass wrote: delete it to begin anew`, {
      code: 'registry-file',
      subject: file,
      cause,
    });
  }
}

/** Written beside its place and renamed there: a reader sees the old content or the new. */
async function save(file: string, content: Content): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

function unknownRepository(repository: string): UserError {
  return new UserError(
    `the registry has no repository ${repository}: push an image to it, or mend its name in windlass.yaml`,
    {
      code: 'repository-missing',
      subject: repository,
    },
  );
}
