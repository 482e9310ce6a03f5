import { expect, it } from 'vitest';
import { proposalPrefix } from '../../lib/bump/ports.ts';
import { type Abilities, type Make, proposal, start, text } from './config-repo-under-test.ts';

const branchOf = (group: string) => `${proposalPrefix}${group}`;

/** Proposals: branches with one commit, and pull requests where the host has them. */
export function proposals(make: Make, can: Abilities): void {
  it('puts one commit on a branch of its own, and leaves main alone', async () => {
    const { repo, branch, commit, show } = await make(start);
    const parent = (await repo.head()).revision;
    const made = await repo.propose(proposal(parent, 'web', 'proposed\n'));
    expect(made.branch).toBe(branchOf('web'));
    expect(await branch(made.branch)).toBe(made.revision);
    expect(await branch('main')).toBe(parent);
    expect((await commit(made.revision)).parents).toEqual([parent]);
    expect(text(await show('apps/web.yaml', made.branch))).toBe('proposed\n');
    expect(text(await show('apps/plain.yaml', made.branch))).toBe('kind: ConfigMap\n');
    expect(made.warnings).toEqual([]);
    const [found, ...others] = (await repo.head()).proposals;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ group: 'web', branch: made.branch, revision: made.revision, state: 'open' });
    expect(found!.trailers).toEqual(proposal(parent, 'web', '').trailers);
    expect(found!.number).toBe(made.number);
    expect(found!.url).toBe(made.url);
  });

  it('moves the branch in place to one commit on the new head', async () => {
    const { repo, push, branch, commit, show } = await make(start);
    const first = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n'));
    const theirs = await push({ 'apps/plain.yaml': 'theirs\n' });
    const second = await repo.propose(proposal(theirs, 'web', 'two\n', { title: 'Bump web twice' }));
    expect(second.revision).not.toBe(first.revision);
    expect(second).toMatchObject({ branch: first.branch });
    expect(second.number).toBe(first.number);
    expect(await branch(second.branch)).toBe(second.revision);
    expect((await commit(second.revision)).parents).toEqual([theirs]);
    expect(text(await show('apps/web.yaml', second.branch))).toBe('two\n');
    expect(text(await show('apps/plain.yaml', second.branch))).toBe('theirs\n');
    expect((await repo.head()).proposals).toHaveLength(1);
  });

  it('makes nothing new when asked for the same again', async () => {
    const { repo } = await make(start);
    const wish = proposal((await repo.head()).revision, 'web', 'one\n');
    const first = await repo.propose(wish);
    const second = await repo.propose(wish);
    expect(second.number).toBe(first.number);
    expect((await repo.head()).proposals).toHaveLength(1);
  });

  it('keeps the proposals of different groups apart', async () => {
    const { repo } = await make(start);
    const parent = (await repo.head()).revision;
    const web = await repo.propose(proposal(parent, 'web', 'one\n'));
    const api = await repo.propose(proposal(parent, 'web-api.2', 'two\n'));
    const found = (await repo.head()).proposals.toSorted((a, b) => (a.group < b.group ? -1 : 1));
    expect(found.map(({ group, revision }) => [group, revision])).toEqual([
      ['web', web.revision],
      ['web-api.2', api.revision],
    ]);
    if (can.pulls) expect(api.number).not.toBe(web.number);
  });

  it('shows by the trailers that a person has worked on the branch', async () => {
    const { repo, push } = await make(start);
    const made = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n'));
    const theirs = await push({ 'apps/extra.yaml': 'by hand\n' }, made.branch);
    const [found] = (await repo.head()).proposals;
    expect(found).toMatchObject({ group: 'web', revision: theirs, trailers: [], state: 'open' });
  });

  it('forgets a proposal that was merged', async () => {
    const { repo, merge, show } = await make(start);
    const made = await repo.propose(proposal((await repo.head()).revision, 'web', 'merged\n'));
    await merge(made.branch);
    expect((await repo.head()).proposals).toEqual([]);
    expect(text(await show('apps/web.yaml'))).toBe('merged\n');
  });

  it('proposes anew after a merge', async () => {
    const { repo, merge, branch } = await make(start);
    const first = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n'));
    await merge(first.branch);
    const second = await repo.propose(proposal((await repo.head()).revision, 'web', 'two\n'));
    expect(await branch(second.branch)).toBe(second.revision);
    expect((await repo.head()).proposals.map(({ revision, state }) => [revision, state])).toEqual([
      [second.revision, 'open'],
    ]);
    if (can.pulls) expect(second.number).not.toBe(first.number);
  });

  it('withdraws a proposal with its branch, and is content when it is gone already', async () => {
    const { repo, branch, deleteBranch } = await make(start);
    const parent = (await repo.head()).revision;
    await repo.propose(proposal(parent, 'web', 'one\n'));
    await repo.propose(proposal(parent, 'api', 'two\n'));
    const found = (await repo.head()).proposals;
    const web = found.find(({ group }) => group === 'web')!;
    await repo.withdraw(web, 'the tag is held');
    expect(await branch(branchOf('web'))).toBeUndefined();
    await repo.withdraw(web, 'the tag is held');
    await deleteBranch(branchOf('api'));
    await repo.withdraw(found.find(({ group }) => group === 'api')!, 'the tag is held');
    expect((await repo.head()).proposals).toEqual([]);
    expect(await branch('main')).toBe(parent);
  });

  it('refuses a group that cannot end a branch name', async () => {
    const { repo, branch } = await make(start);
    const parent = (await repo.head()).revision;
    for (const group of ['', '../main', 'a b', 'a..b', 'x.lock', '-x'])
      await expect(repo.propose(proposal(parent, group, 'x\n'))).rejects.toThrow();
    expect(await branch('main')).toBe(parent);
    expect((await repo.head()).proposals).toEqual([]);
  });

  if (can.pulls) pullRequests(make);
}

