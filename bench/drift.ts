import { openCluster } from '../lib/adapters/kubernetes/cluster.ts';
import { objectPath } from '../lib/adapters/kubernetes/paths.ts';
import { objectIdOf } from '../lib/model/kube-object.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { median } from './parts/numbers.ts';
import { buildAnnotation, generate, type Manifest } from './parts/objects.ts';
import type { Measured } from './parts/processes.ts';
import { counts, memory, type Result, ratio, time } from './parts/result.ts';
import { expectCode, openTestBed, type TestBed } from './parts/test-bed.ts';

type Knobs = 'objects' | 'runs';
type Sample = Pick<Measured, 'time' | 'peak'> & { requests: Record<string, number> };

/** A way to find what differs. It throws unless it finds exactly the objects that were changed. */
interface Contender {
  name: string;
  agent: string;
  prefix: string;
  bring(objects: readonly Manifest[]): Promise<unknown>;
  check(changed: number): Promise<Measured>;
}

const states = ['in sync', '5 % changed by hand'] as const;

await benchmark<Knobs>(import.meta, {
  name: 'drift',
  about: '`windlass drift` beside `kubectl diff --server-side` of the same objects on the same API server.',
  knobs: {
    objects: { usual: 1000, quick: 200, help: 'number of objects' },
    runs: { usual: 3, quick: 1, help: 'checks of each state' },
  },
  limit: 30,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { objects, runs } = context.knob;
  const bed = await openTestBed(context);
  const contenders = [windlass(bed), kubectl(bed)];
  const samples = new Map(contenders.map(({ name }) => [name, states.map((): Sample[] => [])]));
  for (const contender of contenders) {
    context.say(`${contender.name}: bringing ${objects} objects`);
    await contender.bring(generate(contender.prefix, objects));
  }
  const edited = (index: number) => index % 20 === 10;
  for (const [state, name] of states.entries()) {
    if (state === 1)
      for (const { prefix } of contenders)
        await editByHand(
          bed,
          generate(prefix, objects).filter((_, index) => edited(index)),
        );
    const changed = state === 0 ? 0 : Array.from({ length: objects }, (_, index) => index).filter(edited).length;
    for (let turn = 0; turn < runs; turn++) {
      for (const contender of contenders) {
        await bed.audit.since('', context.signal);
        const { time: took, peak } = await contender.check(changed);
        const requests = await bed.audit.since(contender.agent, context.signal);
        samples.get(contender.name)![state]!.push({ time: took, peak, requests });
        context.say(`${contender.name}, ${name}: ${time(took)}, ${counts(requests)}`);
      }
    }
  }
  return resultOf(samples, context.knob, bed);
}

function windlass(bed: TestBed): Contender {
  let repo = '';
  return {
    ...{ name: 'windlass drift', agent: 'windlass', prefix: 'windlass' },
    bring: async (objects) => {
      repo = await bed.commit('repo', objects);
      return expectCode('windlass pull', await bed.windlass('pull', '--repo', repo, '--sync', 'bench', '--json'), 0);
    },
    check: async (changed) => {
      const done = await bed.windlass('drift', '--repo', repo, '--sync', 'bench', '--json');
      const { drift } = JSON.parse(expectCode('windlass drift', done, changed > 0 ? 1 : 0).stdout) as {
        drift: unknown[];
      };
      if (drift.length !== changed) throw new Error(`windlass drift found ${drift.length} objects, not ${changed}`);
      return done;
    },
  };
}

function kubectl(bed: TestBed): Contender {
  let files = '';
  return {
    ...{ name: 'kubectl diff --server-side', agent: 'kubectl', prefix: 'kubectl' },
    bring: async (objects) => {
      files = await bed.write('plain', objects);
      return expectCode('kubectl apply', await bed.kubectl('apply', '--server-side', '-f', files), 0);
    },
    check: async (changed) => {
      const done = await bed.kubectl('diff', '--server-side', '--force-conflicts', '-f', files);
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

function resultOf(samples: Map<string, Sample[][]>, { objects, runs }: Record<Knobs, number>, bed: TestBed): Result {
  const middle = (tool: string, state: number) => median(samples.get(tool)![state]!.map((sample) => sample.time));
  const [first = '', ...peers] = samples.keys();
  const rows = states.flatMap((name, state) =>
    [first, ...peers].map((tool) => {
      const taken = samples.get(tool)![state]!;
      return [
        name,
        tool,
        time(middle(tool, state)),
        tool === first ? '' : ratio(middle(tool, state), middle(first, state)),
        memory(Math.max(...taken.map((sample) => sample.peak))),
        counts(taken.at(-1)!.requests),
      ];
    }),
  );
  const columns = ['state', 'tool', 'time', 'Windlass is quicker by', 'peak memory', 'API requests'];
  return {
    tables: [{ title: `One check of ${objects} objects`, columns, rows }],
    notes: [
      `Whole processes, start-up included; ${runs === 1 ? 'one run' : `the median of ${runs} runs`}. kubectl is ${bed.kubectlVersion} with a warm discovery cache. Each tool found exactly the changed objects.`,
      'kubectl sends a dry run of each object, for which its account needs the right to write; Windlass lists and compares with its record, by an account that can only read. For the drifted objects it says who changed which field when, and renders the synced revision to show what Git has.',
    ],
    raw: Object.fromEntries(
      [...samples].map(([tool, byState]) => [
        tool,
        Object.fromEntries(states.map((name, state) => [name, byState[state]])),
      ]),
    ),
  };
}
