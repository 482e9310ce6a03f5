import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { bumpCases, measureBump } from './parts/bump-cases.ts';
import type { HostKind, ServersMethods, ServersOptions } from './parts/bump-servers.ts';
import { type BumpMeasured, bumpAims, bumpTable } from './parts/bump-tables.ts';
import { startProgram } from './parts/calls.ts';
import { makeConfigRepo } from './parts/config-repo.ts';
import { median, percentile } from './parts/numbers.ts';
import { type Result, time } from './parts/result.ts';

type Knobs = 'files' | 'runs';

const hosts: readonly HostKind[] = ['github', 'git'];
/** Smaller repos are measured beside the one asked for. */
const smaller = [200, 2000];

await benchmark<Knobs>(import.meta, {
  name: 'bump',
  about: 'from the event of a push to its commit, against a stand-in of GitHub and a Git server on this machine.',
  knobs: {
    files: { usual: 10_000, quick: 200, help: 'files of the largest config repo' },
    runs: { usual: 20, quick: 2, help: 'events of each case' },
  },
  limit: 60,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { files } = context.knob;
  const measured: BumpMeasured[] = [];
  for (const size of [...smaller.filter((one) => one < files), files]) measured.push(...(await ofSize(size, context)));
  return {
    tables: [...hosts.map((kind) => bumpTable(kind, measured)), tableOfAims(bumpAims(measured))],
    notes: notesOf(measured, context.knob.runs),
    raw: Object.fromEntries(measured.map(({ files: size, kind, samples }) => [`${kind} ${size}`, samples])),
  };
}

/** Starts the servers with a repo of so many files, and measures it on each host. */
async function ofSize(files: number, { knob, dir, signal, say }: Context<Knobs>): Promise<BumpMeasured[]> {
  const directory = join(dir, String(files));
  await mkdir(directory);
  const repo = makeConfigRepo(files);
  const options: ServersOptions = { files, directory };
  const program = new URL('./parts/bump-servers.ts', import.meta.url);
  const servers = await startProgram<ServersMethods>(program, options, { signal });
  try {
    const places = await servers.call('places');
    const measured: BumpMeasured[] = [];
    for (const kind of hosts) {
      const samples = await measureBump({ servers, places, kind, repo, directory, signal }, knob.runs);
      measured.push({ files, kind, samples });
      const all = bumpCases.map((name) => `${name} ${time(median(samples[name].map(({ took }) => took)))}`);
      say(`${files} files, ${kind}: ${all.join('; ')}`);
    }
    return measured;
  } finally {
    await servers.end();
  }
}

function notesOf(measured: readonly BumpMeasured[], runs: number): string[] {
  const starts = measured.flatMap(({ samples }) => samples.cold.map(({ start }) => start));
  return [
    `${runs} events of each case. The handler of the queue gets one push event of ECR in one SQS record and makes one commit of up to three files; each commit was checked to change these alone, byte for byte as they should be. One file in eleven has a marker (931 of 10,000), and each three of these are of one image.`,
    'First: a branch of which nothing is known, by its archive or a first fetch. Cold: in a process that has just started, with what the table (for Git: the copy on disk) keeps; after people: they changed one file and added one since. Warm: in a process that has answered events before. Nothing: the push is of a tag that the policy does not take.',
    `The time is that of the handler. A cold process took ${time(median(starts))} (p95 ${time(percentile(starts, 0.95))}) to start and load its modules before it, as TypeScript and not as the one bundle that a Lambda gets.`,
    'The servers and the table (dynalite, in memory) are in another process on the same machine. Beside the network: the time of the handler without that in which they were busy with an answer. The registry is one in memory with a hundred tags an image and costs nothing: what ECR takes comes on top, as do the ways between the machines.',
    'Bytes are those to and from the host with the headers of HTTP, before TLS; the stand-in does not compress JSON, as GitHub does. A request for a token of the GitHub App is counted with the others. Memory is the most that the process itself ever had (a warm one had it in its first event), without the git programs that it runs; processor time is with them, in steps of 10 ms.',
  ];
}
