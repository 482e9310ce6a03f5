import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubSource } from '../../lib/adapters/github/source.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { createGitHub, type GitHub } from '../standins/github.ts';
import { type MakeSource, type SourceUnderTest, sourceSuite } from './source-suite.ts';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const app = { id: 7, publicKey: keys.publicKey };

function treesOf(): string {
  const directory = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'trees');
}

function sourceAt(github: GitHub, treesDir: string, options: Parameters<SourceUnderTest['open']>[0] = {}) {
  const { owner, repo, fetch } = github;
  const auth = { app: { id: app.id, privateKey: keys.privateKey } };
  const client = openGitHub({ auth, fetch, userAgent: 'windlass-test' });
  return openGitHubSource({ client, owner, repo, branch: 'main', treesDir, ...options });
}

const make: MakeSource = async (files) => {
  const github = await createGitHub({ files: files as Parameters<GitHub['push']>[0], access: { app } });
  const { repository } = github;
  const treesDir = treesOf();
  const commit = (tree: string, parents: string[]): string => {
    const added = repository.objects.addCommit({ ...github.commitOf('main'), tree, parents });
    repository.setRef('refs/heads/main', added.oid);
    return added.oid;
  };
  return {
    treesDir,
    open: (options) => sourceAt(github, treesDir, options),
    push: (changed) => github.push(changed as Parameters<GitHub['push']>[0]),
    pushSubmodule: (path, oid) => {
      const { tree } = github.commitOf('main');
      return commit(repository.objects.changeTree(tree, [[path, { mode: '160000', oid }]]), [github.head()!]);
    },
    rewrite: () => commit(github.commitOf('main').tree, []),
  };
};

describeWithStandins('GitHub by our stand-in', () => {
  sourceSuite('the GitHub adapter', make);

  describe('the GitHub adapter as a source', () => {
    const start = { 'a.yaml': '1\n', 'b/c.yaml': '2\n' };
    const begun = async (files: Parameters<GitHub['push']>[0] = start) => {
      const github = await createGitHub({ files, access: { app } });
      return { github, treesDir: treesOf() };
    };

    it('asks for the head at no cost while it is the same', async () => {
      const { github, treesDir } = await begun();
      const source = sourceAt(github, treesDir);
      const head = await source.head();
      const mark = github.requests.mark();
      expect(await source.head()).toBe(head);
      expect(await source.head()).toBe(head);
      expect(github.requests.since(mark).map(({ status }) => status)).toEqual([304, 304]);
      const next = github.push({ 'a.yaml': '3\n' });
      expect(await source.head()).toBe(next);
    });

    it('needs a listing and an archive for a revision, and no request a file', async () => {
      const files = Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [`apps/${index}.yaml`, `v: ${index}\n`]),
      );
      const { github, treesDir } = await begun(files);
      const source = sourceAt(github, treesDir);
      const head = await source.head();
      const mark = github.requests.mark();
      const tree = await source.open(head);
      expect(Object.values(github.requests.counts(mark)).reduce((sum, count) => sum + count)).toBe(3);
      expect((await tree.files('.')).length).toBe(300);
      await tree.close();
    });

    it('reads the missing ones of an archive in one query for many', async () => {
      const names = Array.from({ length: 40 }, (_, index) => `apps/${index}.yaml`);
      const { github, treesDir } = await begun({
        ...Object.fromEntries(names.map((name) => [name, `name: ${name}\n`])),
        '.gitattributes': names.map((name) => `${name} export-ignore\n`).join(''),
      });
      const source = sourceAt(github, treesDir);
      const head = await source.head();
      const mark = github.requests.mark();
      const tree = await source.open(head);
      expect(github.requests.since(mark).length).toBe(4);
      expect(readdirSync(join(tree.directory!, 'apps')).length).toBe(40);
      await tree.close();
    });

    it.each(['cut', 'reset', 502] as const)('may be tried again when the archive ends with %s', async (trouble) => {
      const { github, treesDir } = await begun({ 'a.yaml': 'x'.repeat(50_000) });
      const source = sourceAt(github, treesDir);
      const head = await source.head();
      github.faults.add({ on: 'codeload', trouble, when: 'after' });
      const error = await source.open(head).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RetryableError);
      expect(existsSync(treesDir) ? readdirSync(treesDir) : []).toEqual([]);
      github.faults.clear();
      await (await source.open(head)).close();
    });

    it('does not take trouble for a rewritten history', async () => {
      const { github, treesDir } = await begun();
      const source = sourceAt(github, treesDir);
      const first = await source.head();
      const second = github.push({ 'a.yaml': '2\n' });
      for (const trouble of [500, 'rate-limited', 'reset'] as const) {
        github.faults.clear();
        github.faults.add({ on: 'compare', trouble, when: 'before' });
        const error = await source.isAncestor(first, second).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(RetryableError);
      }
      github.faults.clear();
      // A repository that is not shown any more is not one without this commit.
      github.faults.add({ trouble: 404, when: 'before' });
      const error = await source.isAncestor(first, second).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).code).toBe('repo-missing');
    });

    it('refuses a tree that leads out of itself', async () => {
      const { github, treesDir } = await begun();
      const { repository } = github;
      for (const stray of ['../evil.yaml', 'a/.git/config', 'b/.GIT/hooks/x']) {
        const { objects } = repository;
        const blob = objects.addBlob(Buffer.from('evil\n'));
        const tree = objects.changeTree(github.commitOf('main').tree, [[stray, { mode: '100644', oid: blob }]]);
        const commit = objects.addCommit({ ...github.commitOf('main'), tree });
        repository.setRef('refs/heads/main', commit.oid);
        const source = sourceAt(github, treesDir);
        const error = await source.open(await source.head()).catch((thrown: unknown) => thrown);
        expect((error as UserError).code).toBe('tree-path');
      }
      expect(existsSync(treesDir) ? readdirSync(treesDir) : []).toEqual([]);
    });
  });
});
