import { describe, expect, it } from 'vitest';
import { trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import { noticeId } from '../../lib/model/notice.ts';
import type { RollbackOrder } from '../../lib/rollback/order.ts';
import { planRollback } from '../../lib/rollback/rollback.ts';
import { type Content, gitIn, writeFiles } from '../adapters/git/repos.ts';
import { host } from '../bump/setup.ts';
import { later, rollbackWorld, shop } from './world.ts';

const staging = 'apps/staging/web.yaml';
const more = 'apps/staging/more.yaml';
const files = { ...shop, [staging]: `# a\n# b\n# c\n# d\n${shop[staging]}` };
const web = files[staging]!.replace('1.0.0', '1.6.0-broken');
const image = { policy: 'web', repository: `${host}/shop/web`, from: ['1.0.0'], to: '1.6.0-broken' };
const story = trailersOf({ images: [image], events: ['push-7'] });
const byBump = commitMessage({ subject: 'Bump web to 1.6.0-broken', body: [], trailers: story });
type Files = Record<string, Content | undefined>;
type Commit = [files: Files, message: string];

/** A person's merge of branches; `mine` is what it changes beside, `meanwhile` what came to main before it. */
async function merged(branches: Commit[][], { mine = {}, meanwhile }: { mine?: Files; meanwhile?: Files } = {}) {
  const world = await rollbackWorld(files);
  const { work, bare } = world.git;
  const settled = world.head();
  const checkout = () => gitIn(work, 'checkout', '--quiet', '--detach', settled);
  const commit = (files: Files, message: string) => {
    writeFiles(work, files);
    gitIn(work, 'add', '--all');
    gitIn(work, 'commit', '--quiet', '--message', message);
    return gitIn(work, 'rev-parse', 'HEAD');
  };
  const heads = branches.map((commits) => {
    checkout();
    return commits.map((one) => commit(...one)).at(-1)!;
  });
  checkout();
  if (meanwhile !== undefined) commit(meanwhile, 'Meanwhile');
  gitIn(work, 'merge', '--quiet', '--no-commit', '--no-ff', ...heads);
  const head = commit(mine, 'Merge pull request #7 from acme/windlass/bump/web');
  gitIn(work, 'push', '--quiet', bare, 'HEAD:main');
  return { world, settled, head };
}

const byHand: Pick<RollbackOrder, 'now' | 'who'> = { now: later(180), who: 'Ada' };

describe('a merge commit and a rollback by hand', () => {
  it.each([{ image: 'web' }, { sync: 'staging' }])(
    'names the merge of a bump as a bump that it undoes: %o',
    async (target) => {
      const { world, head } = await merged([[[{ [staging]: web }, byBump]]]);
      const plan = await planRollback({ ...byHand, target }, world.repo, {});
      expect(plan).toMatchObject({ story: { reverts: [head], events: ['push-7'] } });
    },
  );

  it.each([{ image: 'web' }, { sync: 'staging' }])(
    'does not go forward again from the merge of a rollback: %o',
    async (target) => {
      const byRollback = commitMessage({
        subject: 'Roll back web',
        body: [],
        trailers: [['Windlass-Rollback', 'image/web']],
      });
      const { world } = await merged([[[{ [staging]: web }, byRollback]]]);
      const planned = planRollback({ ...byHand, target }, world.repo, {});
      await expect(planned).rejects.toMatchObject({ code: 'rolled-back-already' });
    },
  );
});

describe('a bump that people merged by a merge commit', () => {
  it('goes back as every other one, and its push is known', async () => {
    const { world, settled, head } = await merged([[[{ [staging]: web }, byBump]]]);
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    expect(`${world.show(staging)}\n`).toBe(files[staging]);
    const message = world.git.git('log', '-1', '--format=%B', 'main');
    expect(message).toContain(`Windlass-Reverts: ${head}\nWindlass-Event: push-7\n`);
    expect(await world.rollBack(world.wish(settled, { revision: head, run: 'run-2' }))).toMatchObject({
      outcome: 'left',
      reason: 'the bump was rolled back already',
    });
  });

  it('goes back where others changed other files of the sync before that, and it was healthy with them', async () => {
    const { world } = await merged([[[{ [staging]: web }, byBump]]], { meanwhile: { [more]: 'kind: Service\n' } });
    const settled = world.git.git('rev-parse', 'main^');
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'rolled-back' });
    expect(world.show(more)).toBe('kind: Service');
  });

  it.each<[string, Parameters<typeof merged>]>([
    ['no more than a message that looks like it', [[[[{ [staging]: web }, 'Bump web to 1.6.0-broken']]]]],
    [
      'another tag by the merge',
      [[[[{ [staging]: web }, byBump]]], { mine: { [staging]: web.replace('1.6.0', '1.7.0') } }],
    ],
    ['another file by the merge', [[[[{ [staging]: web }, byBump]]], { mine: { [more]: 'kind: Service\n' } }]],
    [
      'a commit of a person before it',
      [
        [
          [
            [{ [more]: 'kind: Service\n' }, 'Add a service'],
            [{ [staging]: web }, byBump],
          ],
        ],
      ],
    ],
    [
      'a commit of a person after it',
      [
        [
          [
            [{ [staging]: web }, byBump],
            [{ [more]: 'kind: Service\n' }, 'Add a service'],
          ],
        ],
      ],
    ],
    [
      'other bytes than it was made of in the same file',
      [[[[{ [staging]: web }, byBump]]], { meanwhile: { [staging]: files[staging]!.replace('# a', '# all') } }],
    ],
    ['another branch with it', [[[[{ [staging]: web }, byBump]], [[{ [more]: 'kind: Service\n' }, 'Add a service']]]]],
  ])('is left to people, who are told once, where there is %s', async (_, [branches, options]) => {
    const { world, head } = await merged(branches, options);
    const settled = world.git.git('rev-parse', 'main^');
    const result = await world.rollBack(world.wish(settled));
    const merge = `${head.slice(0, 12)} of Ada came since it was healthy, "Merge pull request #7 from acme/windlass/bump/web"`;
    expect(result).toEqual({ outcome: 'refused', reason: `web moved with what people changed: ${merge}` });
    expect(await world.rollBack(world.wish(settled))).toEqual(result);
    expect(world.head()).toBe(head);
    expect(new Set(world.notices.map(noticeId)).size).toBe(1);
    expect(world.notices[0]).toMatchObject({
      kind: 'rollback-refused',
      title: expect.stringContaining('staging is not healthy, and was not rolled back: web moved'),
      lines: expect.arrayContaining([`go back by hand: windlass rollback image/web --to ${settled.slice(0, 12)}`]),
    });
    const records = [...world.records.written.values()].filter(({ kind }) => kind === 'rollback-refused');
    expect(records).toMatchObject([
      {
        subjects: expect.arrayContaining(['sync:staging', 'image:web', `revision:${head}`, 'run:run-1']),
        details: { code: 'moved-by-people' },
      },
    ]);
  });

  it('is left to people where it did more itself than its trailers tell', async () => {
    const { world, settled, head } = await merged([[[{ [staging]: `${web}replicas: 0\n` }, byBump]]]);
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: `sync/staging cannot go back: ${staging}: ${head.slice(0, 12)} is no bump alone: it changed something else here`,
    });
  });
});

