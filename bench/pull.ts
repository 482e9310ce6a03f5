import { type Aim, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { median } from './parts/numbers.ts';
import { generate, namespacesOf } from './parts/objects.ts';
import type { Measured } from './parts/processes.ts';
import { type Contender, kubectlApply, type Wish, windlassPull } from './parts/pull-contenders.ts';
import { counts, memory, type Result, ratio, type Table, time } from './parts/result.ts';
import { openTestBed, type TestBed } from './parts/test-bed.ts';

type Knobs = 'objects' | 'many' | 'runs';

interface Sample extends Measured {
  requests: Record<string, number>;
}

const phases = ['first apply', 'nothing changed', '1 % changed', '10 % pruned'] as const;
type Phase = (typeof phases)[number];

/** What was measured of one contender. */
type Samples = Record<Phase, Sample[]>;

/** What was measured with one number of objects; Windlass is the first contender, kubectl without validation the second. */
interface Round {
  objects: number;
  runs: number;
  contenders: { name: string; samples: Samples }[];
}

function noSamples(): Samples {
  return { 'first apply': [], 'nothing changed': [], '1 % changed': [], '10 % pruned': [] };
}

await benchmark<Knobs>(import.meta, {
  name: 'pull',
  about: '`windlass pull` beside `kubectl apply --server-side` of the same objects on the same API server.',
  knobs: {
    objects: { usual: 1000, quick: 200, help: 'number of objects' },
    many: { usual: 5000, quick: 400, help: 'number of objects of the large case, which is run once' },
    runs: { usual: 3, quick: 1, help: 'runs of each phase but the first apply' },
  },
  limit: 60,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { objects, many, runs } = context.knob;
  const bed = await openTestBed(context);
  const withoutChecks = '--validate=false';
  await warmUp(bed);
  const usual = await measure(context, bed, { objects, runs }, [
    windlassPull(bed, 'windlass'),
    kubectlApply(bed, 'plain', withoutChecks),
    kubectlApply(bed, 'checked'),
  ]);
  const large = await measure(context, bed, { objects: many, runs: 1 }, [
    windlassPull(bed, 'windlass-many'),
    kubectlApply(bed, 'plain-many', withoutChecks),
  ]);
  return resultOf([usual, large], bed);
}

/** Both tools keep what they learn: neither is measured at its very first start. */
async function warmUp(bed: TestBed): Promise<void> {
  for (const contender of [windlassPull(bed, 'warm'), kubectlApply(bed, 'warmed')]) {
    const wish: Wish = { objects: generate(contender.prefix, 1), gone: [], written: 1 };
    await contender.prepare(wish);
    await contender.bring(wish);
    await contender.bring({ ...wish, written: 0 });
  }
}

async function measure(
  { say, signal }: Context<Knobs>,
  bed: TestBed,
  { objects, runs }: Pick<Round, 'objects' | 'runs'>,
  contenders: readonly Contender[],
): Promise<Round> {
  const samples = new Map(contenders.map(({ name }) => [name, noSamples()]));
  const take = async (phase: Phase | undefined, contender: Contender, wish: Wish) => {
    await contender.prepare(wish);
    await bed.audit.since('', signal);
    const measured = await contender.bring(wish);
    if (phase === undefined) return;
    const requests = await bed.audit.since(contender.agent, signal);
    samples.get(contender.name)![phase].push({ ...measured, requests });
    say(`${objects} objects, ${contender.name}, ${phase}: ${time(measured.time)}, ${counts(requests)}`);
  };
  const wishOf = ({ prefix }: Contender, round: number): Wish => {
    const made = generate(prefix, objects, { build: String(round), isChanged: (index) => index % 100 === 50 });
    return { objects: made, gone: [], written: Math.floor((objects + 49) / 100) };
  };
  for (const contender of contenders)
    await take('first apply', contender, { ...wishOf(contender, 0), written: objects });
  // One after the other within each round, so that a slow minute of the machine meets all of them.
  for (let round = 1; round <= runs; round++) {
    for (const contender of contenders) await take('1 % changed', contender, wishOf(contender, round));
    for (const contender of contenders)
      await take('nothing changed', contender, { ...wishOf(contender, round), written: 0 });
    for (const contender of contenders) {
      const all = wishOf(contender, round).objects;
      const isGone = (index: number) => index >= namespacesOf(objects) && index % 10 === 7;
      const gone = all.filter((_, index) => isGone(index));
      await take('10 % pruned', contender, { objects: all.filter((_, index) => !isGone(index)), gone, written: 0 });
      if (round < runs) await take(undefined, contender, { objects: all, gone: [], written: gone.length });
    }
  }
  return { objects, runs, contenders: [...samples].map(([name, taken]) => ({ name, samples: taken })) };
}

function middle(samples: Samples, phase: Phase): number {
  return median(samples[phase].map((sample) => sample.time));
}

function peak(samples: readonly Sample[]): number {
  return Math.max(...samples.map((sample) => sample.peak));
}

function tableOf({ objects, contenders }: Round): Table {
  const first = contenders[0]!;
  const rows = phases.flatMap((phase) =>
    contenders.map(({ name, samples }) => [
      ...[phase, name, time(middle(samples, phase))],
      name === first.name ? '' : ratio(middle(samples, phase), middle(first.samples, phase)),
      ...[memory(peak(samples[phase])), counts(samples[phase].at(-1)!.requests)],
    ]),
  );
  const columns = ['phase', 'tool', 'time', 'Windlass is quicker by', 'peak memory', 'API requests'];
  return { title: `${objects} objects of twelve kinds in ${namespacesOf(objects)} namespaces`, columns, rows };
}

function aimsOf([usual, large]: readonly [Round, Round]): Aim[] {
  const [ours, plain] = usual.contenders.map(({ samples }) => samples);
  const [many] = large.contenders.map(({ samples }) => samples);
  const beside = (phase: Phase) => middle(ours!, phase) / middle(plain!, phase);
  const share = (value: number) => `${value.toFixed(2)} of kubectl's time`;
  const { list = 0, get = 0, watch = 0, ...writes } = many!['nothing changed'].at(-1)!.requests;
  const wrote = Object.values(writes).reduce((sum, count) => sum + count, 0);
  const number = (value: number) => String(value);
  return [
    { what: `first apply of ${usual.objects}`, ...atMost(beside('first apply'), 1, share) },
    { what: `first apply of ${usual.objects}, the goal`, ...atMost(beside('first apply'), 0.5, share) },
    { what: `nothing changed in ${usual.objects}`, ...atMost(beside('nothing changed'), 0.1, share) },
    { what: `nothing changed in ${large.objects}`, ...atMost(middle(many!, 'nothing changed'), 2000, time) },
    { what: 'lists for that, of twelve kinds', ...atMost(list, 24, number) },
    { what: 'writes for that', ...atMost(wrote, 0, number) },
    {
      what: `memory with ${large.objects}, in every phase`,
      ...atMost(Math.max(...phases.map((phase) => peak(many![phase]))), 256 * 1024, memory),
    },
  ];
}

function resultOf(rounds: [Round, Round], { kubectlVersion }: TestBed): Result {
  const { runs } = rounds[0];
  return {
    tables: [...rounds.map(tableOf), tableOfAims(aimsOf(rounds))],
    notes: [
      `Whole processes, start-up included; the first table has ${runs === 1 ? 'one run' : `the median of ${runs} runs`} (one first apply), the second one run; the peak is of all runs. kubectl is ${kubectlVersion} with a warm discovery cache; Windlass has run once before as well, and keeps what a sync was rendered to between its runs.`,
      'Windlass fetches from a Git repository, keeps an applied record, checks fields by the schemas of the cluster and looks at the health of what it applied; kubectl reads plain files and does none of it. kubectl writes all objects each time, Windlass those that changed.',
      'Windlass finds out what to prune. kubectl is told: its time is that of the apply of what stays and of a `kubectl delete` of the files of what goes.',
    ],
    raw: Object.fromEntries(rounds.map(({ objects, contenders }) => [objects, rawOf(contenders)])),
  };
}

function rawOf(contenders: Round['contenders']): Record<string, unknown> {
  return Object.fromEntries(
    contenders.map(({ name, samples }) => [
      name,
      Object.fromEntries(
        phases.map((phase) => [
          phase,
          samples[phase].map((sample) => ({ time: sample.time, peak: sample.peak, requests: sample.requests })),
        ]),
      ),
    ]),
  );
}
