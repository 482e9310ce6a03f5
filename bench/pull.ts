import { benchmark, type Context } from './parts/benchmark.ts';
import { median } from './parts/numbers.ts';
import { generate, type Manifest } from './parts/objects.ts';
import type { Measured } from './parts/processes.ts';
import { counts, memory, type Result, ratio, time } from './parts/result.ts';
import { expectCode, openTestBed, type TestBed } from './parts/test-bed.ts';

type Knobs = 'objects' | 'runs';

/** A way to bring objects to the API server. */
interface Contender {
  name: string;
  /** How its requests name their sender. */
  agent: string;
  /** Namespaces of its own, so that no contender finds another's objects. */
  prefix: string;
  prepare(objects: readonly Manifest[]): Promise<unknown>;
  /** Throws unless it dealt with all objects. */
  apply(expected: { objects: number; written: number }): Promise<Measured>;
}

interface Sample extends Measured {
  requests: Record<string, number>;
}

const phases = ['first apply', 'nothing changed', '1 % changed'] as const;
type Samples = Record<string, Record<(typeof phases)[number], Sample[]>>;

await benchmark<Knobs>(import.meta, {
  name: 'pull',
  about: '`windlass pull` beside `kubectl apply --server-side` of the same objects on the same API server.',
  knobs: {
    objects: { usual: 1000, quick: 200, help: 'number of objects' },
    runs: { usual: 3, quick: 1, help: 'runs of each phase but the first apply' },
  },
  limit: 40,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { objects, runs } = context.knob;
  const bed = await openTestBed(context);
  expectCode('kubectl', await bed.kubectl('get', 'namespaces'), 0);
  const contenders = [windlass(bed), ...kubectls(bed)];
  const samples: Samples = {};
  for (const { name } of contenders) {
    samples[name] = { 'first apply': [], 'nothing changed': [], '1 % changed': [] };
  }
  const take = async (phase: (typeof phases)[number], contender: Contender, build: string, written: number) => {
    const isChanged = (index: number) => index % 100 === 50;
    await contender.prepare(generate(contender.prefix, objects, { build, isChanged }));
    await bed.audit.since('', context.signal);
    const measured = await contender.apply({ objects, written });
    const requests = await bed.audit.since(contender.agent, context.signal);
    samples[contender.name]![phase].push({ ...measured, requests });
    context.say(`${contender.name}, ${phase}: ${time(measured.time)}, ${counts(requests)}`);
  };
  const changed = Math.floor((objects + 49) / 100);
  for (const contender of contenders) await take('first apply', contender, '0', objects);
  // One after the other within each round, so that a slow minute of the machine meets all of them.
  for (let round = 1; round <= runs; round++) {
    for (const contender of contenders) await take('1 % changed', contender, String(round), changed);
    for (const contender of contenders) await take('nothing changed', contender, String(round), 0);
  }
  return resultOf(samples, context.knob, bed);
}

function windlass(bed: TestBed): Contender {
  let repo = '';
  return {
    ...{ name: 'windlass pull', agent: 'windlass', prefix: 'windlass' },
    prepare: async (objects) => {
      repo = await bed.commit('repo', objects);
    },
    apply: async ({ objects, written }) => {
      const done = await bed.windlass('pull', '--repo', repo, '--sync', 'bench', '--json');
      const { objects: listed } = JSON.parse(expectCode('windlass pull', done, 0).stdout) as {
        objects: { action: string }[];
      };
      const wrote = listed.filter(({ action }) => action === 'created' || action === 'configured').length;
      if (listed.length !== objects || wrote !== written) {
        throw new Error(`windlass pull wrote ${wrote} of ${listed.length} objects, not ${written} of ${objects}`);
      }
      return done;
    },
  };
}

function kubectls(bed: TestBed): Contender[] {
  return [
    { name: 'kubectl apply --server-side --validate=false', prefix: 'plain', flags: ['--validate=false'] },
    { name: 'kubectl apply --server-side', prefix: 'checked', flags: [] },
  ].map(({ name, prefix, flags }) => {
    let files = '';
    return {
      ...{ name, prefix, agent: 'kubectl' },
      prepare: async (objects) => {
        files = await bed.write(prefix, objects);
      },
      apply: async ({ objects }) => {
        const done = expectCode(name, await bed.kubectl('apply', '--server-side', ...flags, '-f', files), 0);
        const applied = done.stdout.match(/ serverside-applied$/gm)?.length;
        if (applied !== objects) throw new Error(`${name} applied ${applied} of ${objects} objects`);
        return done;
      },
    };
  });
}

function resultOf(samples: Samples, { objects, runs }: Record<Knobs, number>, { kubectlVersion }: TestBed): Result {
  const [first] = Object.keys(samples);
  const middle = (contender: string, phase: (typeof phases)[number]) =>
    median(samples[contender]![phase].map((sample) => sample.time));
  const rows = phases.flatMap((phase) =>
    Object.keys(samples).map((contender) => {
      const taken = samples[contender]![phase];
      return [
        phase,
        contender,
        time(middle(contender, phase)),
        contender === first ? '' : ratio(middle(contender, phase), middle(first!, phase)),
        memory(Math.max(...taken.map((sample) => sample.peak))),
        counts(taken.at(-1)!.requests),
      ];
    }),
  );
  const columns = ['phase', 'tool', 'time', 'Windlass is quicker by', 'peak memory', 'API requests'];
  return {
    tables: [
      {
        title: `${objects} objects of 11 kinds in ${Math.max(1, Math.round(objects / 100))} namespaces`,
        columns,
        rows,
      },
    ],
    notes: [
      `Whole processes, start-up included; ${runs === 1 ? 'one run' : `the median of ${runs} runs`} (one first apply), the peak of all runs. kubectl is ${kubectlVersion} with a warm discovery cache.`,
      'Windlass fetches from a Git repository, keeps an applied record and looks at the health of what it applied; kubectl reads plain files and does neither. kubectl writes all objects each time, Windlass those that changed.',
    ],
    raw: Object.fromEntries(
      Object.entries(samples).map(([contender, byPhase]) => [
        contender,
        Object.fromEntries(
          Object.entries(byPhase).map(([phase, taken]) => [
            phase,
            taken.map((sample) => ({ time: sample.time, peak: sample.peak, requests: sample.requests })),
          ]),
        ),
      ]),
    ),
  };
}
