import { Logger } from '@aws-lambda-powertools/logger';
import { bumpOnPush } from '../../../functions/handlers/bump-on-push.ts';
import { openGitHub } from '../../../lib/adapters/github/client.ts';
import { openGitHubConfigRepo } from '../../../lib/adapters/github/config-repo.ts';
import { lambdaContext, sqsRecord } from '../../../lib/adapters/local/sqs-record.ts';
import { sweep } from '../../../lib/bump/bump.ts';
import type { BumpPorts, SurveyStore } from '../../../lib/bump/ports.ts';
import { pushEvent } from '../../../lib/bump/push-event.ts';
import { messageOf, RetryableError } from '../../../lib/model/errors.ts';
import { MemoryRecords } from '../../bump/setup.ts';
import { createGitHub, type GitHub } from '../../standins/github.ts';
import { Chance } from './chance.ts';
import { Lifetime } from './lifetime.ts';
import { SimulatedRegistry } from './registry.ts';

const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const review = ', update: pull-request, group: reviewed';
const silent = new Logger({ logLevel: 'SILENT' });

/** What bump needs, with the repository's past. */
type Ports = BumpPorts & { repo: ReturnType<typeof openGitHubConfigRepo> };

/** A team's world: many images, pushes whose events get lost, doubled and late, people who commit in between, and trouble everywhere. */
export class World {
  readonly chance: Chance;
  readonly registry: SimulatedRegistry;
  readonly records = new MemoryRecords();
  readonly names: string[];
  /** The newest version of each image. */
  readonly newest = new Map<string, string>();
  /** Lines that people wrote, and must find again. */
  readonly written: { path: string; line: string }[] = [];
  /** What the events on the queue say. */
  readonly queue: string[] = [];
  readonly told = { pushes: 0, lost: 0, doubled: 0, batches: 0, killed: 0, sentBack: 0, sweeps: 0, merged: 0 };
  github!: GitHub;
  #now = Date.parse('2026-11-22T10:00:00Z');
  #kept = new Map<string, Uint8Array>();
  #instance: { lifetime: Lifetime; ports: Ports } | undefined;
  #versions = new Map<string, number>();

  constructor(seed: number, images: number) {
    this.chance = new Chance(seed);
    this.registry = new SimulatedRegistry(this.chance);
    this.names = Array.from({ length: images }, (_, index) => `app-${index}`);
  }

