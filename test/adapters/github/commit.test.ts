import { expect, it } from 'vitest';
import { RetryableError, UserError } from '../../../lib/model/errors.ts';
import { describeWithStandins } from '../../standins/describe.ts';
import { bytes, failure, request, text, world } from './world.ts';

const message = 'Bump web to 1.1.0\n\nweb  1.0.0 -> 1.1.0\n\nWindlass-Policy: web\nWindlass-Event: e-1';

describeWithStandins('a commit on GitHub', () => {
  it('is one, verified, with the whole message', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    const made = await repo.commit(request(revision));
    expect(made).toEqual({ result: 'committed', revision: github.head(), at: expect.any(String) });
    const commit = github.commitOf('main');
    expect(commit.message.trimEnd()).toBe(message);
    expect(commit.verified).toBe(true);
    expect(commit.parents).toEqual([revision]);
    expect(text(github.show('apps/web.yaml'))).toBe('image: web:1.1.0 # {"$imagepolicy": "web"}\n');
  });

  it('is not made when somebody was first', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    const theirs = github.push({ 'apps/plain.yaml': 'theirs\n' });
    const mark = github.requests.mark();
    expect(await repo.commit(request(revision))).toEqual({ result: 'head-moved' });
    expect(github.head()).toBe(theirs);
    expect(github.requests.since(mark).length).toBeLessThanOrEqual(2);
  });

  it.each(['reset', 'cut', 502, 500] as const)(
    'is found when the answer got lost after the work (%s)',
    async (trouble) => {
      const { github, open } = await world();
      const repo = open();
      const { revision } = await repo.head();
      github.faults.add({ on: 'createCommitOnBranch', trouble, when: 'after', times: 1 });
      const made = await repo.commit(request(revision));
      expect(made).toEqual({ result: 'committed', revision: github.head(), at: expect.any(String) });
      expect(github.log()).toHaveLength(2);
    },
  );

  it('is found below commits that people pushed on top of it', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    github.faults.add({ on: 'createCommitOnBranch', trouble: 'reset', when: 'after', times: 1 });
    let pushed = false;
    const repository = github.repository;
    const setRef = repository.setRef.bind(repository);
    repository.setRef = (ref, oid) => {
      setRef(ref, oid);
      if (pushed) return;
      pushed = true;
      github.push({ 'apps/plain.yaml': 'on top\n' });
    };
    const made = await repo.commit(request(revision));
    expect(github.log()).toHaveLength(3);
    expect(made).toEqual({ result: 'committed', revision: github.log()[1]!.oid, at: expect.any(String) });
  });

  it('is sent once more when the answer got lost before the work', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    github.faults.add({ on: 'createCommitOnBranch', trouble: 502, when: 'before', times: 1 });
    expect(await repo.commit(request(revision))).toEqual({
      result: 'committed',
      revision: github.head(),
      at: expect.any(String),
    });
    expect(github.log()).toHaveLength(2);
  });

  it('goes back to the queue when GitHub stays away', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    github.faults.add({ on: 'createCommitOnBranch', trouble: 'reset', when: 'before' });
    const error = await failure(repo.commit(request(revision)));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe('github-unreachable');
    expect(github.requests.counts()['GRAPHQL mutation createCommitOnBranch']).toBe(2);
  });

  it('is a lost race when somebody pushed while the answer was lost', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    github.faults.add({ on: 'createCommitOnBranch', trouble: 502, when: 'before', times: 1 });
    github.push({ 'apps/plain.yaml': 'theirs\n' });
    expect(await repo.commit(request(revision))).toEqual({ result: 'head-moved' });
  });

  it('keeps the mode of an executable file, by the Git data API', async () => {
    const { github, open } = await world({
      'windlass.yaml': 'windlass: 1\n',
      'deploy.sh': { executable: '# web:1.0.0\n' },
      'gone.yaml': 'x\n',
    });
    const repo = open();
    const { revision } = await repo.head();
    const files = [
      { path: 'deploy.sh', bytes: bytes('# web:1.1.0\n') },
      { path: 'gone.yaml', bytes: undefined },
      { path: 'latin.yaml', bytes: new Uint8Array([0x23, 0xe9, 0x0d, 0x0a]) },
      { path: 'bom.yaml', bytes: bytes('\ufeffa: 1\r\n') },
    ];
    const made = await repo.commit(request(revision, files));
    expect(made).toEqual({ result: 'committed', revision: github.head(), at: expect.any(String) });
    expect(github.mode('deploy.sh')).toBe('100755');
    expect(text(github.show('deploy.sh'))).toBe('# web:1.1.0\n');
    expect(github.show('gone.yaml')).toBeUndefined();
    expect([...github.show('latin.yaml')!]).toEqual([0x23, 0xe9, 0x0d, 0x0a]);
    expect(text(github.show('bom.yaml'))).toBe('\ufeffa: 1\r\n');
    expect(github.commitOf('main').message.trimEnd()).toBe(message);
    expect(github.commitOf('main').verified).toBe(true);
  });

  it.each([
    [502, 'after', 'committed'],
    ['reset', 'before', 'committed'],
  ] as const)(
    'by the Git data API is settled when moving the branch ends with %s %s the work',
    async (trouble, when, result) => {
      const { github, open } = await world({ 'windlass.yaml': 'windlass: 1\n', run: { executable: 'a\n' } });
      const repo = open();
      const { revision } = await repo.head();
      github.faults.add({ on: 'PATCH', trouble, when, times: 1 });
      const made = await repo.commit(request(revision, [{ path: 'run', bytes: bytes('b\n') }]));
      expect(made).toMatchObject({ result, revision: github.head() });
      expect(github.log()).toHaveLength(2);
    },
  );

  it('by the Git data API loses a race to who was first', async () => {
    const { github, open } = await world({ 'windlass.yaml': 'windlass: 1\n', run: { executable: 'a\n' } });
    const repo = open();
    const { revision } = await repo.head();
    const theirs = github.push({ 'a.yaml': 'theirs\n' });
    const made = await repo.commit(request(revision, [{ path: 'run', bytes: bytes('b\n') }]));
    expect(made).toEqual({ result: 'head-moved' });
    expect(github.head()).toBe(theirs);
  });

  it('does not write through a link, nor delete what is not there', async () => {
    const { open } = await world({ 'windlass.yaml': 'windlass: 1\n', 'link.yaml': { link: 'windlass.yaml' } });
    const repo = open();
    const { revision } = await repo.head();
    const error = await failure(repo.commit(request(revision, [{ path: 'link.yaml', bytes: bytes('x\n') }])));
    expect(error.code).toBe('not-a-file');
    await expect(repo.commit(request(revision, [{ path: 'none.yaml', bytes: undefined }]))).rejects.toThrow(
      'cannot delete none.yaml',
    );
  });

  it('is refused by a protected branch with what to do', async () => {
    const { github, open } = await world();
    github.repository.protections.set('main', { requirePullRequest: true });
    const repo = open();
    const { revision } = await repo.head();
    const error = await failure(repo.commit(request(revision)));
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('branch-protected');
    expect(error.message).toContain('update: pull-request');
    expect(github.head()).toBe(revision);
  });

  it('without the right names the permission of the App', async () => {
    const { github, open } = await world();
    const repo = open();
    const { revision } = await repo.head();
    github.repository.settings.permissions['contents'] = 'read';
    const error = await failure(repo.commit(request(revision)));
    expect(error).toBeInstanceOf(UserError);
    expect(error.code).toBe('github-permission');
    expect(error.message).toContain('Contents: write');
  });
});
