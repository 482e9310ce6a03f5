import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCluster } from '../lib/adapters/kubernetes/cluster.ts';
import { objectPath } from '../lib/adapters/kubernetes/paths.ts';
import { objectIdOf } from '../lib/model/kube-object.ts';
import { type Aim, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { type CountedWire, countedWireTo } from './parts/counted-wire.ts';
import { median } from './parts/numbers.ts';
import { buildAnnotation, generate, type Manifest } from './parts/objects.ts';
import type { Measured } from './parts/processes.ts';
import { bytes, counts, memory, type Result, ratio, type Table, time } from './parts/result.ts';
import { expectCode, openTestBed, type TestBed } from './parts/test-bed.ts';

type Knobs = 'objects' | 'large' | 'many' | 'runs';
type Sample = Pick<Measured, 'time' | 'peak'> & { requests: Record<string, number>; up: number; down: number };

/** A way to find what differs. It throws unless it finds exactly the objects that were changed. */
interface Contender {
  name: string;
  agent: string;
  prefix: string;
  bring(objects: readonly Manifest[]): Promise<unknown>;
  check(changed: number): Promise<Measured>;
}

/** An API server with objects, and the way to it over which bytes are counted. */
interface Scene {
  bed: TestBed;
  kubeconfig: string;
  wire: CountedWire;
}

/** What was measured of one tool, with one number of objects, in one state. */
interface Taken {
  objects: number;
  state: string;
  tool: string;
  samples: Sample[];
}

const states = ['in sync', '5 % changed by hand'] as const;
const ours = 'windlass drift';
const readVerbs = ['get', 'list'];
/** What a check of 5,000 objects is to keep to. */
const limits = { objects: 5000, milliseconds: 2000, kilobytes: 256 * 1024, timesQuicker: 20 };

await benchmark<Knobs>(import.meta, {
  name: 'drift',
  about: '`windlass drift` beside `kubectl diff --server-side` of the same objects on the same API server.',
  knobs: {
    objects: { usual: 1000, quick: 200, help: 'number of objects' },
    large: {
      usual: 5000,
      quick: 400,
      help: 'number of objects of the second turn, in which kubectl runs once in each state',
    },
    many: { usual: 20_000, quick: 800, help: 'number of objects of the third turn: Windlass alone, in sync' },
    runs: { usual: 3, quick: 1, help: 'checks of each state' },
  },
  limit: 30,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { objects, large, many, runs } = context.knob;
  const taken = [
    ...(await turn(context, objects, { windlass: runs, kubectl: runs })),
    ...(await turn(context, large, { windlass: runs, kubectl: 1 })),
    ...(await turn(context, many, { windlass: runs, kubectl: 0 })),
  ];
  const all = Object.groupBy(taken, (one) => `${one.objects} objects, ${one.state}, ${one.tool}`);
  return {
    tables: [...[objects, large].map((size) => comparison(taken, size)), growth(taken), ...aims(taken)],
    notes: [
      'Whole processes, start-up included; the median of the runs, the most memory of any. kubectl has a warm discovery cache. Each tool found exactly the changed objects.',
      'kubectl sends a dry run of each object, for which its account needs the right to write; Windlass lists metadata and compares with its record, by an account that can only read. For the drifted objects it says who changed which field when, and renders the synced revision to show what Git has.',
      'Bytes are those on the wire, with TLS. Each number of objects has an API server of its own.',
    ],
    raw: Object.fromEntries(Object.entries(all).map(([name, of]) => [name, of?.flatMap(({ samples }) => samples)])),
  };
}

/** Brings so many objects to an API server of their own, and has them checked: in sync, and where kubectl runs too, with some changed by hand. */
async function turn(
  context: Context<Knobs>,
  count: number,
  runs: { windlass: number; kubectl: number },
): Promise<Taken[]> {
  return await onStage(context, count, async (scene) => {
    const contenders = [
      { ...windlass(scene), runs: runs.windlass },
      { ...kubectl(scene), runs: runs.kubectl },
    ];
    const running = contenders.filter((one) => one.runs > 0);
    for (const contender of running) {
      context.say(`${contender.name}: bringing ${count} objects`);
      await contender.bring(generate(contender.prefix, count));
    }
    const taken: Taken[] = [];
    for (const [index, state] of states.slice(0, running.length).entries()) {
      if (index === 1)
        for (const { prefix } of running) await editByHand(scene.bed, generate(prefix, count).filter(isEdited));
      const changed = index === 0 ? 0 : generate('any', count).filter(isEdited).length;
      for (const { name: tool, runs: times, ...contender } of running) {
        const samples: Sample[] = [];
        for (let at = 0; at < times; at++) samples.push(await sample(scene, contender, changed, context.signal));
        taken.push({ objects: count, state, tool, samples });
        context.say(
          `${count} objects, ${state}: ${tool} ${time(middle(samples))}, ${counts(samples.at(-1)!.requests)}`,
        );
      }
    }
    return taken;
  });
}

/** No Namespace: these have no build yet, and kubectl does not see what is added. */
function isEdited({ kind }: Manifest, index: number): boolean {
  return index % 20 === 10 && kind !== 'Namespace';
}

async function sample(
  { bed, wire }: Scene,
  { agent, check }: Pick<Contender, 'agent' | 'check'>,
  changed: number,
  signal: AbortSignal,
): Promise<Sample> {
  await bed.audit.since('', signal);
  wire.since();
  const { time: took, peak } = await check(changed);
  return { time: took, peak, requests: await bed.audit.since(agent, signal), ...wire.since() };
}

/** An API server for one turn; what was opened ends with it. */
async function onStage<T>(context: Context<Knobs>, count: number, act: (scene: Scene) => Promise<T>): Promise<T> {
  const ends: (() => Promise<unknown>)[] = [];
  const dir = join(context.dir, String(count));
  await mkdir(dir);
  try {
    const bed = await openTestBed({ ...context, dir, atEnd: (work) => void ends.push(work) });
    const config = await readFile(bed.kubeconfig, 'utf8');
    const server: string = JSON.parse(config).clusters[0].cluster.server;
    const wire = await countedWireTo(server);
    ends.push(() => wire.close());
    const kubeconfig = join(dir, 'counted.kubeconfig');
    await writeFile(kubeconfig, config.replaceAll(server, wire.url));
    return await act({ bed, kubeconfig, wire });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function windlass({ bed, kubeconfig }: Scene): Contender {
  let repo = '';
  const command = (name: string) =>
    bed.windlass(name, '--repo', repo, '--sync', 'bench', '--json', '--kubeconfig', kubeconfig);
  return {
    ...{ name: ours, agent: 'windlass', prefix: 'windlass' },
    bring: async (objects) => {
      repo = await bed.commit('repo', objects);
      return expectCode('windlass pull', await command('pull'), 0);
    },
    check: async (changed) => {
      const done = await command('drift');
      const { drift } = JSON.parse(expectCode('windlass drift', done, changed > 0 ? 1 : 0).stdout) as {
        drift: unknown[];
      };
      if (drift.length !== changed) throw new Error(`windlass drift found ${drift.length} objects, not ${changed}`);
      return done;
    },
  };
}

function kubectl({ bed, kubeconfig }: Scene): Contender {
  let files = '';
  return {
    ...{ name: 'kubectl diff --server-side', agent: 'kubectl', prefix: 'kubectl' },
    bring: async (objects) => {
      files = await bed.write('plain', objects);
      const apply = await bed.kubectl('apply', '--server-side', '-f', files, '--kubeconfig', kubeconfig);
      return expectCode('kubectl apply', apply, 0);
    },
    check: async (changed) => {
      const flags = ['--server-side', '--force-conflicts', '-f', files, '--kubeconfig', kubeconfig];
      const done = await bed.kubectl('diff', ...flags);
      const found = expectCode('kubectl diff', done, changed > 0 ? 1 : 0).stdout.match(/^diff /gm)?.length ?? 0;
      if (found !== changed) throw new Error(`kubectl diff found ${found} objects, not ${changed}`);
      return done;
    },
  };
}

/** Changes an annotation of each object, as `kubectl edit` would. */
async function editByHand({ kubeconfig }: TestBed, objects: readonly Manifest[]): Promise<void> {
  const cluster = await openCluster({ kubeconfig });
  try {
    for (const object of objects) {
      const resource = await cluster.resource(object.apiVersion, object.kind);
      if (resource === undefined) throw new Error(`the server has no ${object.kind}`);
      const { status, text } = await cluster.client.send({
        verb: 'apply',
        method: 'PATCH',
        path: `${objectPath(resource, objectIdOf(object))}?fieldManager=kubectl-edit`,
        body: JSON.stringify({ metadata: { annotations: { [buildAnnotation]: 'by hand' } } }),
        contentType: 'application/merge-patch+json',
      });
      if (status !== 200) throw new Error(`an edit was refused: ${text}`);
    }
  } finally {
    await cluster.close();
  }
}

function middle(samples: readonly Sample[]): number {
  return median(samples.map((one) => one.time));
}

function most(samples: readonly Sample[]): number {
  return Math.max(...samples.map(({ peak }) => peak));
}

function comparison(taken: readonly Taken[], objects: number): Table {
  const rows = taken
    .filter((one) => one.objects === objects)
    .map(({ state, tool, samples }) => {
      const { up, down, requests } = samples.at(-1)!;
      const mine = taken.find((one) => one.objects === objects && one.state === state && one.tool === ours)!;
      return [
        ...[state, tool, time(middle(samples)), tool === ours ? '' : ratio(middle(samples), middle(mine.samples))],
        ...[memory(most(samples)), bytes(up), bytes(down), counts(requests), String(samples.length)],
      ];
    });
  const columns = [
    'state',
    'tool',
    'time',
    'Windlass is quicker by',
    'peak memory',
    'sent',
    'received',
    'API requests',
  ];
  return { title: `One check of ${objects.toLocaleString('en-US')} objects`, columns: [...columns, 'runs'], rows };
}

function growth(taken: readonly Taken[]): Table {
  const rows = taken
    .filter(({ state, tool }) => state === 'in sync' && tool === ours)
    .map(({ objects, samples }) => {
      const each = time((middle(samples) / objects) * 1000);
      const { down } = samples.at(-1)!;
      return [objects.toLocaleString('en-US'), time(middle(samples)), each, memory(most(samples)), bytes(down)];
    });
  const columns = ['objects', 'time', 'time for each 1,000', 'peak memory', 'received'];
  return { title: 'windlass drift, in sync', columns, rows };
}

/** Of the usual numbers of objects alone. */
function aims(taken: readonly Taken[]): Table[] {
  const own = taken.filter(({ tool }) => tool === ours);
  const large = own.filter(({ objects }) => objects === limits.objects);
  const peers = taken.filter(({ tool }) => tool !== ours);
  const found = large.flatMap(({ objects, state, samples }): Aim[] => {
    const what = `${objects.toLocaleString('en-US')} objects, ${state}`;
    const peer = peers.find((one) => one.objects === objects && one.state === state)!;
    const quicker = middle(peer.samples) / middle(samples);
    return [
      { what: `${what}: time`, ...atMost(middle(samples), limits.milliseconds, time) },
      { what: `${what}: memory`, ...atMost(most(samples), limits.kilobytes, memory) },
      {
        ...{ what: `${what}: quicker than kubectl diff`, aim: `at least ${limits.timesQuicker}x` },
        ...{ measured: ratio(quicker, 1), met: quicker >= limits.timesQuicker },
      },
    ];
  });
  const verbs = own.flatMap(({ samples }) => samples.flatMap(({ requests }) => Object.keys(requests)));
  const others = new Set(verbs.filter((verb) => !readVerbs.includes(verb)));
  const reading: Aim = {
    ...{ what: 'verbs that a check uses', aim: 'get and list alone', met: others.size === 0 },
    measured: others.size === 0 ? 'get and list alone' : `also ${[...others].join(', ')}`,
  };
  return [tableOfAims([...found, reading])];
}
