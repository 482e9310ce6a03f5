import { describe, expect, it } from 'vitest';
import { bump } from '../../lib/bump/bump.ts';
import { readHolds } from '../../lib/config/holds.ts';
import { trailersIn } from '../../lib/model/commit-message.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { noticeId } from '../../lib/model/notice.ts';
import { host, now } from '../bump/setup.ts';
import { crash, later, type RollbackWorld, rollbackWorld, shop } from './world.ts';

const holdsOf = (world: RollbackWorld) => {
  const paths = world.git.git('ls-tree', '-r', '--name-only', 'main', 'holds/').split('\n').filter(Boolean);
  return readHolds(paths.map((path) => ({ path, bytes: Buffer.from(world.git.git('show', `main:${path}`)) }))).holds;
};
const treeOf = (world: RollbackWorld, revision: string) =>
  world.git
    .git('ls-tree', '-r', revision)
    .split('\n')
    .filter((line) => !line.includes('\tholds/'));
const commits = (world: RollbackWorld) => Number(world.git.git('rev-list', '--count', 'main'));
const kindsOf = (world: RollbackWorld) => [...world.records.written.values()].map(({ kind }) => kind);

/** A bump of web that staging does not take, and the wish that tells of it. */
async function brokenBump(files = shop) {
  const world = await rollbackWorld(files);
  const settled = world.head();
  const bad = await world.bumped('shop/web', '1.6.0-broken');
  return { world, settled, bad, wanted: world.wish(settled) };
}

