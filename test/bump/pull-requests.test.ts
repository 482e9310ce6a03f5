import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import {
  type ConfigRepo,
  describesIn,
  type Proposal,
  type ProposalRequest,
  type Proposed,
} from '../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { host, type Loop, loop, now, registryWith } from './setup.ts';

const windlass = `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*", update: pull-request }
  api: { image: ${host}/shop/api, semver: "*" }
pullRequests: { labels: [bump], reviewers: [ada, acme/ops], autoMerge: true }
clusters: { main: {} }
`;
const files = {
  'windlass.yaml': windlass,
  'web.yaml': `image: ${host}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
  'api.yaml': `image: ${host}/shop/api:3.0.0 # {"$imagepolicy": "api"}\n`,
};
const url = 'https://github.com/acme/config/pull/7';

/** A host with pull requests, of which a plain Git host has none: reads and commits are real, and every other call must be told what to answer. */
interface Host {
  proposals: Proposal[];
  requests: ProposalRequest[];
  withdrawn: [string, string][];
  propose: ((request: ProposalRequest) => Proposed) | undefined;
  withdraw: (() => void) | undefined;
  world: Loop;
}

async function start(given: Record<string, string> = files): Promise<Host> {
  const world = await loop(given);
  const { repo } = world;
  const told: Host = { proposals: [], requests: [], withdrawn: [], propose: undefined, withdraw: undefined, world };
  const double: ConfigRepo = {
    ...repo,
    head: async () => ({ ...(await repo.head()), proposals: told.proposals }),
    propose: async (request) => {
      if (told.propose === undefined) throw new TypeError('nobody expected a proposal');
      told.requests.push(request);
      return told.propose(request);
    },
    withdraw: async (proposal, why) => {
      if (told.withdraw === undefined) throw new TypeError('nobody expected a withdrawal');
      told.withdrawn.push([proposal.branch, why]);
      told.withdraw();
    },
  };
  Object.assign(world.ports, { repo: double });
  return told;
}

const made =
  (warnings: string[] = []) =>
  ({ group }: ProposalRequest): Proposed => ({
    revision: 'a'.repeat(40),
    branch: `windlass/bump/${group}`,
    number: 7,
    url,
    warnings,
  });

/** What the host tells of a request that was made. */
const standing = (request: ProposalRequest, more: Partial<Proposal> = {}): Proposal => ({
  group: request.group,
  branch: `windlass/bump/${request.group}`,
  revision: 'a'.repeat(40),
  trailers: request.trailers,
  state: 'open',
  number: 7,
  url,
  at: '2026-11-22T11:00:00+01:00',
  ...more,
});

const fails = (error: Error) => () => {
  throw error;
};

