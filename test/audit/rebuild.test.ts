import { join } from 'node:path';
import { type DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { openGitHistory } from '../../lib/adapters/git/commits.ts';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubHistory } from '../../lib/adapters/github/commits.ts';
import { type Rebuilt, rebuild } from '../../lib/audit/rebuild.ts';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { commitRollback } from '../../lib/rollback/commit.ts';
import { planRollback } from '../../lib/rollback/rollback.ts';
import { host, type Loop, loop, now, shop } from '../bump/setup.ts';
import { windlass } from '../helpers/io.ts';
import { openRecords, tables } from '../report/records.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub } from '../standins/github.ts';

const known = new Set(['bumped', 'rolled-back', 'held', 'released', 'suspended', 'resumed']);
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

/** A table with its records, and every item of it that is about what Git knows. */
async function table() {
  const { records, client, close } = await openRecords();
  onTestFinished(close);
  return { records, client, items: () => itemsOf(client) };
}

async function itemsOf(client: DynamoDBClient): Promise<string[]> {
  const { Items = [], LastEvaluatedKey } = await client.send(new ScanCommand({ TableName: tables.audit }));
  expect(LastEvaluatedKey).toBeUndefined();
  return Items.filter(({ kind }) => known.has(kind?.S ?? ''))
    .map((item) => JSON.stringify(sorted(item)))
    .sort();
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const historyOf = (one: Loop) =>
  openGitHistory({ url: one.git.bare, branch: 'main', cacheDir: join(one.git.root, 'other-cache') });

/** A loop that lived: bumps by pushes and a sweep, a person’s commit, and the commits of windlass rollback, hold, release, suspend and resume, which the next bump records. */
async function livedLoop(records: DynamoRecords): Promise<Loop> {
  const one = await loop();
  const ports = { ...one.ports, records: Object.assign(recordsOf(records), { announce: async () => undefined }) };
  const pushes = [await one.push('shop/web', '1.1.0'), await one.push('shop/api', '3.1.0')];
  await bump({ pushes, now }, ports);
  one.git.push({ 'apps/more.yaml': 'a: 1\n' }, 'Add more\n\nSigned-off-by: Grace <grace@example.com>');
  const labels = { 'dev.windlass.source-time': '2026-11-20T09:00:00+01:00' };
  await one.registry.push(`${host}/shop/api`, '3.2.0', later(1), { labels });
  await sweep({ now: later(60) }, ports);
  const deps = { registry: one.registry, sleep: async () => {}, random: () => 0.5 };
  const order = { target: { image: 'web' }, who: 'Ada <ada@example.com>', why: 'it loses orders', now: later(120) };
  const plan = await planRollback(order, one.repo, deps);
  if (plan.result === 'none') throw new Error('there was nothing to roll back');
  expect((await commitRollback(plan, one.repo, deps)).result).not.toBe('none');
  const env = { PATH: process.env['PATH'], HOME: one.git.root, WINDLASS_CACHE: join(one.git.root, 'cache') };
  for (const args of [
    ['hold', 'image/api', '--tag', '3.2.0', '--past', '3.2.0'],
    ['release', 'image/api'],
    ['suspend', 'image/web', '--until', '2099-01-31'],
    ['resume', 'image/web'],
    ['suspend', 'all-syncs'],
  ]) {
    const repo = ['--repo', one.git.bare, '--who', 'Grace', '--why', 'the sale runs'];
    expect(await windlass([...args, ...repo], { env })).toMatchObject({ code: 0, stderr: '' });
  }
  await bump({ pushes: [await one.push('shop/api', '3.3.0')], now: later(600) }, ports);
  return one;
}

function recordsOf(records: DynamoRecords) {
  return {
    append: (all: Parameters<DynamoRecords['append']>[0]) => records.append(all),
    recordedUpTo: (branch: string) => records.recordedUpTo(branch),
    saveRecordedUpTo: (branch: string, revision: string) => records.saveRecordedUpTo(branch, revision),
    saveImages: async () => undefined,
  };
}

const kindsOf = ({ kinds }: Rebuilt) => kinds;

describe('a rebuild of the records from Git', () => {
  it('restores into an empty table what the flows had written, item for item', async () => {
    const lived = await table();
    const empty = await table();
    const one = await livedLoop(lived.records);
    const rebuilt = await rebuild({ dryRun: false }, historyOf(one), empty.records);
    expect(kindsOf(rebuilt)).toEqual({
      bumped: { missing: 4, there: 0 },
      'rolled-back': { missing: 1, there: 0 },
      held: { missing: 1, there: 0 },
      released: { missing: 1, there: 0 },
      suspended: { missing: 2, there: 0 },
      resumed: { missing: 1, there: 0 },
    });
    expect(rebuilt).toMatchObject({ head: one.git.git('rev-parse', 'main'), commits: 11, telling: 9 });
    const items = await lived.items();
    expect(items.length).toBeGreaterThan(30);
    expect(items.join()).toContain('sourceTime');
    expect(await empty.items()).toEqual(items);
  });

  it('changes nothing in a full table, and says that nothing is missing', async () => {
    const lived = await table();
    const one = await livedLoop(lived.records);
    const before = await lived.items();
    const rebuilt = await rebuild({ dryRun: false }, historyOf(one), lived.records);
    expect(rebuilt.missing).toEqual([]);
    expect(kindsOf(rebuilt)['bumped']).toEqual({ missing: 0, there: 4 });
    expect(await lived.items()).toEqual(before);
  });

  it('writes nothing in a dry run, and tells what is missing', async () => {
    const lived = await table();
    const empty = await table();
    const one = await livedLoop(lived.records);
    const rebuilt = await rebuild({ dryRun: true }, historyOf(one), empty.records);
    expect(rebuilt.missing.map(({ kind }) => kind)).toEqual([
      ...[
        'bumped',
        'suspended',
        'resumed',
        'suspended',
        'released',
        'held',
        'rolled-back',
        'bumped',
        'bumped',
        'bumped',
      ],
    ]);
    expect(await empty.items()).toEqual([]);
  });

  it('mends a damaged table: what lacks of it comes back, and what is there stays', async () => {
    const lived = await table();
    const damaged = await table();
    const one = await livedLoop(lived.records);
    const items = await lived.items();
    const left = items.filter((_, index) => index % 3 !== 0).map((item) => JSON.parse(item));
    for (const Item of left) await damaged.client.send(new PutItemCommand({ TableName: tables.audit, Item }));
    expect(await damaged.items()).not.toEqual(items);
    const rebuilt = await rebuild({ dryRun: false }, historyOf(one), damaged.records);
    expect(rebuilt.missing.length).toBeGreaterThan(0);
    expect(rebuilt.missing.length).toBeLessThan(10);
    expect(await damaged.items()).toEqual(items);
  });

  it('goes on where it broke off', async () => {
    const lived = await table();
    const broken = await table();
    const one = await livedLoop(lived.records);
    const fails = {
      about: broken.records.about.bind(broken.records),
      append: async (all: Parameters<DynamoRecords['append']>[0]) => {
        await broken.records.append(all.slice(0, 3));
        throw new RetryableError('throttled', { code: 'throttled' });
      },
    };
    await expect(rebuild({ dryRun: false }, historyOf(one), fails)).rejects.toThrow('throttled');
    const rebuilt = await rebuild({ dryRun: false }, historyOf(one), broken.records);
    expect(rebuilt.missing).toHaveLength(7);
    expect(await broken.items()).toEqual(await lived.items());
  });

  it('tells how far it is, and reads a history of thousands of commits', async () => {
    const one = await loop();
    const { records } = await table();
    const message = (index: number) => {
      const image = { policy: 'web', repository: 'r/web', from: [`1.0.${index}`], to: `1.0.${index + 1}` };
      const trailers = index % 500 === 0 ? trailersOf({ images: [image], events: [] }) : [];
      return Buffer.from(commitMessage({ subject: `Change ${index}`, body: [], trailers })).toString();
    };
    const commits = Array.from({ length: 3000 }, (_, index) => {
      const said = message(index);
      const from = index === 0 ? 'from refs/heads/main^0\n' : '';
      return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_700_000_000 + index} +0000\ndata ${Buffer.byteLength(said)}\n${said}\n${from}M 100644 inline a.yaml\ndata ${String(index).length}\n${index}\n`;
    });
    one.git.fastImport(`${commits.join('')}done\n`);
    const seen: number[] = [];
    const rebuilt = await rebuild(
      { dryRun: false, onProgress: (progress) => void seen.push(progress.commits) },
      historyOf(one),
      records,
    );
    expect(rebuilt).toMatchObject({ commits: 3001, telling: 6, kinds: { bumped: { missing: 6, there: 0 } } });
    expect(seen).toEqual([1000, 2000, 3000, 3001]);
    const [last] = await records.about('image:web', { limit: 1 });
    expect(last).toMatchObject({
      at: new Date((1_700_000_000 + 2500) * 1000).toISOString(),
      summary: expect.stringContaining('1.0.2501'),
    });
  });
});

describeWithStandins('a rebuild from GitHub', () => {
  let history: ReturnType<typeof openGitHubHistory>;
  beforeAll(async () => {
    const github = await createGitHub({ files: shop, now: () => now });
    const trailers = (policy: string) =>
      trailersOf({
        images: [{ policy, repository: `${host}/${policy}`, from: ['1'], to: '2', digest: 'sha256:0a' }],
        events: ['e'],
      });
    const message = (subject: string, more: [string, string][]) => commitMessage({ subject, body: [], trailers: more });
    github.push({ 'a.yaml': '1\n' }, { message: message('Bump web', trailers('web')) });
    for (let count = 0; count < 120; count++) github.push({ 'a.yaml': `by hand ${count}\n` });
    github.push(
      { 'a.yaml': '2\n' },
      { message: message('Bump api', [...trailers('api'), ['Windlass-Proposal', 'api-1']]) },
    );
    const client = openGitHub({ auth: { token: 'secret' }, fetch: github.fetch, userAgent: 'windlass-test' });
    history = openGitHubHistory({ client, owner: github.owner, repo: github.repo, branch: 'main' });
  });

  it('restores bumps with GitHub’s times, over several pages, and what was proposed and merged', async () => {
    const { records } = await table();
    const rebuilt = await rebuild({ dryRun: false }, history, records);
    expect(rebuilt).toMatchObject({ commits: 123, telling: 2 });
    expect(rebuilt.missing.map(({ at, summary }) => [at, summary])).toEqual([
      ['2026-11-22T10:00:00.000Z', 'api went from 1 to 2, proposed and merged'],
      ['2026-11-22T10:00:00.000Z', 'web went from 1 to 2'],
    ]);
    expect(await records.about('event:e', { limit: 9 })).toHaveLength(2);
  });
});