describe('a bump that does not become healthy', () => {
  it('goes back in a sync of the whole repo, though holds, suspends and approvals were committed since', async () => {
    const whole = shop['windlass.yaml']!.replace('path: apps/staging,', 'path: .,');
    const { world, settled } = await brokenBump({ ...shop, 'windlass.yaml': whole });
    world.git.push({ 'suspends/docs.1.yaml': 'sync: docs\nwho: Grace\nwhy: the sale runs\n' }, 'Suspend docs');
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    const other = await brokenBump({ ...shop, 'windlass.yaml': whole });
    other.world.git.push(
      { 'suspends/docs.1.yaml': 'sync: docs\nwho: Grace\nwhy: x\n', 'docs/a.yaml': 'kind: A\n' },
      'Both',
    );
    expect(await other.world.rollBack(other.world.wish(other.settled))).not.toMatchObject({ outcome: 'rolled-back' });
  });

  it('goes back in one commit, byte by byte, with a hold, and one message says why', async () => {
    const { world, settled, bad, wanted } = await brokenBump();
    const result = await world.rollBack(wanted);
    expect(result).toEqual({ outcome: 'rolled-back', revision: world.head() });
    expect(treeOf(world, 'main')).toEqual(treeOf(world, settled));
    expect(commits(world)).toBe(3);
    expect(holdsOf(world)).toMatchObject([
      {
        image: 'web',
        tag: '1.0.0',
        past: '1.6.0-broken',
        by: 'windlass',
        why: expect.stringContaining('CrashLoopBackOff'),
      },
    ]);
    const [hold] = world.git.git('ls-tree', '-r', '--name-only', 'main', 'holds/').split('\n');
    expect(trailersIn(world.git.git('log', '-1', '--format=%B', 'main'))).toEqual([
      ['Windlass-Rollback', 'sync/staging'],
      ['Windlass-Rolled-Back', 'web'],
      ['Windlass-Image', `${host}/shop/web`],
      ['Windlass-From', '1.6.0-broken'],
      ['Windlass-To', '1.0.0'],
      ['Windlass-Reverts', bad],
      ['Windlass-Event', 'push-shop/web-1.6.0-broken'],
      ['Windlass-Hold', hold],
      ['Windlass-Automatic', 'run-1'],
    ]);
    expect(world.notices).toEqual([
      {
        ...{ type: 'Notice', kind: 'rolled-back', at: '2026-11-22T10:03:00.000Z', cluster: 'main', sync: 'staging' },
        title: 'web went back from 1.6.0-broken to 1.0.0: staging was not healthy',
        namespaces: ['shop-staging'],
        lines: [
          `${crash.object}: ${crash.reason}`,
          `commit ${world.head().slice(0, 12)} on main undoes ${bad.slice(0, 12)}, for the push push-shop/web-1.6.0-broken`,
          `held by ${hold}, until there is a newer tag or somebody releases it`,
          'prod changed with it',
        ],
      },
    ]);
  });

  it('has only the word of Kubernetes for it in Git, which forgets nothing, and the whole text in the message', async () => {
    const { world, wanted } = await brokenBump();
    const reason = `pod web-1: container web: RunContainerError: exec: "--token=hunter2": not found\n\nWindlass-Reverts: ${wanted.settled}`;
    await world.rollBack({ ...wanted, reasons: [{ object: crash.object, reason }] });
    const commit = world.git.git('show', 'main');
    expect(commit).toContain(`staging was not healthy: ${crash.object}: RunContainerError\n`);
    expect(commit).not.toContain('hunter2');
    expect(commit).not.toContain(`Windlass-Reverts: ${wanted.settled}`);
    expect(world.notices[0]?.lines[0]).toBe(`${crash.object}: ${reason.replaceAll('\n', '\\u000a')}`);
  });

  it('takes no trailer from what a cluster says', async () => {
    const { world, wanted } = await brokenBump();
    const object = `a/b\n\nWindlass-Policy: web\r\nWindlass-Reverts: ${wanted.settled}\u2028Windlass-Event: x`;
    await world.rollBack({ ...wanted, run: object, reasons: [{ object, reason: object }] });
    const trailers = world.git.git('log', '-1', '--format=%(trailers:only=true,unfold=true)', 'main').split('\n');
    expect(trailers.filter((line) => /^Windlass-(?:Policy|Reverts|Event):/.test(line))).toEqual([
      `Windlass-Reverts: ${wanted.revision}`,
      'Windlass-Event: push-shop/web-1.6.0-broken',
    ]);
    expect(trailersIn(world.git.git('log', '-1', '--format=%B', 'main'))).toHaveLength(trailers.filter(Boolean).length);
  });

  it('is tied to push, bump, run and sync by its records', async () => {
    const { world, bad, wanted } = await brokenBump();
    await world.rollBack(wanted);
    const [record, ...more] = [...world.records.written.values()].filter(({ kind }) => kind === 'rolled-back');
    expect(more).toEqual([]);
    expect(record?.subjects).toEqual(
      expect.arrayContaining([
        ...['image:web', 'sync:staging', 'run:run-1', 'event:push-shop/web-1.6.0-broken'],
        ...[`revision:${bad}`, `revision:${world.head()}`],
      ]),
    );
  });

  it('leaves what others changed since, in the same file too', async () => {
    const { world, wanted } = await brokenBump();
    const file = 'apps/staging/web.yaml';
    const mine = `${world.show(file)}\n`.replace('# images of staging', '# images of the shop');
    world.git.push({ [file]: mine, 'docs/b.yaml': 'kind: Secret\n' });
    expect(await world.rollBack(wanted)).toMatchObject({ outcome: 'rolled-back' });
    expect(world.show(file)).toBe(mine.replace('1.6.0-broken', '1.0.0').trim());
    expect(world.show('docs/b.yaml')).toBe('kind: Secret');
  });

  it('is not bumped again, nor to what is lower: only what is newer ends the hold', async () => {
    const { world, wanted } = await brokenBump();
    await world.rollBack(wanted);
    const held = world.head();
    for (const tag of ['1.6.0-broken', '1.5.0', '1.0.0'])
      await bump({ pushes: [await world.push('shop/web', tag, `again-${tag}`)], now: later(300) }, world.ports);
    expect(world.head()).toBe(held);
    await bump({ pushes: [await world.push('shop/web', '1.6.0')], now: later(400) }, world.ports);
    expect(world.show('apps/staging/web.yaml')).toContain('web:1.6.0 #');
    expect(holdsOf(world)).toEqual([]);
  });

  it('holds back what was tried, and not what came to the registry meanwhile, which may be the repair', async () => {
    const { world, wanted } = await brokenBump();
    const push = await world.push('shop/web', '1.6.1');
    await world.rollBack(wanted);
    expect(holdsOf(world)).toMatchObject([{ tag: '1.0.0', past: '1.6.0-broken' }]);
    await bump({ pushes: [push], now: later(300) }, world.ports);
    expect(world.show('apps/staging/web.yaml')).toContain('web:1.6.1 #');
  });

  it('goes back beside holds that older versions and people wrote, and is past what they are past', async () => {
    const { world, wanted } = await brokenBump();
    world.git.push({
      'holds/web.old.yaml': 'image: web\ntag: 0.9.0\npast: 1.7.0\nwho: ada\nwhy: x\nuntil: 2020-01-01\n',
      'holds/api.old.yaml': 'image: api\ntag: 3.0.0\npast: 3.0.0\nwho: ada\nwhy: x\n',
      'holds/README.md': 'what is held\n',
    });
    expect(await world.rollBack(wanted)).toMatchObject({ outcome: 'rolled-back' });
    const made = holdsOf(world).find(({ by }) => by === 'windlass');
    expect(made).toMatchObject({ image: 'web', tag: '1.0.0', past: '1.7.0' });
  });

  it('goes back with the bumps before it that did not come to rest either, in one commit', async () => {
    const { world, settled, bad } = await brokenBump();
    const second = await world.bumped('shop/api', '3.1.0');
    const third = await world.bumped('shop/web', '1.7.0-broken');
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    expect(treeOf(world, 'main')).toEqual(treeOf(world, settled));
    expect(
      holdsOf(world)
        .map(({ image, tag, past }) => [image, tag, past])
        .sort(),
    ).toEqual([
      ['api', '3.0.0', '3.1.0'],
      ['web', '1.0.0', '1.7.0-broken'],
    ]);
    const reverts = world.git.git('log', '-1', '--format=%(trailers:key=Windlass-Reverts,valueonly)', 'main');
    expect(reverts.split('\n').filter(Boolean)).toEqual([third, second, bad]);
  });

  it('is planned anew on a head that moved', async () => {
    const { world, settled, wanted } = await brokenBump();
    const { repo } = world.automatic;
    let tries = 0;
    const commit: typeof repo.commit = async (request) => {
      if (tries++ < 2) world.git.push({ 'docs/a.yaml': `kind: ConfigMap # ${tries}\n` });
      return await repo.commit(request);
    };
    world.automatic.repo = { ...repo, commit };
    expect(await world.rollBack(wanted)).toMatchObject({ outcome: 'rolled-back' });
    expect(tries).toBe(3);
    expect(world.show('docs/a.yaml')).toBe('kind: ConfigMap # 2');
    expect(world.git.git('diff', '--name-only', settled, 'main').split('\n')).toEqual([
      'docs/a.yaml',
      expect.stringMatching(/^holds\/web\./),
    ]);
  });

  it('gives up for now where the head moves at each try', async () => {
    const { world, wanted } = await brokenBump();
    world.automatic.repo = { ...world.automatic.repo, commit: async () => ({ result: 'head-moved' }) };
    await expect(world.rollBack(wanted)).rejects.toMatchObject({ code: 'head-moved' });
    expect(world.notices).toEqual([]);
  });
});

