import { type AwsWorld, registry, startAwsWorld } from '../test/helpers/aws-world.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { makeConfigRepo } from './parts/config-repo.ts';
import { median, percentile, seeded } from './parts/numbers.ts';
import { type Result, time } from './parts/result.ts';
import { type Invocation, startTraceDaemon, type TraceDaemon } from './parts/trace-daemon.ts';
import { pause, until } from './parts/wait.ts';

type Knobs = 'pushes' | 'burst' | 'files';

/** One push, alone on its way. Times are in milliseconds since 1970. */
interface Push {
  began: number;
  /** ECR has taken the image. */
  pushed: number;
  /** The function has begun. */
  invoked: number;
  /** The commit is the head at GitHub. */
  committed: number;
  /** The function is done. */
  ended: number;
}

/** Pushes in one go. */
interface Burst {
  /** Milliseconds from the first push until the last one is in ECR. */
  pushing: number;
  /** Milliseconds from the first push until the last tag is in Git. */
  took: number;
  commits: number;
  invocations: number;
}

/** What is measured, in its order: the name, and from when until when. */
const steps: readonly [string, keyof Push, keyof Push][] = [
  ['push -> commit', 'began', 'committed'],
  ['the push itself: two blobs and a manifest', 'began', 'pushed'],
  ['push -> function: the push, the event, the rule, the queue', 'began', 'invoked'],
  ['function -> commit: GitHub, ECR, the tables', 'invoked', 'committed'],
  ['commit -> end of the function: records, wake, notices', 'committed', 'ended'],
];

/** The file that names the pushed image. */
const path = 'bench/web.yaml';

