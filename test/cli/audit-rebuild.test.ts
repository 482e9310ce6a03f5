import { describe, expect, it } from 'vitest';
import { bumpedRecords, trailersOf } from '../../lib/model/bump-story.ts';
import { commitMessage } from '../../lib/model/commit-message.ts';
import { type Content, testRepo } from '../adapters/git/repos.ts';
import { recordedDesk } from './recorded-desk.ts';

const story = {
  images: [{ policy: 'web', repository: 'ghcr.io/acme/web', from: ['1.0.0'], to: '1.1.0' }],
  events: ['push-1'],
};
const bump = commitMessage({ subject: 'Bump web to 1.1.0', body: [], trailers: trailersOf(story) });

async function bumped(files: Record<string, Content> = { 'a.yaml': '1\n' }) {
  const at = await recordedDesk(files);
  return { at, revision: at.git.push({ 'a.yaml': '2\n' }, bump) };
}

describe('windlass audit rebuild', () => {
  it('says in a dry run what is missing, restores it, and then finds nothing more', async () => {
    const { at, revision } = await bumped();
    const dry = await at.run('audit', 'rebuild', '--dry-run');
    expect([dry.code, dry.stderr]).toEqual([1, '']);
    expect(dry.stdout.split('\n')).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}bumped {2}web went from 1\.0\.0 to 1\.1\.0$/),
      'bumped: 1 missing, 0 there already',
      `2 commits of main of ${at.git.bare}, 1 of them tell something`,
      'one record is missing in the records of the loop on .windlass (a dry run, nothing was written)',
      '',
    ]);
    expect(await at.records.timeline({ limit: 9 })).toEqual([]);
    const done = await at.run('audit', 'rebuild');
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('one record was restored')]);
    const [record, ...more] = await at.records.timeline({ limit: 9 });
    expect(more).toEqual([]);
    expect(record).toEqual(bumpedRecords(story, revision, record!.at)[0]);
    const again = await at.run('audit', 'rebuild', '--dry-run');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('nothing is missing')]);
  });

  it('tells the same as JSON', async () => {
    const { at, revision } = await bumped();
    const { code, stdout } = await at.run('audit', 'rebuild', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...{ repo: at.git.bare, branch: 'main', head: revision, dryRun: false, commits: 2, telling: 1 },
      kinds: { bumped: { missing: 1, there: 0 } },
      records: [expect.objectContaining({ kind: 'bumped', revision })],
    });
  });

  it('writes another repository’s facts into the records only when somebody says so', async () => {
    const { at } = await bumped();
    const other = testRepo({ 'a.yaml': '1\n' });
    other.push({ 'a.yaml': '2\n' }, bump);
    const refused = await at.run('audit', 'rebuild', '--repo', other.bare);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('give --yes')]);
    expect(await at.records.timeline({ limit: 9 })).toEqual([]);
    expect((await at.run('audit', 'rebuild', '--repo', other.bare, '--yes')).code).toBe(0);
    expect(await at.records.timeline({ limit: 9 })).toHaveLength(1);
  });

  it('asks without the password of the repo', async () => {
    const { at } = await bumped();
    const asked = await at.run(
      'audit',
      'rebuild',
      '--repo',
      'https://me:hunter2@127.0.0.1:1/a.git',
      '--branch',
      'main',
    );
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('main of https://127.0.0.1:1/a.git')]);
    expect(asked.stdout + asked.stderr).not.toContain('hunter2');
  });

  it('says that there are no records, and that there is no such branch', async () => {
    const { at } = await bumped();
    const nowhere = await at.run('audit', 'rebuild', '--dir', 'nowhere');
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('no loop runs on')]);
    const branch = await at.run('audit', 'rebuild', '--branch', 'other', '--dry-run');
    expect([branch.code, branch.stderr]).toEqual([2, expect.stringContaining('no branch other')]);
  });
});