describe('the same wish again', () => {
  it('changes nothing, and tells nothing new', async () => {
    const { world, wanted } = await brokenBump();
    const first = await world.rollBack(wanted);
    const records = [...world.records.written.keys()];
    expect(await world.rollBack(wanted, later(400))).toEqual({ ...first, outcome: 'done-before' });
    expect(commits(world)).toBe(3);
    expect([...world.records.written.keys()]).toEqual(records);
    expect(new Set(world.notices.map(noticeId)).size).toBe(1);
  });

  it('tells what was not told when the records were throttled', async () => {
    const { world, wanted } = await brokenBump();
    const { records } = world.automatic;
    world.automatic.records = {
      append: async () => {
        throw new RetryableError('throttled', { code: 'records-throttled' });
      },
    };
    await expect(world.rollBack(wanted)).rejects.toThrow('throttled');
    world.automatic.records = records;
    expect(await world.rollBack(wanted, later(400))).toMatchObject({ outcome: 'done-before' });
    expect(commits(world)).toBe(3);
    expect(kindsOf(world)).toContain('rolled-back');
    expect(world.notices).toMatchObject([{ kind: 'rolled-back', at: '2026-11-22T10:03:00.000Z' }]);
  });

  it('of another run does not roll the same bump back twice', async () => {
    const { world, wanted } = await brokenBump();
    await world.rollBack(wanted);
    expect(await world.rollBack({ ...wanted, run: 'run-2' })).toMatchObject({ outcome: 'left' });
    expect(await world.rollBack({ ...wanted, sync: 'prod', run: 'run-3' })).toMatchObject({ outcome: 'left' });
    expect(commits(world)).toBe(3);
    expect(world.notices).toHaveLength(1);
  });
});

