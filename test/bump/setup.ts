import { join } from 'node:path';
import { type GitConfigRepo, openGitConfigRepo } from '../../lib/adapters/git/config-repo.ts';
import { type LocalRegistry, openLocalRegistry } from '../../lib/adapters/local/registry.ts';
import type { BumpPorts, BumpRecords, ImageState, Registry } from '../../lib/bump/ports.ts';
import type { Push } from '../../lib/bump/push-event.ts';
import type { AuditRecord } from '../../lib/model/audit-record.ts';
import type { Bumped } from '../../lib/model/messages.ts';
import { type Content, type TestRepo, testRepo } from '../adapters/git/repos.ts';

export const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
export const now = new Date('2026-11-22T10:00:00.750Z');

/** A config repo with the images web and api, both in one file of staging, web in prod too. */
export const shop: Record<string, string> = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: ">=1.0.0 <2.0.0" }
  api: { image: ${host}/shop/api, semver: "*" }
`,
  'apps/staging.yaml': `# images of staging
web: ${host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\r
api: "${host}/shop/api:3.0.0" # {"$imagepolicy": "api"}
`,
  'apps/prod.yaml': `newTag: 1.0.0 # {"$imagepolicy": "web:tag"}`,
};

/** Records as the table keeps them: by time and id, the first one stays. */
export class MemoryRecords implements BumpRecords {
  readonly written = new Map<string, AuditRecord>();
  readonly images = new Map<string, ImageState>();
  readonly announced: Bumped[] = [];
  async append(records: AuditRecord[]): Promise<void> {
    for (const record of records) {
      const key = `${record.at}#${record.id}`;
      if (!this.written.has(key)) this.written.set(key, record);
    }
  }
  readonly recorded = new Map<string, string>();
  async recordedUpTo(branch: string): Promise<string | undefined> {
    return this.recorded.get(branch);
  }
  async saveRecordedUpTo(branch: string, revision: string): Promise<void> {
    this.recorded.set(branch, revision);
  }
  async saveImages(images: ImageState[]): Promise<void> {
    for (const image of images) this.images.set(image.policy, image);
  }
  async announce(message: Bumped): Promise<void> {
    this.announced.push(message);
  }
  /** `kind summary` of each record, in the order of writing. */
  told(): string[] {
    return [...this.written.values()].map((record) => `${record.kind}: ${record.summary}`);
  }
}

/** The same records, where the test replaces some of what they do. */
export function recordsWith(records: MemoryRecords, replaced: Partial<BumpRecords>): BumpRecords {
  return {
    append: (facts) => records.append(facts),
    recordedUpTo: (branch) => records.recordedUpTo(branch),
    saveRecordedUpTo: (branch, revision) => records.saveRecordedUpTo(branch, revision),
    saveImages: (images) => records.saveImages(images),
    announce: (message) => records.announce(message),
    ...replaced,
  };
}

/** A registry that answers what the test gives, and throws at any other question. */
export function registryWith(answers: Partial<Registry>): Registry {
  const unexpected = (question: string) => () => Promise.reject(new TypeError(`nobody expected ${question}`));
  return {
    tags: unexpected('tags'),
    tag: unexpected('tag'),
    details: unexpected('details'),
    scan: unexpected('scan'),
    ...answers,
  };
}

/** What bump needs, with the repository's past. */
type Ports = BumpPorts & { repo: GitConfigRepo };

export interface Loop {
  git: TestRepo;
  repo: GitConfigRepo;
  registry: LocalRegistry;
  records: MemoryRecords;
  ports: Ports;
  /** How long bump slept, one entry a time. */
  sleeps: number[];
  /** Puts a tag into the registry and answers the push that tells of it. */
  push(name: string, tag: string, id?: string): Promise<Push>;
  show(path: string): string;
}

/** A real repository and a registry in a file; what the test gives replaces a port. */
export async function loop(files: Record<string, Content> = shop, replaced: Partial<Ports> = {}): Promise<Loop> {
  const git = testRepo(files);
  const author = { name: 'Windlass', email: 'windlass@example.com' };
  const repo = openGitConfigRepo({ url: git.bare, branch: 'main', cacheDir: join(git.root, 'cache'), author });
  const registry = openLocalRegistry(join(git.root, 'registry.json'));
  await registry.seed({ [`${host}/shop/web`]: ['1.0.0'], [`${host}/shop/api`]: ['3.0.0'] }, now);
  const records = new MemoryRecords();
  const sleeps: number[] = [];
  const sleep = async (milliseconds: number) => void sleeps.push(milliseconds);
  return {
    git,
    repo,
    registry,
    records,
    sleeps,
    ports: { repo, registry, records, sleep, random: () => 0.5, ...replaced },
    push: async (name, tag, id = `push-${name}-${tag}`) => {
      const { digest } = await registry.push(`${host}/${name}`, tag, now);
      return { id, at: '2026-11-22T10:00:00.000Z', cause: 'push', repository: `${host}/${name}`, tag, digest };
    },
    show: (path) => git.git('show', `main:${path}`),
  };
}