function pullRequests(make: Make): void {
  it('opens a pull request as wished, and keeps its texts up to date', async () => {
    const { repo, pull } = await make(start);
    const parent = (await repo.head()).revision;
    const wishes = { labels: ['windlass', 'images'], reviewers: ['ada', 'acme/deployers'] };
    const made = await repo.propose(proposal(parent, 'web', 'one\n', wishes));
    expect(made.warnings).toEqual([]);
    expect(made.url).toContain(`/${made.number}`);
    const opened = await pull!(made.number!);
    expect(opened).toMatchObject({
      title: 'Bump web',
      body: 'web  1.0.0 -> 1.1.0\n',
      state: 'open',
      head: made.revision,
    });
    expect(opened.labels.toSorted()).toEqual(['images', 'windlass']);
    expect(opened.reviewers.toSorted()).toEqual(['acme/deployers', 'ada']);
    await repo.propose(proposal(parent, 'web', 'two\n', { ...wishes, title: 'Bump web again', description: 'more\n' }));
    expect(await pull!(made.number!)).toMatchObject({ title: 'Bump web again', body: 'more\n', state: 'open' });
  });

  it('warns of what the host does not grant, and proposes all the same', async () => {
    const { repo, pull } = await make(start);
    const wishes = { labels: ['images'], reviewers: ['nobody-here'], autoMerge: true };
    const made = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n', wishes));
    expect(made.warnings).toHaveLength(2);
    expect(made.warnings.join('\n')).toContain('nobody-here');
    expect(await pull!(made.number!)).toMatchObject({
      state: 'open',
      labels: ['images'],
      reviewers: [],
      autoMerge: false,
    });
  });

  it('lets the host merge by itself where reviews are demanded', async () => {
    const { repo, pull, demandReviews } = await make(start);
    await demandReviews!();
    const made = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n', { autoMerge: true }));
    expect(made.warnings).toEqual([]);
    expect((await pull!(made.number!)).autoMerge).toBe(true);
  });

  it('tells a proposal that a person closed as declined, as long as it has its branch', async () => {
    const { repo, closePull, deleteBranch } = await make(start);
    const parent = (await repo.head()).revision;
    const made = await repo.propose(proposal(parent, 'web', 'one\n'));
    await closePull!(made.number!);
    const [declined] = (await repo.head()).proposals;
    expect(declined).toMatchObject({ group: 'web', state: 'declined', revision: made.revision, number: made.number });
    expect(declined!.trailers).toEqual(proposal(parent, 'web', '').trailers);
    await deleteBranch(made.branch);
    expect((await repo.head()).proposals).toEqual([]);
  });

  it('opens a new pull request after one was declined', async () => {
    const { repo, closePull, pull } = await make(start);
    const parent = (await repo.head()).revision;
    const first = await repo.propose(proposal(parent, 'web', 'one\n'));
    await closePull!(first.number!);
    const second = await repo.propose(proposal(parent, 'web', 'two\n'));
    expect(second.number).not.toBe(first.number);
    expect((await pull!(first.number!)).state).toBe('closed');
    expect((await repo.head()).proposals.map(({ number, state }) => [number, state])).toEqual([
      [second.number, 'open'],
    ]);
  });

  it('says on a withdrawn pull request why, and closes it', async () => {
    const { repo, pull } = await make(start);
    const made = await repo.propose(proposal((await repo.head()).revision, 'web', 'one\n'));
    await repo.withdraw((await repo.head()).proposals[0]!, 'web:1.1.0 was rolled back');
    const closed = await pull!(made.number!);
    expect(closed.state).toBe('closed');
    expect(closed.comments.join('\n')).toContain('web:1.1.0 was rolled back');
  });

  it('does not reopen the pull request of a withdrawn proposal', async () => {
    const { repo } = await make(start);
    const parent = (await repo.head()).revision;
    const first = await repo.propose(proposal(parent, 'web', 'one\n'));
    await repo.withdraw((await repo.head()).proposals[0]!, 'later');
    const second = await repo.propose(proposal(parent, 'web', 'one\n'));
    expect(second.number).not.toBe(first.number);
    expect((await repo.head()).proposals).toHaveLength(1);
  });
}
