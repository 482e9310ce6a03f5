import { describe, expect, it } from 'vitest';
import { trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
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
  ])('is left to people where there is %s', async (_, [branches, options]) => {
    const { world, head } = await merged(branches, options);
    const settled = world.git.git('rev-parse', 'main^');
    const { outcome, ...told } = await world.rollBack(world.wish(settled));
    expect(outcome).not.toBe('rolled-back');
    expect(world.head()).toBe(head);
    expect('reason' in told && told.reason).toMatch(/changed it too, "Merge pull request|no bump is among/);
  });

  it('is left to people where it did more itself than its trailers tell', async () => {
    const { world, settled, head } = await merged([[[{ [staging]: `${web}replicas: 0\n` }, byBump]]]);
    expect(await world.rollBack(world.wish(settled))).toMatchObject({
      outcome: 'refused',
      reason: `sync/staging cannot go back: ${staging}: ${head.slice(0, 12)} is no bump alone: it changed something else here`,
    });
  });
});
