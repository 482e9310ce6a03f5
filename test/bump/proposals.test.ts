import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { RetryableError } from '../../lib/model/errors.ts';
import { host, type Loop, loop, now, recordsWith } from './setup.ts';

const marker = (image: string, tag: string) => `image: ${host}/shop/${image}:${tag} # {"$imagepolicy": "${image}"}\n`;
const main = ({ git }: Loop) => git.git('rev-parse', 'main');
const branchesOf = ({ git }: Loop) =>
  git.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/windlass').split('\n').filter(Boolean);
const headOf = ({ git }: Loop, group: string) => git.git('rev-parse', `windlass/bump/${group}`);
const fileOn = ({ git }: Loop, group: string, path: string) => git.git('show', `windlass/bump/${group}:${path}`);
const changedOn = ({ git }: Loop, group: string) =>
  git.git('diff', '--name-only', `windlass/bump/${group}~`, `windlass/bump/${group}`).split('\n');
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

/** A person's commit on the branch of a group. */
function commitOn({ git }: Loop, group: string, message: string): string {
  const tree = git.git('rev-parse', `windlass/bump/${group}^{tree}`);
  const parent = headOf({ git } as Loop, group);
  const commit = git.git(
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=ada@example.com',
    'commit-tree',
    tree,
    '-p',
    parent,
    '-m',
    message,
  );
  git.git('update-ref', `refs/heads/windlass/bump/${group}`, commit);
  return commit;
}

const images = (web: string, api: string) => `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*"${web} }
  api: { image: ${host}/shop/api, semver: "*"${api} }
clusters: { main: {} }
`;
const reviewed = ', update: pull-request';
const single = {
  'windlass.yaml': images(reviewed, ''),
  'web.yaml': marker('web', '1.0.0'),
  'api.yaml': marker('api', '3.0.0'),
};

