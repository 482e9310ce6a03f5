import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openGitSource } from '../lib/adapters/git/source.ts';
import type { Source } from '../lib/pull/ports.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { median } from './parts/numbers.ts';
import { bytes, type Result, type Table, time } from './parts/result.ts';
import { type ServedRepo, serveRepo } from './parts/served-repo.ts';

await benchmark<'files' | 'commits' | 'runs'>(import.meta, {
  name: 'git',
  about: 'what it costs to read a config repo by git: first, unchanged, one changed file, the history.',
  knobs: {
    files: { usual: 10_000, quick: 200, help: 'files of the repository' },
    commits: { usual: 5000, quick: 60, help: 'commits of its history, each of one file' },
    runs: { usual: 5, quick: 1, help: 'of which the median counts' },
  },
  limit: 20,
  run,
});

type Knobs = Context<'files' | 'commits' | 'runs'>;

/** Does something once and answers what is to be measured of it; what comes before it does not count. */
type Work = (run: number) => Promise<() => Promise<unknown>>;

interface Sample {
  milliseconds: number;
  bytes: number;
  requests: number;
}

async function run(context: Knobs): Promise<Result> {
  const { knob, dir, signal, atEnd, say } = context;
  say(`a repository of ${knob.files} files and ${knob.commits} commits`);
  const repo = await serveRepo(dir, knob.files, knob.commits);
  atEnd(() => repo.server.close());
  process.env['GIT_SSL_CAINFO'] = repo.caFile;
  const raw: Record<string, Sample[]> = {};
  const measure = async (name: string, work: Work): Promise<string[]> => {
    say(name);
    const samples: Sample[] = [];
    for (let at = 0; at < knob.runs; at++) {
      signal.throwIfAborted();
      samples.push(await sampled(repo, await work(at)));
    }
    raw[name] = samples;
    const middle = (of: keyof Sample) => median(samples.map((sample) => sample[of]));
    return [time(middle('milliseconds')), bytes(middle('bytes')), String(middle('requests'))];
  };
  const tables: Table[] = [
    {
      title: `A server by https: ${knob.files.toLocaleString('en')} files, ${knob.commits.toLocaleString('en')} commits`,
      columns: ['what', 'time', 'received', 'requests'],
      rows: await rowsOf(windlass(repo, dir), measure),
    },
    {
      title: 'The same by git alone',
      columns: ['what', 'time', 'received', 'requests'],
      rows: await rowsOf(byGit(repo, dir), measure),
    },
    {
      title: 'A directory of the same machine',
      columns: ['what', 'time'],
      rows: (await rowsOf(windlass(repo, dir, repo.directory), measure)).map((row) => row.slice(0, 2)),
    },
  ];
  return {
    tables,
    notes: [
      'Server and Windlass share the machine: times have no network in them, but the work of both sides. Bytes are those of the answers, without TLS and headers.',
      '"First" is with an empty disk, as a puller has it that is started each minute. All but "the head" end with the files on disk.',
      'Each request to the server begins with one that is refused, because git sends no token before it is asked for; these are not counted.',
    ],
    raw,
  };
}

async function rowsOf(
  works: Readonly<Record<string, Work>>,
  measure: (name: string, work: Work) => Promise<string[]>,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [name, work] of Object.entries(works)) rows.push([name, ...(await measure(name, work))]);
  return rows;
}

async function sampled({ server }: ServedRepo, work: () => Promise<unknown>): Promise<Sample> {
  const [sent, requests, begin] = [server.sent, server.requests.length, performance.now()];
  await work();
  const milliseconds = performance.now() - begin;
  return { milliseconds, bytes: server.sent - sent, requests: server.requests.length - requests };
}

function windlass(repo: ServedRepo, dir: string, place = repo.url): Record<string, Work> {
  let caches = 0;
  const source = (depth?: 'whole' | 'latest'): Source =>
    openGitSource({
      url: place,
      branch: 'main',
      cacheDir: join(dir, `cache-${++caches}-${place === repo.url ? 'https' : 'path'}`),
      treesDir: join(dir, 'trees'),
      ...(depth && { depth }),
      access: { kind: 'token', token: async () => repo.token },
    });
  const open = async (from: Source) => await (await from.open(await from.head())).close();
  const used = source();
  const ready = async () => {
    await open(used);
    return used;
  };
  return {
    first: async () => () => open(source()),
    'first, with the whole history': async () => () => open(source('whole')),
    'the head, which is the same': async () => {
      const from = await ready();
      return () => from.head();
    },
    'one changed file': async () => {
      const from = await ready();
      repo.change();
      return () => open(from);
    },
    'is the last commit but ten an ancestor, with an empty disk': async () => {
      const [head, before] = [repo.head(), await ancestor(repo, 10)];
      return () => source().isAncestor(before, head);
    },
    'is the first commit an ancestor, with an empty disk': async () => {
      const [head, before] = [repo.head(), await ancestor(repo, 'first')];
      return () => source().isAncestor(before, head);
    },
  };
}

/** What was weighed: a partial copy gets the files by a second request, a sparse one those of one directory of a hundred. */
function byGit(repo: ServedRepo, dir: string): Record<string, Work> {
  const header = `http.extraHeader=Authorization: Basic ${Buffer.from(`x-access-token:${repo.token}`).toString('base64')}`;
  const git = async (...args: string[]) =>
    await promisify(execFile)('git', ['-c', header, '-c', 'advice.detachedHead=false', ...args]);
  const clone = (...options: string[]): Work => {
    return async () => {
      const to = join(dir, 'clone');
      await rm(to, { recursive: true, force: true });
      return () => git('clone', '--quiet', ...options, repo.url, to);
    };
  };
  return {
    'git clone': clone(),
    'git clone --depth=1': clone('--depth=1'),
    'git clone --depth=1 --filter=blob:none': clone('--depth=1', '--filter=blob:none'),
    'git clone --depth=1 --filter=blob:none --sparse, one directory': async (at) => {
      const cloned = await clone('--depth=1', '--filter=blob:none', '--sparse')(at);
      return async () => {
        await cloned();
        await git('-C', join(dir, 'clone'), 'sparse-checkout', 'set', 'apps/team-7');
      };
    },
  };
}

async function ancestor(repo: ServedRepo, far: number | 'first'): Promise<string> {
  const args = far === 'first' ? ['rev-list', '--max-parents=0', 'main'] : ['rev-parse', `main~${far}`];
  const { stdout } = await promisify(execFile)('git', ['-C', repo.directory, ...args]);
  return stdout.trim();
}
