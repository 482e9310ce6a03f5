import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCluster } from '../lib/adapters/kubernetes/cluster.ts';
import { type Aim, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { countedWireTo } from './parts/counted-wire.ts';
import { median, percentile, seeded } from './parts/numbers.ts';
import { generate, type Manifest } from './parts/objects.ts';
import { cpuOf, measure, memoryOf } from './parts/processes.ts';
import { bytes, counts, memory, type Result, time } from './parts/result.ts';
import { expectCode, openTestBed, type TestBed } from './parts/test-bed.ts';
import { pause, until } from './parts/wait.ts';
import { serveWakeMessages } from './parts/wake-messages.ts';
import { pullerEnv, pullerProgram, startWatching } from './parts/watching-puller.ts';

type Knobs = 'commits' | 'looks' | 'objects' | 'minutes' | 'rounds';

/** Milliseconds between two looks at the head of a repository that is not on GitHub. */
const headEvery = 15_000;

/** What an idle puller used in a minute. */
interface Idle {
  minutes: number;
  cpu: { own: number; children: number };
  /** Kilobytes. */
  most: number;
  requests: Record<string, number>;
}

/** One cron run with nothing to do. */
interface Round {
  time: number;
  peak: number;
  requests: Record<string, number>;
  up: number;
  down: number;
}

await benchmark<Knobs>(import.meta, {
  name: 'puller',
  about: 'the puller in the cluster: a commit until it is live, an idle watch, and a cron run with nothing to do.',
  knobs: {
    commits: { usual: 50, quick: 5, help: 'commits that a message tells of' },
    looks: { usual: 10, quick: 1, help: 'commits that the look at the head finds' },
    objects: { usual: 1000, quick: 200, help: 'objects of the idle puller' },
    minutes: { usual: 10, quick: 0.5, help: 'how long to look at the idle puller' },
    rounds: { usual: 5, quick: 2, help: 'cron runs' },
  },
  limit: 60,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const bed = await openTestBed(context, { controllers: true });
  const { woken, looked } = await commits(context, bed);
  const repo = await bed.commit('objects', generate('idle', context.knob.objects), 'objects');
  const rounds = await cronRounds(context, bed, repo);
  const idle = await idleWatch(context, bed, repo);
  return resultOf(context.knob.objects, woken, looked, rounds, idle);
}

/** Milliseconds from a commit until the API server has it: those that a message told of, and those that were found. */
async function commits(context: Context<Knobs>, bed: TestBed): Promise<{ woken: number[]; looked: number[] }> {
  const { knob, dir, signal, say, atEnd } = context;
  const queue = await serveWakeMessages();
  atEnd(() => queue.close());
  const repo = await bed.commit('web', objectsOf('1.0.0'), 'web');
  const env = pullerEnv(bed.kubeconfig, repo, join(dir, 'state-web'));
  const puller = startWatching({ ...env, WINDLASS_WAKE_QUEUE: queue.url }, context);
  await puller.line('first pull', ({ sync, result }) => sync === 'web' && result === 'synced');
  const seen = await imagesOf(context, bed);
  const random = seeded(Date.now());
  const once = async (tag: string, wake: boolean): Promise<number> => {
    await bed.commit('web', objectsOf(tag), 'web');
    const begin = performance.now();
    if (wake) queue.send();
    const at = await until(`${tag} in the cluster`, () => seen.get(tag), { signal, every: 2 });
    const revision = headOf(repo);
    await puller.line(`roll-out of ${tag}`, (line) => line['revision'] === revision && line['result'] === 'synced');
    return at - begin;
  };
  const all = { woken: [] as number[], looked: [] as number[] };
  for (let turn = 0; turn < knob.commits; turn++) {
    // Not in step with the looks at the head.
    await pause(random() * 1000, signal);
    all.woken.push(await once(`1.1.${turn}`, true));
    if (turn % 10 === 0) say(`commit ${turn + 1}: live after ${time(all.woken.at(-1)!)}`);
  }
  for (let turn = 0; turn < knob.looks; turn++) {
    await pause(random() * headEvery, signal);
    all.looked.push(await once(`1.2.${turn}`, false));
  }
  await puller.stop();
  return all;
}

function objectsOf(tag: string): Manifest[] {
  const labels = { app: 'web' };
  const containers = [{ name: 'web', image: `registry.example.com/web:${tag}` }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
  ];
}

function headOf(repo: string): string {
  return execFileSync('git', ['-C', repo, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
}

/** When each tag of the Deployment was first seen. */
async function imagesOf({ atEnd }: Context<Knobs>, { kubeconfig }: TestBed): Promise<Map<string, number>> {
  const cluster = await openCluster({ kubeconfig });
  const stop = new AbortController();
  const seen = new Map<string, number>();
  const resource = await cluster.resource('apps/v1', 'Deployment');
  const watching = (async () => {
    for await (const one of cluster.watch(resource!, { namespace: 'web', signal: stop.signal })) {
      const text = JSON.stringify(one.type === 'all' ? one.objects : one.object);
      for (const [, tag] of text.matchAll(/"image":"[^"]*:([\d.]+)"/g))
        if (!seen.has(tag!)) seen.set(tag!, performance.now());
    }
  })();
  atEnd(async () => {
    stop.abort();
    await watching;
    await cluster.close();
  });
  return seen;
}

async function cronRounds(
  { knob, dir, signal, say, atEnd }: Context<Knobs>,
  bed: TestBed,
  repo: string,
): Promise<Round[]> {
  const config = await readFile(bed.kubeconfig, 'utf8');
  const server = /server: "?(https:[^\s"]+)/.exec(config)?.[1] ?? JSON.parse(config).clusters[0].cluster.server;
  const wire = await countedWireTo(server);
  atEnd(() => wire.close());
  const kubeconfig = join(dir, 'counted-kubeconfig');
  await writeFile(kubeconfig, config.replaceAll(server, wire.url));
  const rounds: Round[] = [];
  // The first one applies all, the second one sees what the API server made of it.
  for (let turn = -2; turn < knob.rounds; turn++) {
    await bed.audit.since('', signal);
    wire.since();
    // A CronJob's disk is lost with its pod.
    const env = { ...pullerEnv(kubeconfig, repo, join(dir, `state-cron-${turn}`)), WINDLASS_MODE: 'cron' };
    const ran = expectCode(
      'the puller',
      await measure(process.execPath, [pullerProgram], { cwd: dir, env, signal }),
      0,
    );
    const requests = await bed.audit.since('windlass', signal);
    if (turn < 0) continue;
    if (!ran.stdout.includes('"Changes":0')) throw new Error(`the puller had something to do: ${ran.stdout}`);
    rounds.push({ time: ran.time, peak: ran.peak, requests, ...wire.since() });
    say(`cron run: ${time(ran.time)}, ${counts(requests)}`);
  }
  return rounds;
}

async function idleWatch(context: Context<Knobs>, bed: TestBed, repo: string): Promise<Idle> {
  const { knob, dir, signal, say, atEnd } = context;
  const queue = await serveWakeMessages();
  atEnd(() => queue.close());
  const env = pullerEnv(bed.kubeconfig, repo, join(dir, 'state-idle'));
  const puller = startWatching({ ...env, WINDLASS_WAKE_QUEUE: queue.url }, context);
  await puller.line('first pull', ({ sync, result }) => sync === 'objects' && result === 'synced');
  await pause(Math.min(15_000, knob.minutes * 60_000), signal);
  say('settled');
  await bed.audit.since('', signal);
  const [before, begin] = [cpuOf(puller.pid), performance.now()];
  let most = 0;
  while (performance.now() - begin < knob.minutes * 60_000) {
    most = Math.max(most, memoryOf(puller.pid, 'VmRSS') ?? 0);
    await pause(1000, signal);
  }
  const minutes = (performance.now() - begin) / 60_000;
  const after = cpuOf(puller.pid);
  const cpu = { own: (after.own - before.own) / minutes, children: (after.children - before.children) / minutes };
  const requests = await bed.audit.since('windlass', signal);
  await puller.stop();
  return { minutes, cpu, most, requests };
}

function resultOf(objects: number, woken: number[], looked: number[], rounds: Round[], idle: Idle): Result {
  const row = (what: string, samples: readonly number[]) => [
    what,
    String(samples.length),
    ...[0, 0.5, 0.95, 1].map((share) => time(percentile(samples, share))),
  ];
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  const aims: Aim[] = [{ what: 'commit -> live with a message, p95', ...atMost(percentile(woken, 0.95), 2000, time) }];
  const share = (seconds: number) => `${seconds.toFixed(2)} s (${((100 * seconds) / 60).toFixed(1)} % of one core)`;
  return {
    tables: [
      {
        title: 'Watch mode: from a commit to the changed Deployment',
        columns: ['told by', 'commits', 'least', 'p50', 'p95', 'most'],
        rows: [row('a message on the wake queue', woken), row('the look at the head every 15 s', looked)],
      },
      {
        title: `Watch mode with ${objects} objects, over ${idle.minutes.toFixed(1)} minutes in which nothing happens`,
        columns: ['what', 'measured'],
        rows: [
          ['processor time a minute, the puller', share(idle.cpu.own)],
          ['processor time a minute, its git', share(idle.cpu.children)],
          ['memory, at most', memory(idle.most)],
          [
            'API requests a minute',
            counts(
              Object.fromEntries(
                Object.entries(idle.requests).map(([verb, count]) => [verb, Number((count / idle.minutes).toFixed(1))]),
              ),
            ),
          ],
        ],
      },
      {
        title: `Cron mode with ${objects} objects and nothing to do`,
        columns: ['what', 'measured'],
        rows: [
          ['whole process', time(middle((round) => round.time))],
          ['peak memory', memory(Math.max(...rounds.map(({ peak }) => peak)))],
          ['API requests', counts(rounds.at(-1)!.requests)],
          ['bytes to the API server', bytes(middle(({ up }) => up))],
          ['bytes from the API server', bytes(middle(({ down }) => down))],
        ],
      },
      tableOfAims(aims),
    ],
    notes: [
      'The config repo is a directory on this machine, and the queue a stand-in that answers at once: what a Git host, SQS and the network take comes on top. On GitHub the head is looked at every 5 s.',
      'Until the API server has the changed Deployment, without its roll-out; the next commit comes after it.',
      `The cron runs are the median of ${rounds.length}, each with an empty disk, as in a new pod; the sources are run directly, the image has a bundle, which starts sooner. Bytes are those of TLS.`,
    ],
    raw: { woken, looked, rounds, idle },
  };
}