describe('an image that is bumped by pull request', () => {
  it('gets a branch with one commit on the head, and main stays as it is', async () => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    const before = main(world);
    const result = await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(result).toMatchObject({ outcome: 'nothing-to-do', skipped: [], retry: [] });
    expect(result.proposals).toEqual([
      {
        group: 'web',
        act: 'propose',
        waiting: 'the branch windlass/bump/web waits for a review',
        changes: [
          { policy: 'web', file: 'web.yaml', line: 1, from: `${host}/shop/web:1.0.0`, to: `${host}/shop/web:1.1.0` },
        ],
      },
    ]);
    expect(main(world)).toBe(before);
    expect(branchesOf(world)).toEqual(['windlass/bump/web']);
    expect(git.git('rev-parse', 'windlass/bump/web~')).toBe(before);
    expect(fileOn(world, 'web', 'web.yaml')).toBe(marker('web', '1.1.0').trim());
    expect(git.git('log', '-1', '--format=%B', 'windlass/bump/web')).toMatch(
      /^Bump web to 1\.1\.0\n\nweb: .* \(web\.yaml:1\)\n\nWindlass-Policy: web\n(.*\n)*Windlass-Event: push-shop\/web-1\.1\.0\nWindlass-Proposal: [0-9a-f]{16}$/,
    );
    expect(records.images.get('web')).toMatchObject({
      current: ['1.0.0'],
      newest: '1.1.0',
      waiting: 'web: the branch windlass/bump/web waits for a review',
    });
    expect(records.told()).toEqual([
      `push-received: ${host}/shop/web:1.1.0 was pushed`,
      'bump-proposed: web to 1.1.0 was proposed: the branch windlass/bump/web',
    ]);
    expect(records.announced).toEqual([]);
  });

  it('is answered once: the same push again pushes nothing and records nothing', async () => {
    const world = await loop(single);
    const { ports, records, push } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    const [branch, told] = [headOf(world, 'web'), records.told()];
    const again = await bump({ pushes, now: later(2) }, ports);
    expect(again.proposals).toMatchObject([{ act: 'leave', changes: [] }]);
    await sweep({ now: later(3) }, ports);
    expect(headOf(world, 'web')).toBe(branch);
    expect(records.told()).toEqual(told);
    expect(records.images.get('web')?.waiting).toBe('web: the branch windlass/bump/web waits for a review');
  });

  it('gets its record back when the function ended too early', async () => {
    const world = await loop(single);
    const { ports, records, push } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    const append = () => Promise.reject(new RetryableError('the table is throttled', { code: 'throttled' }));
    const broken = recordsWith(records, { append });
    await expect(bump({ pushes, now }, { ...ports, records: broken })).rejects.toThrow('throttled');
    const branch = headOf(world, 'web');
    await bump({ pushes, now: later(2) }, ports);
    expect(headOf(world, 'web')).toBe(branch);
    const record = [...records.written.values()].find(({ kind }) => kind === 'bump-proposed');
    expect(record).toMatchObject({ at: '2026-11-22T10:00:00.000Z', revision: branch });
  });

  it('says of another push of a proposed tag where it is', async () => {
    const { ports, records, push } = await loop(single);
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    await bump({ pushes: [await push('shop/web', '1.1.0', 'again')], now: later(1) }, ports);
    expect(records.told().at(-1)).toBe(
      'bump-skipped: web stays as it is: web: the branch windlass/bump/web waits for a review',
    );
  });

  it('has its branch moved in place, to one commit on the new head, when a newer tag comes', async () => {
    const world = await loop(single);
    const { git, ports, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const first = headOf(world, 'web');
    git.push({ 'README.md': 'by hand\n' });
    await bump({ pushes: [await push('shop/api', '3.1.0')], now: later(1) }, ports);
    expect(headOf(world, 'web')).toBe(first);
    await bump({ pushes: [await push('shop/web', '1.2.0')], now: later(2) }, ports);
    expect(branchesOf(world)).toEqual(['windlass/bump/web']);
    expect(headOf(world, 'web')).not.toBe(first);
    expect(git.git('rev-parse', 'windlass/bump/web~')).toBe(main(world));
    expect(fileOn(world, 'web', 'web.yaml')).toBe(marker('web', '1.2.0').trim());
    expect(fileOn(world, 'web', 'api.yaml')).toBe(marker('api', '3.1.0').trim());
  });

  it('is made anew when the lines under it moved', async () => {
    const world = await loop(single);
    const { git, ports, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    git.push({ 'web.yaml': `# moved down\n${marker('web', '1.0.0')}` });
    await sweep({ now: later(1) }, ports);
    expect(fileOn(world, 'web', 'web.yaml')).toBe(`# moved down\n${marker('web', '1.1.0')}`.trim());
    expect(git.git('rev-parse', 'windlass/bump/web~')).toBe(main(world));
  });

  it('is withdrawn when Git got the tag in another way', async () => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    git.push({ 'web.yaml': marker('web', '1.1.0') }, 'By hand');
    const { proposals } = await sweep({ now: later(1) }, ports);
    expect(proposals).toEqual([{ group: 'web', act: 'withdraw', changes: [] }]);
    expect(branchesOf(world)).toEqual([]);
    expect(records.told().at(-1)).toBe(
      'bump-withdrawn: the branch windlass/bump/web was withdrawn: Git has what the policies choose: nothing is left to change.',
    );
    expect(records.images.get('web')?.waiting).toBeUndefined();
  });

  it.each(['merge', 'squash'])('is done with when a person takes it by %s', async (how) => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    if (how === 'merge') git.git('update-ref', 'refs/heads/main', headOf(world, 'web'));
    else git.push({ 'web.yaml': fileOn(world, 'web', 'web.yaml') }, 'Bump web (#1)');
    await sweep({ now: later(1) }, ports);
    expect(records.images.get('web')).toMatchObject({ current: ['1.1.0'], newest: '1.1.0' });
    expect(records.images.get('web')?.waiting).toBeUndefined();
    const before = main(world);
    await bump({ pushes: [await push('shop/web', '1.2.0')], now: later(2) }, ports);
    expect(main(world)).toBe(before);
    expect(fileOn(world, 'web', 'web.yaml')).toBe(marker('web', '1.2.0').trim());
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    [
      'the image is suspended',
      { 'suspends/web.1.yaml': 'image: web\nwho: ada\nwhy: release freeze\n' },
      /web stays as it is: suspended by ada: release freeze/,
    ],
    [
      'a hold keeps the tag back',
      { 'holds/web.1.yaml': 'image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: it broke\n' },
      /web stays as it is: a hold keeps 1\.0\.0 and takes only tags after 1\.1\.0 \(it broke\)/,
    ],
    [
      'the policy does not want the tag any more',
      { 'windlass.yaml': single['windlass.yaml'].replace('"*"', '"<1.1.0"') },
      /Git has what the policies choose/,
    ],
    [
      'the image commits now',
      { 'windlass.yaml': images('', '') },
      /No image of windlass\.yaml is proposed here any more/,
    ],
    [
      'the policy went',
      { 'windlass.yaml': single['windlass.yaml'].replace(/ {2}web:.*\n/, ''), 'web.yaml': undefined },
      /No image of windlass\.yaml is proposed here any more/,
    ],
    [
      'the group has another name',
      { 'windlass.yaml': images(`${reviewed}, group: shop`, '') },
      /No image of windlass\.yaml is proposed here any more/,
    ],
  ])('is withdrawn by the sweep, with the reason, when %s', async (_, files, why) => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    git.push(files);
    await sweep({ now: later(1) }, ports);
    expect(branchesOf(world)).not.toContain('windlass/bump/web');
    expect(records.told().find((line) => line.startsWith('bump-withdrawn'))).toMatch(why);
  });

  it('stays as it is while its file cannot be read, and a push for another image withdraws nothing', async () => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const branch = headOf(world, 'web');
    git.push({ 'web.yaml': `broken: [\n${marker('web', '1.0.0')}` });
    await bump({ pushes: [await push('shop/api', '3.1.0')], now: later(1) }, ports);
    const { proposals } = await sweep({ now: later(1) }, ports);
    expect(headOf(world, 'web')).toBe(branch);
    expect(proposals).toMatchObject([{ group: 'web', act: 'leave' }]);
    expect(records.told().filter((line) => line.startsWith('bump-withdrawn'))).toEqual([]);
    expect(records.images.get('web')?.waiting).toBe(
      'nothing in Git names "web"; web: the branch windlass/bump/web stays as it is: nothing that can be read names web any more',
    );
  });

  it('stays as it is while a hold cannot be read', async () => {
    const world = await loop(single);
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const branch = headOf(world, 'web');
    git.push({ 'holds/web.1.yaml': 'image: web\ntag: [\n' });
    await sweep({ now: later(1) }, ports);
    expect(headOf(world, 'web')).toBe(branch);
    expect(records.images.get('web')?.waiting).toContain('a hold or suspend cannot be read: holds/web.1.yaml');
  });

  it('is left to a person who committed to its branch, which is said', async () => {
    const world = await loop(single);
    const { ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    const theirs = commitOn(world, 'web', 'A change of mine');
    const why = 'somebody committed to windlass/bump/web: bump leaves it to them until it is merged or deleted';
    const result = await bump({ pushes: [await push('shop/web', '1.2.0')], now: later(1) }, ports);
    expect(headOf(world, 'web')).toBe(theirs);
    expect(result.proposals).toEqual([{ group: 'web', act: 'leave', waiting: why, changes: [] }]);
    expect(records.images.get('web')?.waiting).toBe(`web: ${why}`);
    expect(records.told().at(-1)).toBe(`bump-skipped: web stays as it is: web: ${why}`);
    world.git.git('update-ref', '-d', 'refs/heads/windlass/bump/web');
    await sweep({ now: later(2) }, ports);
    expect(fileOn(world, 'web', 'web.yaml')).toBe(marker('web', '1.2.0').trim());
  });

  it('keeps what a person pushes to its branch while it is made anew', async () => {
    const world = await loop(single);
    const { ports, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    let theirs = '';
    const propose = async (request: Parameters<typeof ports.repo.propose>[0]) => {
      theirs ||= commitOn(world, 'web', 'At the last moment');
      return ports.repo.propose(request);
    };
    const pushes = [await push('shop/web', '1.2.0')];
    const first = await bump({ pushes, now: later(1) }, { ...ports, repo: { ...ports.repo, propose } });
    expect(headOf(world, 'web')).toBe(theirs);
    expect(first).toMatchObject({ retry: [], proposals: [{ act: 'leave' }] });
    const second = await bump({ pushes, now: later(2) }, ports);
    expect(second).toMatchObject({ retry: [], proposals: [{ act: 'leave' }] });
    expect(headOf(world, 'web')).toBe(theirs);
  });

  it('that another bump made at the same time is looked at again, and waits for a review', async () => {
    const world = await loop(single);
    const { ports, push, repo } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, ports);
    const next = [await push('shop/web', '1.2.0')];
    let raced = 0;
    const propose = async (request: Parameters<typeof repo.propose>[0]) => {
      if (raced++ === 0) await sweep({ now: later(1) }, ports);
      return repo.propose(request);
    };
    const result = await bump({ pushes: next, now: later(2) }, { ...ports, repo: { ...repo, propose } });
    expect(result).toMatchObject({ retry: [], waits: [], proposals: [{ group: 'web', act: 'leave' }] });
    expect(raced).toBe(1);
    expect(fileOn(world, 'web', 'web.yaml')).toBe(marker('web', '1.2.0').trim());
  });

  it('whose race is lost again and again is tried later, in plain words', async () => {
    const world = await loop(single);
    const { git, ports, push, records } = world;
    // What a server says to one of two pushes at the same time.
    const said = "cannot lock ref 'refs/heads/windlass/bump/web': is at 68e1 but expected 715a";
    writeFileSync(`${git.bare}/hooks/update`, `#!/bin/sh\necho "error: ${said}" >&2; exit 1\n`);
    chmodSync(`${git.bare}/hooks/update`, 0o755);
    const pushes = [await push('shop/web', '1.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(result).toMatchObject({ retry: pushes, proposals: [{ act: 'failed' }] });
    expect(records.images.get('web')?.waiting).toBe(
      'web: it could not be proposed: somebody moved windlass/bump/web since it was read',
    );
  });
});

describe('a group', () => {
  const both = { ...single, 'windlass.yaml': images(`${reviewed}, group: shop`, `${reviewed}, group: shop`) };

  it('has one request, which a push for one image makes anew with both', async () => {
    const world = await loop(both);
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    await bump({ pushes: [await push('shop/api', '3.1.0')], now: later(1) }, ports);
    expect(branchesOf(world)).toEqual(['windlass/bump/shop']);
    expect(git.git('rev-parse', 'windlass/bump/shop~')).toBe(main(world));
    expect(changedOn(world, 'shop')).toEqual(['api.yaml', 'web.yaml']);
    expect(git.git('log', '-1', '--format=%s', 'windlass/bump/shop')).toBe('Bump web to 1.1.0 and api to 3.1.0');
    expect(records.told().at(-1)).toBe(
      'bump-proposed: web to 1.1.0, api to 3.1.0 were proposed: the branch windlass/bump/shop',
    );
    expect(records.images.get('web')?.waiting).toBe('shop: the branch windlass/bump/shop waits for a review');
  });

  it('is not touched while the tags of one image cannot be listed, and every push of it is sent again', async () => {
    const world = await loop({
      ...both,
      'windlass.yaml': `${both['windlass.yaml'].replace('clusters', `  cron: { image: ${host}/shop/cron, semver: "*" }\nclusters`)}`,
      'cron.yaml': marker('cron', '1.0.0'),
    });
    const { ports, records, registry, push, show } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')], now }, ports);
    const branch = headOf(world, 'shop');
    const tags = async (repository: string) => {
      if (repository.endsWith('/api')) throw new RetryableError('the registry is throttled', { code: 'throttled' });
      return registry.tags(repository);
    };
    const pushes = [await push('shop/web', '1.2.0'), await push('shop/cron', '2.0.0')];
    const result = await bump({ pushes, now: later(1) }, { ...ports, registry: { ...registry, tags } });
    expect(headOf(world, 'shop')).toBe(branch);
    expect(show('cron.yaml')).toBe(marker('cron', '2.0.0').trim());
    expect(result.retry).toEqual([pushes[0]]);
    expect(result.proposals).toMatchObject([{ group: 'shop', act: 'failed' }]);
    expect(records.images.get('web')?.waiting).toBe(
      'shop: api could not be looked at, so that nothing is proposed: the registry is throttled',
    );
    expect(records.told()).toContain('bump-failed: web: the registry is throttled');
    await bump({ pushes: result.retry, now: later(2) }, ports);
    expect(fileOn(world, 'shop', 'web.yaml')).toBe(marker('web', '1.2.0').trim());
    expect(fileOn(world, 'shop', 'api.yaml')).toBe(marker('api', '3.1.0').trim());
  });

  it('that shares a file with another group has its own change alone', async () => {
    const world = await loop({
      'windlass.yaml': images(reviewed, reviewed),
      'all.yaml': marker('web', '1.0.0') + marker('api', '3.0.0').replace('image', 'other'),
    });
    const { ports, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0'), await push('shop/api', '3.1.0')], now }, ports);
    expect(branchesOf(world)).toEqual(['windlass/bump/api', 'windlass/bump/web']);
    expect(fileOn(world, 'web', 'all.yaml')).toMatch(/web:1\.1\.0(.|\n)*api:3\.0\.0/);
    expect(fileOn(world, 'api', 'all.yaml')).toMatch(/web:1\.0\.0(.|\n)*api:3\.1\.0/);
  });

  it('keeps the change of an image that a chain of groups reaches', async () => {
    const world = await loop({
      'windlass.yaml': `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*" }
  api: { image: ${host}/shop/api, semver: "*" }
  job: { image: ${host}/shop/job, semver: "*" }
clusters: { main: {} }
environments: { staging: { update: pull-request }, prod: { update: pull-request } }
syncs: { shop: { in: [staging, prod], path: "{env}" } }
`,
      'staging/web.yaml': marker('web', '1.0.0'),
      'staging/api.yaml': marker('api', '3.0.0'),
      'prod/api.yaml': marker('api', '3.0.0'),
      'prod/job.yaml': marker('job', '1.0.0'),
    });
    const { git, registry, ports, push } = world;
    await registry.push(`${host}/shop/job`, '2.0.0', now);
    await registry.push(`${host}/shop/api`, '4.0.0', now);
    await sweep({ now }, ports);
    expect(changedOn(world, 'prod')).toEqual(['prod/api.yaml', 'prod/job.yaml']);
    // The lines of prod's request move, so that it is made anew by a push for an image that is in staging alone.
    git.push({ 'prod/api.yaml': `# moved down\n${marker('api', '3.0.0')}` });
    await bump({ pushes: [await push('shop/web', '1.1.0')], now: later(1) }, ports);
    expect(changedOn(world, 'staging')).toEqual(['staging/api.yaml', 'staging/web.yaml']);
    expect(git.git('rev-parse', 'windlass/bump/prod~')).toBe(main(world));
    expect(changedOn(world, 'prod')).toEqual(['prod/api.yaml', 'prod/job.yaml']);
  });
});

describe('an environment that takes changes by pull request alone', () => {
  const windlass = `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*" }
clusters: { main: {} }
environments:
  staging: {}
  prod: { update: pull-request }
syncs:
  shop: { in: [staging, prod], path: "apps/{env}" }
`;
  const files = {
    'windlass.yaml': windlass,
    'apps/staging/web.yaml': marker('web', '1.0.0'),
    'apps/prod/deep/web.yaml': marker('web', '1.0.0'),
    'apps/prod-like.yaml': marker('web', '1.0.0'),
  };
  const review = 'prod: the branch windlass/bump/prod waits for a review';

  it('gets a request on top of the commit for everything else, in one bump', async () => {
    const world = await loop(files);
    const { git, ports, records, push, show } = world;
    const pushes = [await push('shop/web', '1.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(result).toMatchObject({ outcome: 'committed', skipped: [], proposals: [{ group: 'prod', act: 'propose' }] });
    expect(git.git('show', '--name-only', '--format=', 'main').split('\n')).toEqual([
      'apps/prod-like.yaml',
      'apps/staging/web.yaml',
    ]);
    expect(show('apps/prod/deep/web.yaml')).toBe(marker('web', '1.0.0').trim());
    expect(git.git('rev-parse', 'windlass/bump/prod~')).toBe(main(world));
    expect(changedOn(world, 'prod')).toEqual(['apps/prod/deep/web.yaml']);
    expect(records.images.get('web')).toMatchObject({ newest: '1.1.0', waiting: review });
    expect(records.images.get('web')?.current.toSorted()).toEqual(['1.0.0', '1.1.0']);
    const told = records.told();
    expect(told).toEqual([
      `push-received: ${host}/shop/web:1.1.0 was pushed`,
      'bumped: web went from 1.0.0 to 1.1.0',
      'bump-proposed: web to 1.1.0 was proposed: the branch windlass/bump/prod',
    ]);
    const [before, branch] = [main(world), headOf(world, 'prod')];
    expect((await bump({ pushes, now: later(1) }, ports)).outcome).toBe('nothing-to-do');
    expect([main(world), headOf(world, 'prod')]).toEqual([before, branch]);
    expect(records.told()).toEqual(told);
    expect(records.images.get('web')?.waiting).toBe(review);
  });

  it('loses nothing of a person who pushes between the commit and the request', async () => {
    const world = await loop(files);
    const { git, ports, push, show } = world;
    let theirs = '';
    const propose = async (request: Parameters<typeof ports.repo.propose>[0]) => {
      theirs = git.push({ 'apps/prod/other.yaml': 'by hand\n' }, 'By hand');
      return ports.repo.propose(request);
    };
    const pushes = [await push('shop/web', '1.1.0')];
    await bump({ pushes, now }, { ...ports, repo: { ...ports.repo, propose } });
    expect(main(world)).toBe(theirs);
    expect(git.git('rev-parse', 'windlass/bump/prod~')).toBe(git.git('rev-parse', 'main~'));
    await sweep({ now: later(1) }, ports);
    expect(main(world)).toBe(theirs);
    expect(changedOn(world, 'prod')).toEqual(['apps/prod/deep/web.yaml']);
    expect(show('apps/staging/web.yaml')).toBe(marker('web', '1.1.0').trim());
  });

  it('does not keep staging back because prod has a newer tag', async () => {
    const world = await loop({ ...files, 'apps/prod/deep/web.yaml': marker('web', '9.0.0') });
    const { ports, records, push, show } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(show('apps/staging/web.yaml')).toBe(marker('web', '1.1.0').trim());
    expect(show('apps/prod/deep/web.yaml')).toBe(marker('web', '9.0.0').trim());
    expect(branchesOf(world)).toEqual([]);
    expect(records.images.get('web')?.current.toSorted()).toEqual(['1.1.0', '9.0.0']);
    expect(records.images.get('web')?.waiting).toContain(
      'Git has 9.0.0, and the newest tag that fits, 1.1.0, is older',
    );
  });

  it.each([
    ['kustomization.yaml', 'resources: [../../base]\n'],
    ['kustomization.yml', 'resources: ["../../base/inner"]\n'],
    ['Kustomization', 'configMapGenerator: [{ name: a, files: [x=../../base/inner/web.yaml] }]\n'],
    ['kustomization.yaml', 'components: [ ../../middle ]\n'],
  ])('gets a base in its request that it takes by its %s, as %j', async (name, text) => {
    const world = await loop({
      'windlass.yaml': windlass,
      'apps/staging/kustomization.yaml': 'resources: [../../base, ../../other]\n',
      [`apps/prod/${name}`]: text,
      'middle/kustomization.yaml': 'resources: [ "../base" ]\n',
      'base/inner/web.yaml': marker('web', '1.0.0'),
      'other/web.yaml': marker('web', '1.0.0'),
    });
    const { git, ports, records, push } = world;
    await bump({ pushes: [await push('shop/web', '1.1.0')], now }, ports);
    expect(git.git('show', '--name-only', '--format=', 'main')).toBe('other/web.yaml');
    expect(changedOn(world, 'prod')).toEqual(['base/inner/web.yaml']);
    expect(records.images.get('web')?.waiting).toBe(review);
  });

  it('needs no request without a sync', async () => {
    const world = await loop({
      'windlass.yaml': windlass.replace('in: [staging, prod]', 'in: [staging]'),
      'apps/prod/web.yaml': marker('web', '1.0.0'),
    });
    await bump({ pushes: [await world.push('shop/web', '1.1.0')], now }, world.ports);
    expect(world.show('apps/prod/web.yaml')).toBe(marker('web', '1.1.0').trim());
    expect(branchesOf(world)).toEqual([]);
  });

  it('keeps a hold until its own request has passed it, too', async () => {
    const world = await loop({
      ...files,
      'holds/web.a1.yaml': 'image: web\ntag: 1.0.0\npast: 1.1.0\nwho: ada\nwhy: it broke\n',
    });
    const { git, ports, records, push, show } = world;
    await bump({ pushes: [await push('shop/web', '1.2.0')], now }, ports);
    expect(show('apps/staging/web.yaml')).toBe(marker('web', '1.2.0').trim());
    expect(show('holds/web.a1.yaml')).toContain('image: web');
    expect(records.announced[0]?.released).toEqual([]);
    expect(changedOn(world, 'prod')).toEqual(['apps/prod/deep/web.yaml', 'holds/web.a1.yaml']);
    expect(git.git('log', '-1', '--format=%b', 'windlass/bump/prod')).toContain(
      'released the hold of web on 1.0.0, past 1.1.0',
    );
    git.git('update-ref', 'refs/heads/main', headOf(world, 'prod'));
    expect((await sweep({ now: later(1) }, ports)).outcome).toBe('nothing-to-do');
    expect(git.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('holds/');
  });

  it('is proposed although the host refuses the commit for everything else', async () => {
    const world = await loop(files);
    const { git, ports, records, push } = world;
    writeFileSync(
      `${git.bare}/hooks/update`,
      '#!/bin/sh\ncase "$1" in refs/heads/main) echo "main is protected"; exit 1;; esac\n',
    );
    chmodSync(`${git.bare}/hooks/update`, 0o755);
    const before = main(world);
    const pushes = [await push('shop/web', '1.1.0')];
    const result = await bump({ pushes, now }, ports);
    expect(main(world)).toBe(before);
    expect(result).toMatchObject({ outcome: 'failed', failure: { code: 'push-rejected' }, retry: [] });
    expect(git.git('rev-parse', 'windlass/bump/prod~')).toBe(before);
    expect(changedOn(world, 'prod')).toEqual(['apps/prod/deep/web.yaml']);
    expect(records.images.get('web')).toMatchObject({
      current: ['1.0.0'],
      waiting: expect.stringContaining('protected'),
    });
    expect(records.told().filter((line) => line.startsWith('bump'))).toEqual([
      expect.stringMatching(/^bump-failed: web: .*main is protected/s),
      'bump-proposed: web to 1.1.0 was proposed: the branch windlass/bump/prod',
    ]);
    const told = records.told();
    await bump({ pushes, now: later(1) }, ports);
    expect(records.told()).toEqual(told);
  });
});