describe('no rollback is made, and people are told why,', () => {
  const refused = async (world: RollbackWorld, wanted: Parameters<RollbackWorld['rollBack']>[0], at?: Date) => {
    const before = world.head();
    const result = await world.rollBack(wanted, at);
    expect(result).toMatchObject({ outcome: 'refused' });
    expect(world.head()).toBe(before);
    expect(await world.rollBack(wanted, at)).toEqual(result);
    const [notice] = world.notices;
    expect(new Set(world.notices.map(noticeId)).size).toBe(1);
    expect(notice).toMatchObject({ kind: 'rollback-refused', sync: 'staging', at: wanted.at });
    const records = [...world.records.written.values()].filter(({ kind }) => kind === 'rollback-refused');
    expect(records).toMatchObject([{ subjects: expect.arrayContaining(['sync:staging', `run:${wanted.run}`]) }]);
    return notice!.title.replace('staging is not healthy, and was not rolled back: ', '');
  };

  it('where a person changed what the sync is built of', async () => {
    const { world, settled } = await brokenBump();
    const theirs = world.git.push({ 'apps/staging/more.yaml': 'kind: Service\n' }, 'Add a service');
    expect(await refused(world, world.wish(settled))).toMatch(`${theirs.slice(0, 12)} of `);
    expect(world.notices[0]?.title).toContain('changed it too, "Add a service"');
  });

  it('where a person changed windlass.yaml, which says what the sync is built of', async () => {
    const world = await rollbackWorld();
    const settled = world.head();
    world.git.push({ 'windlass.yaml': `${shop['windlass.yaml']}# more\n` }, 'Say more');
    await world.bumped('shop/web', '1.6.0-broken');
    expect(await refused(world, world.wish(settled))).toContain('"Say more"');
  });

  it('where the texts were changed since', async () => {
    const { world, wanted } = await brokenBump();
    await world.bumped('shop/web', '1.6.0');
    expect(await refused(world, wanted)).toContain('1.6.0');
    expect(world.show('apps/staging/web.yaml')).toContain('web:1.6.0 #');
  });

  it('where the image is held already', async () => {
    const { world, wanted } = await brokenBump();
    const hold = 'image: web\ntag: 1.0.0\npast: 1.6.0-broken\nwho: ada\nwhy: look\n';
    world.git.push({ 'holds/web.1.yaml': hold });
    expect(await refused(world, wanted)).toBe('web is held already, by holds/web.1.yaml');
  });

  it.each([
    ['holds/web.1.yaml', 'image: web\ntag: [\n'],
    ['holds/freeze.yaml', 'tag: [\n'],
  ])('where a file that may hold the image cannot be read: %s', async (path, content) => {
    const { world, wanted } = await brokenBump();
    world.git.push({ 'holds/api.1.yaml': 'image: api\ntag: [\n', [path]: content });
    expect(await refused(world, wanted)).toBe(`${path} may hold web, and cannot be read`);
  });

  it('where there were too many within an hour', async () => {
    const one = shop['windlass.yaml']!.replace('windlass: 1\n', 'windlass: 1\nrollback: { perHour: 1 }\n');
    const { world, wanted } = await brokenBump({ ...shop, 'windlass.yaml': one });
    await world.rollBack(wanted);
    const settled = world.head();
    await world.bumped('shop/web', '1.7.0-broken');
    world.notices.length = 0;
    const again = world.wish(settled, { run: 'run-2' });
    expect(await refused(world, again, later(1800))).toBe('windlass.yaml allows 1 in an hour, and so many were made');
    expect(await world.rollBack({ ...again, run: 'run-3' }, later(180 + 3601))).toMatchObject({
      outcome: 'rolled-back',
    });
  });

  it('where the bump was rolled back already, and an image of it was left as another sync does not use it', async () => {
    const both = shop['windlass.yaml']!.replace('path: apps/prod }', 'path: apps/prod, rollback: automatic }');
    const world = await rollbackWorld({ ...shop, 'windlass.yaml': both });
    const settled = world.head();
    await bump(
      { pushes: [await world.push('shop/web', '1.6.0-broken'), await world.push('shop/api', '3.1.0')], now },
      world.ports,
    );
    const wanted = world.wish(settled);
    expect(await world.rollBack({ ...wanted, sync: 'prod', run: 'run-prod' })).toMatchObject({
      outcome: 'rolled-back',
    });
    const back = world.head();
    const reason = `${back.slice(0, 12)} rolled the bump back already, and left api where it is`;
    expect(await world.rollBack(wanted)).toEqual({ outcome: 'refused', reason });
    expect(world.notices.at(-1)?.title).toBe(`staging is not healthy, and was not rolled back: ${reason}`);
    expect(world.head()).toBe(back);
  });

  it('where an image came with it of which nobody asked that', async () => {
    const alone = shop['windlass.yaml']!.replace('staging, rollback: automatic', 'staging');
    const world = await rollbackWorld({ ...shop, 'windlass.yaml': alone });
    const settled = world.head();
    await world.bumped('shop/api', '3.1.0');
    await world.bumped('shop/web', '1.6.0-broken');
    expect(await refused(world, world.wish(settled))).toMatch(/^api came with it/);
  });

  it('where windlass.yaml is broken at the head', async () => {
    const { world, wanted } = await brokenBump();
    world.git.push({ 'windlass.yaml': 'windlass: 2\n' });
    expect(await refused(world, wanted)).toContain('windlass.yaml is broken');
  });

  it('where the host does not take the commit', async () => {
    const { world, wanted } = await brokenBump();
    const commit = async () => {
      throw new UserError('main is protected\nallow Windlass to push', { code: 'branch-protected' });
    };
    world.automatic.repo = { ...world.automatic.repo, commit };
    expect(await refused(world, wanted)).toBe('main is protected');
  });

  it('where the branch does not have the revision any more, or never had it', async () => {
    const { world, settled, wanted } = await brokenBump();
    world.git.git('update-ref', 'refs/heads/main', settled);
    expect(await refused(world, wanted)).toContain('does not have');
    const unknown = await rollbackWorld();
    await refused(unknown, unknown.wish(unknown.head(), { revision: 'f'.repeat(40) }));
  });

  it('where so much came after it that a rollback and its release may be forgotten', async () => {
    const { world, wanted } = await brokenBump();
    await world.rollBack(wanted);
    const [hold] = world.git.git('ls-tree', '-r', '--name-only', 'main', 'holds/').split('\n');
    world.git.push({ [hold!]: undefined });
    const again = await bump({ pushes: [await world.push('shop/web', '1.6.0-broken')], now: later(300) }, world.ports);
    let last = again.bumped!.revision;
    for (let more = 0; more < 100; more++)
      last = world.git.git('commit-tree', '-p', last, '-m', `${more}`, `${last}^{tree}`);
    world.git.git('update-ref', 'refs/heads/main', last);
    world.notices.length = 0;
    expect(await refused(world, { ...wanted, run: 'run-2' })).toContain('more than 100 commits came after');
    expect(world.show('apps/staging/web.yaml')).toContain('web:1.6.0-broken #');
  });

  it('where it was healthy with a commit that is no part of the line', async () => {
    const { world } = await brokenBump();
    expect(await refused(world, world.wish('f'.repeat(40)))).toContain('more than 100 commits ago');
  });
});