await benchmark<Knobs>(import.meta, {
  name: 'aws',
  about: 'from the push of an image to its commit, through the deployed stack in what stands in for AWS.',
  knobs: {
    pushes: { usual: 50, quick: 3, help: 'pushes one after the other' },
    burst: { usual: 50, quick: 5, help: 'pushes in one go' },
    files: { usual: 2000, quick: 100, help: 'files of the config repo' },
  },
  limit: 30,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { knob, say, signal } = context;
  const daemon = await startTraceDaemon();
  context.atEnd(async () => daemon.close());
  say('deploying the stack');
  const world = await startAwsWorld({
    files: filesOf(knob.files),
    // IAM decides, by TLS, as in the tests of the stack.
    ministack: { env: { AWS_XRAY_DAEMON_ADDRESS: daemon.address } },
  });
  context.atEnd(() => world.close());
  const scene: Scene = { world, daemon, signal };
  const first = await pushOnce(scene, '1.1.0');
  say(`the first push: ${time(first.committed - first.began)}`);
  const pushes: Push[] = [];
  const random = seeded(7);
  for (let number = 1; number <= knob.pushes; number++) {
    // Whatever looks by a clock is met at any moment of it.
    await pause(random() * 1000, signal);
    pushes.push(await pushOnce(scene, `1.1.${number}`));
  }
  say(`push -> commit: ${time(median(pushes.map(({ began, committed }) => committed - began)))}`);
  const burst = await pushAtOnce(scene, knob.burst);
  return resultOf(first, pushes, burst, knob);
}

interface Scene {
  world: AwsWorld;
  daemon: TraceDaemon;
  signal: AbortSignal;
}

/** The config repo of the benchmark of bump, with one image more, which is the one that is pushed. */
function filesOf(count: number): Record<string, string> {
  const { files } = makeConfigRepo(count);
  const policy = `images:\n  web: { image: ${registry}/shop/web, semver: "*" }\n`;
  return {
    ...files,
    'windlass.yaml': files['windlass.yaml']!.replace('images:\n', policy),
    [path]: `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
  };
}

/** Throws when the function fails, or when the commit is another one than is wanted. */
async function pushOnce({ world, daemon, signal }: Scene, tag: string): Promise<Push> {
  const [head, before] = [world.github.head(), bumpsOf(daemon).length];
  const began = Date.now();
  const pushing = world.push('shop/web', tag).then(() => Date.now());
  const seen = () => (world.github.head() === head ? undefined : Date.now());
  const committed = await until(`a commit of ${tag}`, seen, { signal, every: 1 });
  const pushed = await pushing;
  if (tagIn(world) !== tag) throw new Error(`${tag} was pushed, and ${tagIn(world)} is in Git`);
  const done = () => bumpsOf(daemon)[before];
  const { begin: invoked, end: ended } = await until('the end of the function', done, { signal, every: 5 });
  return { began, pushed, invoked, committed, ended };
}

/** Throws when a function fails. */
async function pushAtOnce({ world, daemon, signal }: Scene, count: number): Promise<Burst> {
  const [commits, before] = [world.github.log().length, bumpsOf(daemon).length];
  const tags = Array.from({ length: count }, (_, number) => `2.0.${number}`);
  const began = Date.now();
  for (const tag of tags) await world.push('shop/web', tag);
  const pushed = Date.now();
  const done = () => (tagIn(world) === tags.at(-1) ? Date.now() : undefined);
  const committed = await until('the commit of the last tag', done, { signal, every: 1 });
  const queue = world.deployed.outputs['PushesQueueUrl']!;
  await until('an empty queue', async () => ((await world.waiting(queue)) === 0 ? true : undefined), { signal });
  return {
    ...{ pushing: pushed - began, took: committed - began },
    ...{ commits: world.github.log().length - commits, invocations: bumpsOf(daemon).length - before },
  };
}

function tagIn({ github }: AwsWorld): string | undefined {
  return /web:(\S+)/.exec(new TextDecoder().decode(github.show(path)))?.[1];
}

/** Throws when one has failed. */
function bumpsOf({ invocations }: TraceDaemon): readonly Invocation[] {
  const bumps = invocations.filter(({ service }) => service === 'windlass-bump');
  if (bumps.some(({ failed }) => failed)) throw new Error('the function failed');
  return bumps;
}

function resultOf(first: Push, pushes: readonly Push[], burst: Burst, knob: Record<Knobs, number>): Result {
  const between = (from: keyof Push, to: keyof Push) => pushes.map((push) => push[to] - push[from]);
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  const whole = sum(between('began', 'committed'));
  const rows = steps.map(([words, from, to]) => {
    const taken = between(from, to);
    const share = `${Math.round((sum(taken) / whole) * 100)} %`;
    return [words, time(median(taken)), time(percentile(taken, 0.95)), to === 'ended' ? '' : share];
  });
  const took = time(first.committed - first.began);
  return {
    tables: [
      { title: 'One push after the other', columns: ['from -> to', 'p50', 'p95', 'share'], rows },
      {
        title: 'Beside that',
        columns: ['what', 'measured'],
        rows: [
          ['push -> commit: the first push, in a new sandbox, of a branch of which nothing is known', took],
          [`${knob.burst} pushes in one go: until all are in ECR`, time(burst.pushing)],
          [`${knob.burst} pushes in one go: until the last tag is in Git`, time(burst.took)],
          [
            `${knob.burst} pushes in one go: commits; batches of the function`,
            `${burst.commits}; ${burst.invocations}`,
          ],
        ],
      },
    ],
    notes: notesOf(knob),
    raw: { first, pushes, burst },
  };
}

function notesOf({ pushes, files }: Record<Knobs, number>): string[] {
  return [
    `${pushes} pushes of an image of two small documents by the OCI API of the registry, each at a random moment after the one before; the config repo has ${files} files. The commit is there when it is the head at GitHub.`,
    'The stack is the one that is deployed, by the CDK, with IAM deciding and TLS; what stands in for AWS is MiniStack, and for GitHub a stand-in in the process of the benchmark, all on this machine. In AWS its own ways and clocks come on top: those of the event, of the rule, of the poller of the queue; and a function of 512 MB has less than a third of a processor.',
    'When the function begins and ends it tells itself, as to X-Ray.',
  ];
}
