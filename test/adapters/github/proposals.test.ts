import { expect, it } from 'vitest';
import { describing, type Proposal } from '../../../lib/bump/ports.ts';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import type { Trouble } from '../../standins/github.ts';
import { bytes, failure, proposal, text, world } from './world.ts';

const branch = 'windlass/bump/prod';

describeWithStandins('a proposal on GitHub', () => {
  it('is a branch with one verified commit, and a pull request that the head tells', async () => {
    const { github, open } = await world();
    const repo = open();
    const head = await repo.head();
    const made = await repo.propose(proposal(head));
    expect(made).toEqual({
      revision: github.head(branch),
      branch,
      number: 1,
      url: expect.stringContaining('/pull/1'),
      warnings: [],
      at: expect.any(String),
    });
    const commit = github.commitOf(branch);
    expect(commit.parents).toEqual([head.revision]);
    expect(commit.verified).toBe(true);
    expect(github.head()).toBe(head.revision);
    expect(text(github.show('apps/web.yaml', branch))).toContain('web:1.1.0');
    expect(github.pull(1)).toMatchObject({
      title: 'Bump web to 1.1.0',
      body: '| image | from | to |\n',
      state: 'open',
    });
    expect((await open().head()).proposals).toEqual([
      {
        group: 'prod',
        branch,
        revision: made.revision,
        trailers: [
          ['Windlass-Policy', 'web'],
          ['Windlass-Event', 'e-1'],
        ],
        at: expect.any(String),
        state: 'open',
        number: 1,
        url: made.url,
        describes: '',
      },
    ]);
  });

  it('changes nothing the second time', async () => {
    const { github, open } = await world();
    const first = await open().propose(proposal(await open().head()));
    for (const repo of [open(), open()]) {
      const mark = github.requests.mark();
      expect(await repo.propose(proposal(await repo.head()))).toEqual(first);
      const writes = github.requests
        .since(mark)
        .filter(({ method, kind }) => method !== 'GET' && !kind.includes('query'));
      // The tree, which is the same; and the token.
      expect(writes.map(({ kind }) => kind).filter((kind) => !kind.includes('access_tokens'))).toEqual([
        'POST /repos/{owner}/{repo}/git/trees',
      ]);
    }
  });

  it('is updated in place, in one step, on the new head', async () => {
    const { github, open } = await world();
    await open().propose(proposal(await open().head()));
    github.push({ 'apps/plain.yaml': 'theirs\n' });
    const repo = open();
    const head = await repo.head();
    const files = [{ path: 'apps/web.yaml', bytes: bytes('image: web:1.2.0\n') }];
    const made = await repo.propose(proposal(head, { files, title: 'Bump web to 1.2.0', description: 'other\n' }));
    expect(made.number).toBe(1);
    expect(github.pull(1)).toMatchObject({ title: 'Bump web to 1.2.0', body: 'other\n', state: 'open' });
    expect(github.commitOf(branch).parents).toEqual([head.revision]);
    expect(text(github.show('apps/plain.yaml', branch))).toBe('theirs\n');
    // Once more in the same process, without another look.
    const again = await repo.propose(proposal(head, { files: [{ path: 'apps/web.yaml', bytes: bytes('x\n') }] }));
    expect(again.number).toBe(1);
    expect(github.pull(1).state).toBe('open');
    expect(text(github.show('apps/web.yaml', branch))).toBe('x\n');
  });

  it('has labels, reviewers, teams and auto-merge', async () => {
    const { github, open } = await world();
    github.repository.settings.collaborators = ['ada'];
    github.repository.settings.teams = ['platform'];
    github.repository.settings.autoMerge = true;
    github.repository.protections.set('main', { requirePullRequest: true, approvals: 1 });
    const repo = open();
    const wishes = { labels: ['bump', 'prod'], reviewers: ['ada', 'acme/platform'], autoMerge: true };
    expect((await repo.propose(proposal(await repo.head(), wishes))).warnings).toEqual([]);
    expect(github.pull(1)).toMatchObject({ labels: ['bump', 'prod'], reviewers: ['ada'], teams: ['platform'] });
    expect(github.pull(1).autoMerge).toBeDefined();
    const mark = github.requests.mark();
    await repo.propose(proposal(await repo.head(), wishes));
    expect(Object.keys(github.requests.counts(mark)).filter((kind) => /labels|reviewers|AutoMerge/.test(kind))).toEqual(
      [],
    );
  });

  it('warns of what GitHub does not grant, and takes the rest', async () => {
    const { github, open } = await world();
    github.repository.settings.collaborators = ['ada'];
    github.repository.settings.autoMerge = false;
    const wishes = { labels: ['bump'], reviewers: ['ada', 'nobody', 'acme/none'], autoMerge: true };
    const { warnings } = await open().propose(proposal(await open().head(), wishes));
    expect(github.pull(1)).toMatchObject({ labels: ['bump'], reviewers: ['ada'] });
    expect(warnings.map((warning) => warning.split(' ')[0])).toEqual(['nobody', 'acme/none', 'auto-merge']);
    github.repository.settings.autoMerge = true;
    const again = await open().propose(proposal(await open().head(), { autoMerge: true }));
    expect(again.warnings).toEqual([expect.stringContaining('clean status')]);
  });

  it.each([
    ['POST /repos/{owner}/{repo}/git/refs', 502],
    ['POST /repos/{owner}/{repo}/pulls', 'reset'],
    ['POST /repos/{owner}/{repo}/pulls', 'cut'],
  ] as [string, Trouble][])('is made once when the answer to %s got lost (%s)', async (on, trouble) => {
    const { github, open } = await world();
    github.faults.add({ on, trouble, when: 'after', times: 1 });
    const made = await open().propose(proposal(await open().head()));
    expect(made).toMatchObject({ number: 1, revision: github.head(branch), warnings: [] });
    expect(github.repository.pulls).toHaveLength(1);
  });

  it('whose making was cut off is told, and finished by the next', async () => {
    const { github, open } = await world();
    const repo = open();
    const head = await repo.head();
    github.faults.add({ on: 'POST /repos/{owner}/{repo}/pulls', trouble: 500, when: 'before' });
    expect(await failure(repo.propose(proposal(head)))).toBeInstanceOf(RetryableError);
    github.faults.clear();
    const next = open();
    const seen = await next.head();
    expect(seen.proposals).toMatchObject([{ group: 'prod', state: 'open', revision: github.head(branch) }]);
    expect(seen.proposals[0]!.number).toBeUndefined();
    const made = await next.propose(proposal(seen));
    expect(made).toMatchObject({ number: 1, revision: seen.proposals[0]!.revision });
  });

  it('whose description could not be written says so, is told, and keeps its commit when it is mended', async () => {
    const { github, open } = await world();
    const words = (identity: string) => ({ description: `a table\n\n${describing(identity)}` });
    await open().propose(proposal(await open().head(), words('one')));
    github.faults.add({ on: 'PATCH /repos/{owner}/{repo}/pulls', trouble: 502, when: 'before' });
    const cut = open();
    const files = [{ path: 'apps/web.yaml', bytes: bytes('image: web:1.2.0\n') }];
    const error = await failure(cut.propose(proposal(await cut.head(), { files, ...words('two') })));
    expect(error.message).toMatch(/^cannot bring pull request #1 up to date in acme\/config: GitHub answered 502/);
    github.faults.clear();
    github.push({ 'apps/plain.yaml': 'theirs\n' });
    const repo = open();
    const head = await repo.head();
    expect(head.proposals).toMatchObject([{ number: 1, describes: 'one', revision: github.head(branch) }]);
    const { revision } = head.proposals[0]!;
    const made = await repo.propose(proposal(head, { files, ...words('two'), replaces: revision, keeps: true }));
    expect([made.revision, github.head(branch), github.pull(1).body]).toEqual([
      revision,
      revision,
      words('two').description,
    ]);
    expect((await open().head()).proposals).toMatchObject([{ describes: 'two' }]);
  });

  it('does not take away what a person pushed to its branch meanwhile', async () => {
    const { github, open } = await world();
    await open().propose(proposal(await open().head()));
    const repo = open();
    const head = await repo.head();
    const theirs = github.push({ 'apps/web.yaml': 'by hand\n' }, { branch, message: 'Mine' });
    const request = proposal(head, { files: [{ path: 'apps/web.yaml', bytes: bytes('ours\n') }] });
    const error = await failure(repo.propose(request));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('proposal-moved');
    expect((await failure(repo.withdraw(head.proposals[0]!, 'superseded'))).code).toBe('proposal-moved');
    expect(github.head(branch)).toBe(theirs);
    const [seen] = (await open().head()).proposals;
    expect(seen).toMatchObject({ revision: theirs, trailers: [], state: 'open', number: 1 });
  });

  it('does not take over a branch that appeared since the head was read', async () => {
    const { github, open } = await world();
    const repo = open();
    const head = await repo.head();
    const theirs = github.push({ 'apps/web.yaml': 'by hand\n' }, { branch });
    expect((await failure(repo.propose(proposal(head)))).code).toBe('proposal-moved');
    expect(github.head(branch)).toBe(theirs);
  });

  it('is declined when a person closed it, and gone when it was merged', async () => {
    const { github, open } = await world();
    await open().propose(proposal(await open().head()));
    github.closePull(1);
    expect((await open().head()).proposals).toMatchObject([{ state: 'declined', number: 1 }]);
    const repo = open();
    const head = await repo.head();
    const made = await repo.propose(
      proposal(head, { files: [{ path: 'apps/web.yaml', bytes: bytes('image: web:2.0.0\n') }] }),
    );
    expect(made.number).toBe(2);
    github.repository.settings.deleteBranchOnMerge = false;
    github.merge(2);
    expect(github.head(branch)).toBeDefined();
    expect((await open().head()).proposals).toEqual([]);
    const later = open();
    const next = await later.propose(
      proposal(await later.head(), { files: [{ path: 'apps/web.yaml', bytes: bytes('image: web:3.0.0\n') }] }),
    );
    expect(next.number).toBe(3);
  });

  it('is withdrawn with a word why, and a second time too', async () => {
    const { github, open } = await world();
    await open().propose(proposal(await open().head()));
    const repo = open();
    const [seen] = (await repo.head()).proposals;
    await repo.withdraw(seen!, 'superseded by a commit');
    expect(github.head(branch)).toBeUndefined();
    expect(github.pull(1)).toMatchObject({ state: 'closed', comments: [{ body: 'superseded by a commit' }] });
    await repo.withdraw(seen!, 'superseded by a commit');
    expect(github.pull(1).comments).toHaveLength(1);
    expect((await open().head()).proposals).toEqual([]);
  });

  it('is withdrawn where there is a branch alone, and though an answer gets lost', async () => {
    const { github, open } = await world();
    const head = await open().head();
    const revision = github.push({ 'apps/web.yaml': 'x\n' }, { branch });
    github.faults.add({ on: 'DELETE', trouble: 'reset', when: 'after', times: 1 });
    const lost: Proposal = { group: 'prod', branch, revision, trailers: [], state: 'open' };
    const repo = open();
    await repo.withdraw(lost, 'why').catch(async (error: unknown) => {
      expect(error).toBeInstanceOf(RetryableError);
      await repo.withdraw(lost, 'why');
    });
    expect(github.head(branch)).toBeUndefined();
    expect(head.proposals).toEqual([]);
  });

  it('keeps modes, and has a group that fits into a name', async () => {
    const { github, open } = await world({ 'windlass.yaml': 'windlass: 1\n', 'run.sh': { executable: 'a\n' } });
    const repo = open();
    const head = await repo.head();
    const files = [
      { path: 'run.sh', bytes: bytes('b\n') },
      { path: 'windlass.yaml', bytes: undefined },
    ];
    await repo.propose(proposal(head, { files }));
    expect(github.mode('run.sh', branch)).toBe('100755');
    expect(github.show('windlass.yaml', branch)).toBeUndefined();
    for (const group of ['a/b', '../x', 'a..b', 'x.lock', '']) {
      expect((await failure(repo.propose(proposal(head, { group })))).code).toBe('proposal-group');
    }
  });

  it('without the right names the permission of the App', async () => {
    const { github, open } = await world();
    const repo = open();
    const head = await repo.head();
    github.repository.settings.permissions['pull_requests'] = 'read';
    const error = await failure(repo.propose(proposal(head)));
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('github-permission');
    expect(error.message).toContain('Pull requests: write');
  });

  it('is one of many, of which the head tells all', async () => {
    const { github, open } = await world();
    for (let index = 0; index < 103; index++) {
      github.repository.setRef(`refs/heads/windlass/bump/g${index}`, github.head()!);
    }
    expect((await open().head()).proposals).toHaveLength(103);
  });
});