describe('an image that people moved', () => {
  const service = { [more]: 'kind: Service\n' };

  it('is told of where they squashed a bump with a commit of theirs, whose message hides the trailers', async () => {
    const world = await rollbackWorld(files);
    const settled = world.head();
    const squashed = `Ship it (#7)\n\n* ${byBump}\n* Add a service\n\nCo-authored-by: Ada <ada@example.com>\n`;
    world.git.push({ ...service, [staging]: web }, squashed);
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(/^web moved with what people changed: \w{12} of .*, "Ship it \(#7\)"$/),
    });
    // The command of the message does what it says.
    const plan = await planRollback({ ...byHand, target: { image: 'web' }, to: { revision: settled } }, world.repo, {});
    expect(plan).toMatchObject({ story: { images: [{ policy: 'web', to: ['1.0.0'] }] } });
  });

  it.each<[string, Files, Files?]>([
    ['is none of those that it was asked of', { [staging]: files[staging]!.replace('api:3.0.0', 'api:3.1.0') }],
    ['did not move', { ...service, [staging]: files[staging]!.replace('# a', '# all') }],
    ['is in a new file alone', { 'apps/staging/again.yaml': files[staging] }],
    ['was put back since', { ...service, [staging]: web }, { [staging]: files[staging] }],
  ])('is not told of where it %s', async (_, changed, after) => {
    const world = await rollbackWorld({
      ...files,
      'windlass.yaml': shop['windlass.yaml']!.replace('path: apps/staging, rollback: automatic', 'path: apps/staging'),
    });
    const settled = world.head();
    world.git.push(changed, 'Change it');
    const wanted = world.wish(settled);
    if (after !== undefined) world.git.push(after, 'Put it back');
    expect(await world.rollBack(wanted)).toMatchObject({ outcome: 'left' });
    expect(world.notices).toEqual([]);
  });

  it('is not told of where a person rolled it back, and that is not healthy either', async () => {
    const world = await rollbackWorld(files);
    const settled = world.head();
    const trailers: [string, string][] = [
      ['Windlass-Rollback', 'image/web'],
      ['Windlass-Rolled-Back', 'web'],
    ];
    world.git.push({ [staging]: web }, commitMessage({ subject: 'Roll back web', body: [], trailers }));
    expect(await world.rollBack(world.wish(settled))).toMatchObject({ outcome: 'left' });
  });
});
