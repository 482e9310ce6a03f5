import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a tree holds: text or bytes of a file, or where a symbolic link points. */
export type Content = string | Uint8Array | { link: string };

/** A bare repository and a person's clone of it, both in a temporary directory that goes with the test. */
export interface TestRepo {
  /** The temporary directory; `cache` below it is free for copies. */
  root: string;
  bare: string;
  work: string;
  /** Writes files in the clone, commits and pushes them as a person would; answers the commit. */
  push(files: Record<string, Content | undefined>, message?: string): string;
  /** Runs git in the bare repository. */
  git(...args: string[]): string;
  /** Gives a stream to `git fast-import` in the bare repository. */
  fastImport(stream: string): void;
}

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'windlass-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Makes a bare repository with one commit on `main`. */
export function testRepo(files: Record<string, Content>): TestRepo {
  const root = temporaryDirectory();
  const [bare, work] = [join(root, 'config.git'), join(root, 'work')];
  gitIn(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare);
  gitIn(root, 'init', '--quiet', '--initial-branch=main', work);
  const repo: TestRepo = {
    root,
    bare,
    work,
    git: (...args) => gitIn(bare, ...args),
    fastImport: (input) => {
      execFileSync('git', ['fast-import', '--quiet', '--done'], {
        cwd: bare,
        input,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
    },
    push: (changed, message = 'Change by hand') => {
      const head = gitIn(bare, 'for-each-ref', 'refs/heads/main');
      if (head !== '') {
        gitIn(work, 'fetch', '--quiet', bare, 'main');
        gitIn(work, 'reset', '--quiet', '--hard', 'FETCH_HEAD');
      }
      writeFiles(work, changed);
      gitIn(work, 'add', '--all');
      gitIn(work, 'commit', '--quiet', '--allow-empty', '--message', message);
      gitIn(work, 'push', '--quiet', bare, 'HEAD:main');
      return gitIn(work, 'rev-parse', 'HEAD');
    },
  };
  repo.push(files, 'Begin');
  return repo;
}

/** Writes files below a directory; `undefined` removes one. */
export function writeFiles(directory: string, files: Record<string, Content | undefined>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    rmSync(file, { force: true });
    if (content === undefined) continue;
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, file);
    else writeFileSync(file, content);
  }
}

/** Runs git as a person with a name, without anybody's configuration; answers what it printed, trimmed. */
export function gitIn(directory: string, ...args: string[]): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  };
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
