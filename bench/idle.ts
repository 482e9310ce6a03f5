import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { acquireBinaries } from '../lib/adapters/local/control-plane/binaries.ts';
import { auditLog } from './parts/audit-log.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { settled, startLocal } from './parts/local-loop.ts';
import { cpuOf, memoryOf } from './parts/processes.ts';
import { memory, type Result } from './parts/result.ts';
import { pause } from './parts/wait.ts';

await benchmark<'minutes'>(import.meta, {
  name: 'idle',
  about: 'what the loop of `windlass local` costs while nothing happens.',
  knobs: { minutes: { usual: 3, quick: 0.5, help: 'how long to look' } },
  limit: 30,
  run,
});

async function run({ knob, dir, signal, say, atEnd }: Context<'minutes'>): Promise<Result> {
  const audit = await auditLog(dir);
  const gitLog = join(dir, 'git.log');
  const env = await withWitnesses(dir, audit.flags, gitLog, signal);
  const loop = await startLocal(join(dir, 'state'), { signal, env });
  atEnd(() => loop.stop());
  await settled(loop, signal);
  say('settled; a quiet round before the look');
  await pause(Math.min(35_000, knob.minutes * 60_000), signal);
  const processes = [{ name: 'windlass', pid: loop.pid }, ...(await loop.processes())];
  await audit.since('', signal);
  const [gitBefore, before, begin] = [await lines(gitLog), processes.map(({ pid }) => cpuOf(pid)), performance.now()];
  await pause(knob.minutes * 60_000, signal);
  const minutes = (performance.now() - begin) / 60_000;
  const after = processes.map(({ pid }) => cpuOf(pid));
  const git = (await lines(gitLog)).slice(gitBefore.length);
  const requests = await audit.since('windlass', signal);
  const rss = processes.map(({ pid }) => memoryOf(pid, 'VmRSS') ?? 0);
  const used = processes.map((_, index) => ({
    own: (after[index]!.own - before[index]!.own) / minutes,
    children: (after[index]!.children - before[index]!.children) / minutes,
  }));
  const rows = processes.map(({ name }, index) => [
    name,
    `${used[index]!.own.toFixed(2)} s`,
    `${((100 * used[index]!.own) / 60).toFixed(1)} %`,
    memory(rss[index]!),
  ]);
  const share = ((100 * used[0]!.children) / 60).toFixed(1);
  rows.splice(1, 0, ['programs that windlass starts', `${used[0]!.children.toFixed(2)} s`, `${share} %`, '']);
  return {
    tables: [
      {
        title: `Processor time in a minute, over ${minutes.toFixed(1)} minutes`,
        columns: ['process', 'per minute', 'of one core', 'memory now'],
        rows,
      },
      {
        title: 'What windlass asks for in a minute',
        columns: ['what', 'per minute'],
        rows: [
          ...byCount(requests).map(([verb, count]) => [`API requests: ${verb}`, (count / minutes).toFixed(1)]),
          ...byCount(tally(git)).map(([word, count]) => [`git ${word}`, (count / minutes).toFixed(1)]),
        ],
      },
    ],
    notes: [
      'Three syncs; a look at the head every 2 s, a drift check every 15 s, a pull of each sync every 30 s. No page is open.',
      'Requests are counted by the audit log of the API server, Git by a script of one line on PATH; both cost a little themselves. The request that is in every minute of an idle cluster (nodes, leases, controllers) is in the processor time of the other processes.',
    ],
    raw: {
      minutes,
      processes: processes.map(({ name }, index) => ({ name, ...used[index], rss: rss[index] })),
      requests,
      git: tally(git),
    },
  };
}

/** Programs that stand before the real ones: an API server that keeps an audit log, a git that says that it was called. */
async function withWitnesses(
  dir: string,
  flags: Record<string, string>,
  gitLog: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const assets = join(dir, 'assets');
  const path = join(dir, 'path');
  await mkdir(assets);
  await mkdir(path);
  const { kwokStages: _, ...binaries } = await acquireBinaries({ signal });
  for (const file of Object.values(binaries)) {
    if (file !== binaries.kubeApiserver) await symlink(file, join(assets, basename(file)));
  }
  const words = Object.entries(flags).map(([flag, value]) => quoted(`--${flag}=${value}`));
  await script(join(assets, 'kube-apiserver'), `exec ${quoted(binaries.kubeApiserver)} "$@" ${words.join(' ')}`);
  await writeFile(gitLog, '');
  const usual = process.env['PATH'] ?? '';
  await script(join(path, 'git'), `echo "$1" >> ${quoted(gitLog)}\nPATH=${quoted(usual)} exec git "$@"`);
  return { KUBEBUILDER_ASSETS: assets, PATH: `${path}${delimiter}${usual}` };
}

async function script(file: string, text: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function lines(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter(Boolean);
}

function tally(words: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const word of words) found[word] = (found[word] ?? 0) + 1;
  return found;
}

function byCount(found: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(found).sort(([, a], [, b]) => b - a);
}