describe('a pull request', () => {
  it('asks for what windlass.yaml wishes, and its number, address and warnings are told', async () => {
    const told = await start();
    const { records, push, ports } = told.world;
    told.propose = made(['ada cannot review: she has no access']);
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(told.requests).toMatchObject([
      {
        group: 'web',
        title: 'Bump web to 1.1.0',
        labels: ['bump'],
        reviewers: ['ada', 'acme/ops'],
        autoMerge: true,
        parent: told.world.git.git('rev-parse', 'main'),
      },
    ]);
    expect(told.requests[0]).not.toHaveProperty('replaces');
    expect(result.proposals).toMatchObject([{ group: 'web', act: 'propose', url }]);
    expect(records.images.get('web')?.waiting).toBe(`web: pull request #7 (${url}) waits for a review`);
    const record = [...records.written.values()].at(-1);
    expect(record).toMatchObject({
      kind: 'bump-proposed',
      summary: `web to 1.1.0 was proposed: pull request #7 (${url})`,
      details: { group: 'web', warnings: ['ada cannot review: she has no access'] },
    });
  });

  it('is not made again while it waits, nor recorded again at another time', async () => {
    const told = await start();
    const { records, push, ports } = told.world;
    told.propose = (request) => ({ ...made()(request), at: '2026-11-22T10:00:03Z' });
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    const before = records.told();
    told.propose = undefined;
    told.proposals = [standing(told.requests[0]!, { at: '2026-11-22T11:00:03+01:00' })];
    await bump({ pushes, now: new Date(now.getTime() + 60_000) }, ports);
    await sweep({ now: new Date(now.getTime() + 120_000) }, ports);
    expect(records.told()).toEqual(before);
    expect([...records.written.values()].at(-1)?.at).toBe('2026-11-22T10:00:03.000Z');
  });

  it('tells the commit that it replaces', async () => {
    const told = await start();
    const { push, ports } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    told.proposals = [standing(told.requests[0]!)];
    await bump({ pushes: [await push('shop/web', '1.2.0')], now }, ports);
    expect(told.requests[1]).toMatchObject({ title: 'Bump web to 1.2.0', replaces: 'a'.repeat(40) });
  });

  it('whose description fell behind is mended, with its commit as it is', async () => {
    const told = await start();
    const { push, ports, git, records } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const [first] = told.requests;
    const identity = first!.trailers.at(-1)![1];
    expect(describesIn(first!.description)).toBe(identity);
    git.push({ 'other.txt': 'somebody else\n' });
    const recorded = () => records.told().filter((line) => line.startsWith('bump-proposed'));
    for (const describes of ['another', '']) {
      told.proposals = [standing(first!, { describes })];
      const { foundBySweep } = await sweep({ now }, ports);
      expect(foundBySweep).toEqual([]);
    }
    const mended = { title: first!.title, description: first!.description, keeps: true, replaces: 'a'.repeat(40) };
    expect(told.requests.slice(1)).toMatchObject([mended, mended]);
    expect(told.requests[1]!.trailers).toEqual(first!.trailers);
    expect(recorded()).toHaveLength(1);
    for (const describes of [identity, undefined]) {
      told.proposals = [standing(first!, { describes })];
      await sweep({ now }, ports);
    }
    told.proposals = [standing(first!, { describes: 'another', state: 'declined' })];
    await sweep({ now }, ports);
    expect(told.requests).toHaveLength(3);
  });

  it('that was closed without merging is not made again for the same change, which is said, and is for another one', async () => {
    const told = await start();
    const { records, push, ports } = told.world;
    told.propose = made();
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    told.propose = undefined;
    told.proposals = [standing(told.requests[0]!, { state: 'declined' })];
    await sweep({ now }, ports);
    const why = `web: pull request #7 (${url}) was closed without merging: only something else is proposed`;
    expect(records.images.get('web')?.waiting).toBe(why);
    await bump({ pushes: [await push('shop/web', '1.1.0', 'again')], now }, ports);
    expect(records.told().at(-1)).toBe(`bump-skipped: web stays as it is: ${why}`);
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.2.0')], now }, ports);
    expect(told.requests.map(({ title }) => title)).toEqual(['Bump web to 1.1.0', 'Bump web to 1.2.0']);
    expect(records.images.get('web')?.waiting).toBe(`web: pull request #7 (${url}) waits for a review`);
  });

  it('that the host refuses is told and not tried again; the commit of another image is made', async () => {
    const told = await start();
    const { records, push, ports, show } = told.world;
    told.propose = fails(new UserError('the app may not open pull requests', { code: 'forbidden' }));
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(result).toMatchObject({ outcome: 'committed', retry: [], proposals: [{ group: 'web', act: 'failed' }] });
    expect(show('api.yaml')).toContain('3.1.0');
    const why = 'it could not be proposed: the app may not open pull requests';
    expect(records.images.get('web')?.waiting).toBe(`web: ${why}`);
    expect(records.told()).toContain('bump-failed: web: the app may not open pull requests');
  });

  it('that could not be made for a reason that may pass has its own push sent again, and no other', async () => {
    const told = await start();
    const { records, push, ports, git } = told.world;
    told.propose = fails(new RetryableError('a secondary rate limit', { code: 'throttled' }));
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(result.retry).toEqual([pushes[0]]);
    const head = git.git('rev-parse', 'main');
    told.propose = made();
    const again = await bump({ pushes: result.retry, now }, ports);
    expect(again).toMatchObject({ outcome: 'nothing-to-do', retry: [] });
    expect(git.git('rev-parse', 'main')).toBe(head);
    expect(records.images.get('web')?.waiting).toContain('waits for a review');
  });

  it('is not asked for when the host put off the commit: all is told with the time, and every push sent again', async () => {
    const told = await start();
    const { push, ports, records, git } = told.world;
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')];
    const error = new RetryableError('limited; try again in 77 seconds', { code: 'limited', retryAfter: 77 });
    const commit = () => Promise.reject(error);
    const before = git.git('rev-parse', 'main');
    const result = await bump({ pushes, now }, { ...ports, repo: { ...ports.repo, commit } });
    expect(result).toMatchObject({
      ...{ outcome: 'failed', failure: { code: 'limited', problems: [] }, retry: pushes, retryAfter: 77 },
      proposals: [{ group: 'web', act: 'failed' }],
    });
    expect(result.waits.map(({ policy, trouble }) => [policy, trouble?.mayPass]).sort()).toEqual([
      ['api', true],
      ['web', true],
    ]);
    expect(records.images.get('api')).toMatchObject({ current: ['3.0.0'], waiting: error.message });
    expect([told.requests, git.git('rev-parse', 'main')]).toEqual([[], before]);
  });

  it('is the last one asked for when the host asks to come back later', async () => {
    const told = await start({
      ...files,
      'windlass.yaml': windlass.replace('semver: "*" }', 'semver: "*", update: pull-request }'),
    });
    const { push, ports } = told.world;
    told.propose = fails(new RetryableError('limited', { code: 'limited', retryAfter: 77 }));
    const pushes = [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(told.requests).toHaveLength(1);
    expect([result.proposals.length, result.retry, result.retryAfter]).toEqual([2, pushes, 77]);
  });

  it('that could not be withdrawn is not recorded as withdrawn, and is tried again', async () => {
    const told = await start();
    const { records, push, ports, git } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    told.proposals = [standing(told.requests[0]!)];
    git.push({ 'web.yaml': files['web.yaml'].replace('1.0.0', '1.1.0') });
    told.withdraw = fails(new RetryableError('no route', { code: 'unreachable' }));
    const { proposals } = await sweep({ now }, ports);
    expect(proposals).toMatchObject([{ group: 'web', act: 'failed' }]);
    expect(records.images.get('web')?.waiting).toBe(`web: pull request #7 (${url}) could not be withdrawn: no route`);
    expect(records.told().filter((line) => line.startsWith('bump-withdrawn'))).toEqual([]);
    told.withdraw = () => {};
    await sweep({ now }, ports);
    expect(told.withdrawn).toHaveLength(2);
    expect(records.told().at(-1)).toMatch(/^bump-withdrawn: pull request #7 .* was withdrawn: Git has/);
  });

  it('is not made when a bug gets in the way, and the bug is not hidden', async () => {
    const told = await start();
    const { push, ports } = told.world;
    told.propose = fails(new TypeError('undefined is not a function'));
    await expect(bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports)).rejects.toThrow(TypeError);
  });

  it('is left alone when a policy of its group has a registry in trouble, in a sweep as well', async () => {
    const told = await start();
    const { push, ports, records } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    told.proposals = [standing(told.requests[0]!)];
    const registry = registryWith({
      tags: () => Promise.reject(new RetryableError('the registry is throttled', { code: 'throttled' })),
    });
    const { proposals } = await sweep({ now }, { ...ports, registry });
    expect(proposals).toMatchObject([{ group: 'web', act: 'failed' }]);
    expect(told.requests).toHaveLength(1);
    expect(records.images.get('web')?.waiting).toContain('the registry is throttled');
  });
});

describe('the title of a pull request', () => {
  const inProd = (more: string) => ({
    ...files,
    'windlass.yaml': `${windlass}${more}environments: { prod: { cluster: main } }
syncs: { web: { in: [prod], path: prod } }
`,
    'prod/web.yaml': files['web.yaml'],
    'web.yaml': '',
  });

  it.each([
    ['', 'Bump web to 1.1.0 in prod'],
    ['commits: { subject: "Deploy {images} to {environment}" }\n', 'Deploy web to prod'],
    ['commits: { subject: "Deploy {images}" }\n', 'Deploy web'],
  ])('with %j is %s', async (more, title) => {
    const told = await start(inProd(more));
    const { push, ports } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(told.requests).toMatchObject([{ title }]);
  });
});

describe('the description of a pull request', () => {
  it('has a table of the images with links, one of the places, and the holds that end', async () => {
    const told = await start({
      ...files,
      'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: it broke\n',
    });
    const { registry, ports } = told.world;
    told.propose = made();
    const labels = (revision: string) => ({
      'org.opencontainers.image.source': 'https://github.com/acme/web',
      'org.opencontainers.image.revision': revision,
    });
    await registry.push(`${host}/shop/web`, '1.0.0', now, { labels: labels('aaa111') });
    await registry.push(`${host}/shop/web`, '1.2.0', now, { labels: labels('bbb222') });
    await sweep({ now }, ports);
    expect(told.requests[0]!.description.split('\n')).toEqual([
      '| image | repository | from | to | built from |',
      '| --- | --- | --- | --- | --- |',
      `| \`web\` | \`${host}/shop/web\` | \`1.0.0\` | \`1.2.0\` | [compare aaa111...bbb222](https://github.com/acme/web/compare/aaa111...bbb222) |`,
      '',
      '| place | from | to |',
      '| --- | --- | --- |',
      `| \`web.yaml:1\` | \`${host}/shop/web:1.0.0\` | \`${host}/shop/web:1.2.0\` |`,
      '',
      'Merging this ends the hold of `web` on `1.0.0`, past `1.1.0`.',
      '',
      'Windlass keeps this request up to date until somebody else commits to its branch. Closed without merging, the same change is not proposed again.',
      '',
      expect.stringMatching(/^<!-- windlass: [0-9a-f]{16} -->$/),
    ]);
    expect(told.requests[0]!.files.map(({ path, bytes }) => [path, bytes === undefined])).toEqual([
      ['web.yaml', false],
      ['holds/web.1.yaml', true],
    ]);
  });

  it('begins with the body by template, which can hide nothing', async () => {
    const body = 'commits: { body: "Runbook: https://run.test/{images}\\n\\n- {from} to {tag}" }\n';
    const told = await start({
      'windlass.yaml': `${windlass}${body}`,
      'web.yaml': `image: "web:<!--" # {"$imagepolicy": "web"}\n`,
    });
    const { push, ports } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const { description, body: committed } = told.requests[0]!;
    const [first, second, third, fourth, table] = description.split('\n');
    expect([first, second, fourth]).toEqual(['Runbook: https://run.test/web', '', '']);
    expect(third).toMatch(/^- .*&lt;!-- to 1\.1\.0$/);
    expect(table).toMatch(/^\| image \|/);
    expect(committed[0]).toBe(first);
  });

  it('lets no text of a file end a cell or begin Markdown of its own', async () => {
    const told = await start({
      'windlass.yaml': windlass,
      'a`b|c [x](y).yaml': `image: "<!-- \`| @acme/all -->" # {"$imagepolicy": "web"}\n`,
    });
    const { push, ports } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const { description } = told.requests[0]!;
    const place = description.split('\n').find((line) => line.includes('.yaml'));
    expect(place).toBe(`| \`a b c [x](y).yaml:1\` | \`<!--    @acme/all -->\` | \`${host}/shop/web:1.1.0\` |`);
    for (const line of description.split('\n').filter((text) => text.startsWith('|'))) {
      expect((line.match(/`/g) ?? []).length % 2).toBe(0);
    }
  });

  it('stays short enough for a host, however many places change', async () => {
    const many = Array.from({ length: 150 }, (_, index) => `v${index}: 1.0.0 # {"$imagepolicy": "web:tag"}\n`);
    const told = await start({ 'windlass.yaml': windlass, 'many.yaml': many.join('') });
    const { push, ports } = told.world;
    told.propose = made();
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const { description, body } = told.requests[0]!;
    expect(description).toContain('`many.yaml:100`');
    expect(description).not.toContain('`many.yaml:101`');
    expect(description).toContain('and 50 more');
    expect(body).toHaveLength(150);
  });
});