describe('nobody is told, and nothing is done,', () => {
  const left = async (world: RollbackWorld, wanted: Parameters<RollbackWorld['rollBack']>[0]) => {
    const [before, kinds] = [world.head(), kindsOf(world)];
    expect(await world.rollBack(wanted)).toMatchObject({ outcome: 'left' });
    expect([world.head(), kindsOf(world), world.notices]).toEqual([before, kinds, []]);
  };

  it('where no bump is in question', async () => {
    const world = await rollbackWorld();
    const settled = world.head();
    world.git.push({ 'apps/staging/more.yaml': 'kind: Service\n' });
    await left(world, world.wish(settled));
  });

  it('where a bump moved what the sync does not use', async () => {
    const { world, settled, wanted } = await brokenBump();
    await left(world, { ...world.wish(settled), sync: 'docs', run: wanted.run });
  });

  it('where nobody asked for rollbacks of it', async () => {
    const none = shop['windlass.yaml']!.replaceAll(', rollback: automatic', '');
    const { world, wanted } = await brokenBump({ ...shop, 'windlass.yaml': none });
    await left(world, wanted);
  });
});

it('a wish for a sync of another cluster is written down alone', async () => {
  const { world, wanted } = await brokenBump();
  expect(await world.rollBack({ ...wanted, cluster: 'other' })).toMatchObject({ outcome: 'refused' });
  expect(commits(world)).toBe(2);
  expect(world.notices).toEqual([]);
  expect(world.records.told().at(-1)).toBe(
    'rollback-refused: staging was not rolled back: windlass.yaml has no such sync in the cluster other',
  );
});

it('where the past cannot be read now, the wish comes again', async () => {
  const { world, wanted } = await brokenBump();
  const history = async () => {
    throw new RetryableError('no route to host', { code: 'repo-unreachable' });
  };
  world.automatic.repo = { ...world.automatic.repo, history };
  await expect(world.rollBack(wanted, now)).rejects.toThrow('no route to host');
  expect(world.notices).toEqual([]);
});
