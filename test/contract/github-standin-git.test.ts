import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seeded } from '../../bench/parts/numbers.ts';
import { gitIn, temporaryDirectory } from '../adapters/git/repos.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { fileChanges } from '../standins/file-changes.ts';
import { type Content, createGitHub, type GitHub } from '../standins/github.ts';
import { mergeBase } from '../standins/history.ts';
import { mirror } from '../standins/mirror.ts';
import { emptyTree, type Objects } from '../standins/objects.ts';

/** What the stand-in has, so that git itself can judge it. */
function exported(github: GitHub): string {
  const directory = temporaryDirectory();
  mirror(github, directory);
  return directory;
}

/** Files that come, change, move and go, in folders that do too. */
async function lived(seed: number): Promise<GitHub> {
  const random = seeded(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const lines = () => Array.from({ length: 20 }, () => `key-${Math.floor(random() * 1000)}: value\n`).join('');
  const parts = ['a', 'a.b', 'a-b', 'ä', 'B', 'a b'];
  const path = () =>
    `${Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(parts)).join('/')}/f${Math.floor(random() * 4)}.yaml`;
  const github = await createGitHub({ files: { 'windlass.yaml': 'windlass: 1\n' } });
  for (let round = 0; round < 25; round++) {
    const files: Record<string, Content> = {};
    for (let count = 0; count < 4; count++) {
      const there = github.files().map((file) => file.path);
      const old = pick(there);
      const kind = random();
      if (kind < 0.5)
        files[path()] = kind < 0.1 ? { executable: lines() } : kind < 0.15 ? { link: 'windlass.yaml' } : lines();
      else if (kind < 0.75) files[old] = `${Buffer.from(github.show(old)!).toString()}more: 1\n`;
      else if (kind < 0.9)
        Object.assign(files, { [`moved/${round}-${count}.yaml`]: github.show(old), [old]: undefined });
      else files[old] = undefined;
    }
    github.push(files, { message: `Round ${round}`, branch: round % 5 === 4 ? 'aside' : 'main' });
  }
  return github;
}

describeWithStandins('the objects of our stand-in', () => {
  it('are sound to git itself, and listed as git lists them', async () => {
    for (const seed of [1, 2, 3]) {
      const github = await lived(seed);
      const directory = exported(github);
      gitIn(directory, 'fsck', '--strict', '--no-dangling');
      for (const branch of ['main', 'aside']) {
        const listed = gitIn(directory, '-c', 'core.quotePath=false', 'ls-tree', '-r', branch).split('\n');
        const { objects } = github.repository;
        const ours = objects
          .walk(github.commitOf(branch).tree)
          .map(({ mode, oid, path }) => `${mode} blob ${oid}\t${path}`);
        expect(ours).toEqual(listed);
        expect(
          github
            .log(branch)
            .map(({ oid }) => oid)
            .toSorted(),
        ).toEqual(gitIn(directory, 'rev-list', branch).split('\n').toSorted());
      }
      expect(mergeBase(github.repository.objects, github.head('main')!, github.head('aside')!)).toBe(
        gitIn(directory, 'merge-base', 'main', 'aside'),
      );
    }
  });

  it('differ as git says, with the same renames where nothing else changed', async () => {
    for (const seed of [4, 5, 6]) {
      const github = await lived(seed);
      const directory = exported(github);
      const { objects } = github.repository;
      for (const commit of github.log()) {
        const [parent] = commit.parents;
        const before = parent === undefined ? emptyTree : github.commitOf(parent).tree;
        const diff = gitIn(
          directory,
          '-c',
          'core.quotePath=false',
          'diff-tree',
          '-r',
          '-M100%',
          '--no-commit-id',
          before,
          commit.tree,
        );
        const changed = diff === '' ? [] : diff.split('\n').map((line) => line.split('\t'));
        const paths = changed.flatMap(([, ...names]) => names).toSorted();
        const ours = fileChanges(objects, before, commit.tree);
        expect(
          [
            ...new Set(
              ours.flatMap(({ filename, previous }) => (previous === undefined ? [filename] : [filename, previous])),
            ),
          ].toSorted(),
        ).toEqual([...new Set(paths)]);
        expect(exactRenames(objects, before, ours)).toBe(changed.filter(([what]) => what!.endsWith('R100')).length);
      }
    }
  });

  it('come out of an archive as they are', async () => {
    const long = `${'folder-with-a-long-name/'.repeat(8)}file-ü.yaml`;
    const files: Record<string, Content> = {
      'windlass.yaml': '\ufeffwindlass: 1\r\n',
      'run.sh': { executable: '#!/bin/sh\n' },
      'deep/link.yaml': { link: '../windlass.yaml' },
      [long]: new Uint8Array([0, 1, 2, 255]),
      'empty.yaml': '',
    };
    const github = await createGitHub({ files });
    const answer = await github.fetch(`${github.baseUrl}/repos/acme/config/tarball/main`);
    expect(answer.url === '' || answer.url.includes('codeload')).toBe(true);
    const directory = temporaryDirectory();
    execFileSync('tar', ['xz', '-C', directory], { input: Buffer.from(await answer.arrayBuffer()) });
    const top = join(directory, `acme-config-${github.head()!.slice(0, 7)}`);
    expect(readFileSync(join(top, 'windlass.yaml'), 'utf8')).toBe('\ufeffwindlass: 1\r\n');
    expect([...readFileSync(join(top, long))]).toEqual([0, 1, 2, 255]);
    expect(readFileSync(join(top, 'empty.yaml'))).toHaveLength(0);
    expect(readlinkSync(join(top, 'deep/link.yaml'))).toBe('../windlass.yaml');
    expect(lstatSync(join(top, 'run.sh')).mode & 0o111).not.toBe(0);
    expect(lstatSync(join(top, 'windlass.yaml')).mode & 0o111).toBe(0);
  });
});

/** Of the renames that were found, those of files that stayed as they were. */
function exactRenames(objects: Objects, before: string, changes: ReturnType<typeof fileChanges>): number {
  return changes.filter(({ previous, oid }) => previous !== undefined && objects.lookUp(before, previous)?.oid === oid)
    .length;
}