  static async make(seed: number, images: number): Promise<World> {
    const world = new World(seed, images);
    world.github = await createGitHub({
      files: world.#files(),
      now: () => new Date(world.#now),
      seed,
      limit: Number.POSITIVE_INFINITY,
    });
    for (const name of world.names) world.#release(name, '1.0.0');
    return world;
  }

  /** Some images take their tags by one pull request that they share. */
  reviewed(name: string): boolean {
    return Number(name.slice('app-'.length)) % 6 === 5;
  }

  marked(name: string): string[] {
    return [`apps/${name}/web.yaml`, 'overlays/prod.yaml'];
  }

  #files(): Record<string, string> {
    const entries = this.names
      .map((name) => `  ${name}: { image: ${host}/${name}, semver: ">=1.0.0"${this.reviewed(name) ? review : ''} }\n`)
      .join('');
    const files: Record<string, string> = { 'windlass.yaml': `windlass: 1\nimages:\n${entries}` };
    for (const name of this.names) {
      files[`apps/${name}/web.yaml`] =
        `# ${name}\nkind: Deployment\nimage: ${host}/${name}:1.0.0 # {"$imagepolicy": "${name}"}\r\nend: yes\n`;
    }
    files['overlays/prod.yaml'] = `# all of prod\nimages:\n${this.names
      .map((name) => `- name: ${name}\n  newTag: 1.0.0 # {"$imagepolicy": "${name}:tag"}\n`)
      .join('')}`;
    return files;
  }

  #release(name: string, tag: string): void {
    this.registry.push(`${host}/${name}`, tag);
    this.newest.set(name, tag);
  }

  /** CI pushes the next version of an image, and now and then a tag that no policy wants. Its event may get lost, come twice, or late. */
  push(): void {
    const name = this.chance.one(this.names);
    const minor = (this.#versions.get(name) ?? 0) + 1;
    this.#versions.set(name, minor);
    const tag = `1.${minor}.0`;
    this.#release(name, tag);
    if (this.chance.hits(0.1)) this.registry.push(`${host}/${name}`, `branch-${minor}`);
    this.told.pushes++;
    this.#now += 1000;
    const { digest } = this.registry.push(`${host}/${name}`, tag);
    const event = pushEvent({
      id: `event-${this.told.pushes}`,
      at: new Date(this.#now),
      account: '123456789012',
      region: 'eu-west-1',
      repository: name,
      tag,
      digest,
    });
    const times = this.chance.hits(0.1) ? 0 : this.chance.hits(0.1) ? 2 : 1;
    if (times === 0) this.told.lost++;
    if (times === 2) this.told.doubled++;
    for (let time = 0; time < times; time++) {
      const late = this.chance.hits(0.2) ? this.chance.number(this.queue.length + 1) : this.queue.length;
      this.queue.splice(late, 0, JSON.stringify(event));
    }
  }

  /** A person merges the pull request that is open, if there is one. */
  merge(): boolean {
    const open = this.github.repository.pulls.find(({ state }) => state === 'open');
    if (open === undefined) return false;
    try {
      this.github.merge(open.number);
    } catch (error) {
      // A conflict is not merged: bump makes the request anew.
      if (messageOf(error).includes('not mergeable')) return false;
      throw error;
    }
    this.told.merged++;
    return true;
  }

  /** A person writes a line into a file, above or below what bump edits, or adds a file. */
  edit(): void {
    const line = `# line ${this.written.length} of a person`;
    const path = this.chance.hits(0.2)
      ? `notes/${this.written.length}.yaml`
      : this.chance.one(this.marked(this.chance.one(this.names)));
    const bytes = this.github.show(path);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
    this.github.push({ [path]: this.chance.hits(0.5) ? `${line}\n${text}` : `${text}${line}\n` });
    this.written.push({ path, line });
  }

  /** The function takes a batch off the queue; what it does not finish goes back to the front. */
  async batch(deadly: number): Promise<void> {
    const bodies = this.queue.splice(0, 1 + this.chance.number(10));
    if (bodies.length === 0) return;
    this.told.batches++;
    this.#now += 1000;
    const { lifetime, ports } = this.#start(deadly);
    const handler = bumpOnPush({ ...ports, now: () => new Date(this.#now), logger: silent });
    const records = bodies.map((body, index) =>
      sqsRecord('pushes', {
        messageId: `m${index}`,
        body,
        groupId: 'main',
        deduplicationId: `m${index}`,
        sentAt: this.#now,
        receives: 1,
      }),
    );
    const answer = await Promise.race([handler({ Records: records }, lambdaContext('bump')), lifetime.end]);
    if (answer === 'killed') {
      this.told.killed++;
      this.#instance = undefined;
      this.queue.unshift(...bodies);
      return;
    }
    const again = answer.batchItemFailures.map(({ itemIdentifier }) => bodies[Number(itemIdentifier.slice(1))]!);
    this.told.sentBack += again.length;
    this.queue.unshift(...again);
  }

  async sweep(deadly: number): Promise<void> {
    this.told.sweeps++;
    this.#now += 1000;
    const { lifetime, ports } = this.#start(deadly);
    const swept = sweep({ now: new Date(this.#now) }, ports).catch((error: unknown) => {
      if (!(error instanceof RetryableError)) throw error;
    });
    if ((await Promise.race([swept, lifetime.end])) === 'killed') {
      this.told.killed++;
      this.#instance = undefined;
    }
  }

  /** A warm function goes on; a cold one knows only what the state table kept. */
  #start(deadly: number): { lifetime: Lifetime; ports: Ports } {
    const kill = this.chance.hits(deadly) ? 1 + this.chance.number(14) : undefined;
    if (this.#instance !== undefined && kill === undefined && this.chance.hits(0.5)) return this.#instance;
    const lifetime = new Lifetime(kill);
    const late = () => this.chance.hits(0.5);
    const fetch: typeof globalThis.fetch = (input, init) => lifetime.step(() => this.github.fetch(input, init), late());
    const repo = openGitHubConfigRepo({
      client: openGitHub({ auth: { token: 'test' }, fetch, userAgent: 'windlass-test', timeout: 50 }),
      owner: this.github.owner,
      repo: this.github.repo,
      branch: 'main',
      store: lifetime.around(this.#store(), late),
    });
    const ports: Ports = {
      repo,
      registry: lifetime.around<BumpPorts['registry']>(this.registry, late),
      records: lifetime.around<BumpPorts['records']>(this.records, late),
      sleep: async () => {},
      random: () => this.chance.fraction(),
    };
    this.#instance = { lifetime, ports };
    return this.#instance;
  }

  #store(): SurveyStore {
    return {
      load: async (key) => this.#kept.get(key),
      save: async (key, content) => void this.#kept.set(key, content),
    };
  }
}
