import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findKubectl } from '../lib/adapters/renderers/kubectl.ts';
import { commands } from '../lib/cli/commands/index.ts';
import { bundleCli } from '../package/bundle-cli.ts';
import { type Aim, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { median, percentile } from './parts/numbers.ts';
import { measure } from './parts/processes.ts';
import { type Result, ratio, time } from './parts/result.ts';
import { expectCode, windlassProgram } from './parts/test-bed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A command line, and the exit code that it must have. */
interface Line {
  name: string;
  args: string[];
  code: number;
}

const lines: Line[] = [
  { name: '`windlass --version`', args: ['--version'], code: 0 },
  { name: '`windlass --help`', args: ['--help'], code: 0 },
  { name: 'a mistyped command', args: ['drfit'], code: 2 },
  { name: 'the names for completion, of examples/shop', args: ['completion', 'names'], code: 0 },
  { name: '`windlass completion bash`, which loads every command', args: ['completion', 'bash'], code: 0 },
];

/** Milliseconds that a person waits for, beside what the command does itself. */
const limits = { version: 100, command: 300 };

type Knobs = 'runs' | 'commands';

await benchmark<Knobs>(import.meta, {
  name: 'cli',
  about: 'what every command line costs before it does anything: the start of the program.',
  knobs: {
    runs: { usual: 30, quick: 3, help: 'runs of each line, one after the other in turns' },
    commands: { usual: 10, quick: 1, help: 'runs of the help of each command' },
  },
  limit: 20,
  run,
});

async function run({ knob, dir, signal, say }: Context<Knobs>): Promise<Result> {
  say('bundling the CLI as the package has it');
  const packed = join(dir, 'package/bin/windlass.js');
  await bundleCli(root, join(dir, 'package/cli'));
  await mkdir(join(dir, 'package/bin'));
  await copyFile(windlassProgram, packed);
  await mkdir(join(dir, 'cache'));
  const kubectl = await findKubectl({ env: process.env });
  const cwd = join(root, 'examples/shop');
  const once = async (program: string, args: string[], code: number, env: Record<string, string> = {}) =>
    expectCode([program, ...args].join(' '), await measure(program, args, { cwd, env, signal }), code).time;
  // As after the first run of a user: the launcher keeps what Node compiled where there is a cache already.
  const warm = { WINDLASS_CACHE: join(dir, 'cache') };
  const cold = { WINDLASS_CACHE: join(dir, 'no-cache/of-this-name') };

  const taken = new Map<string, number[]>();
  const add = (name: string, took: number) => taken.set(name, [...(taken.get(name) ?? []), took]);
  // Everything takes its turn in each round: what else the machine does meets all of them.
  for (let round = -1; round < knob.runs; round++) {
    // The first round fills the caches.
    const keep = round < 0 ? () => undefined : add;
    keep('node', await once(process.execPath, ['-e', '0'], 0));
    keep('kubectl', await once(kubectl.path, ['version', '--client'], 0));
    for (const { name, args, code } of lines) {
      keep(`packed ${name}`, await once(process.execPath, [packed, ...args], code, warm));
      keep(`cold ${name}`, await once(process.execPath, [packed, ...args], code, cold));
      keep(`source ${name}`, await once(process.execPath, [windlassProgram, ...args], code, warm));
    }
  }
  const helps: { name: string; times: number[] }[] = [];
  for (const { name } of commands) {
    const args = [packed, ...name.split(' '), '--help'];
    await once(process.execPath, args, 0, warm);
    const times: number[] = [];
    for (let turn = 0; turn < knob.commands; turn++) times.push(await once(process.execPath, args, 0, warm));
    helps.push({ name, times });
  }
  return resultOf(taken, helps, knob, kubectl.version);
}

function resultOf(
  taken: ReadonlyMap<string, number[]>,
  helps: readonly { name: string; times: number[] }[],
  knob: Record<Knobs, number>,
  kubectl: string,
): Result {
  const of = (name: string) => taken.get(name)!;
  const node = median(of('node'));
  const cells = (times: readonly number[]) => [time(median(times)), time(percentile(times, 0.95))];
  const rows = lines.map(({ name }) => [
    name,
    ...cells(of(`packed ${name}`)),
    ratio(median(of(`packed ${name}`)), node),
    time(median(of(`cold ${name}`))),
    time(median(of(`source ${name}`))),
  ]);
  const peers: [string, string][] = [
    ['`node -e 0`', 'node'],
    [`\`kubectl version --client\` (${kubectl})`, 'kubectl'],
  ];
  const slowest = helps.toSorted((a, b) => median(b.times) - median(a.times));
  const aims: Aim[] = [
    { what: '`windlass --version`, p50', ...atMost(median(of('packed `windlass --version`')), limits.version, time) },
    {
      what: `the help of the slowest command (${slowest[0]!.name}), p50`,
      ...atMost(median(slowest[0]!.times), limits.command, time),
    },
  ];
  return {
    tables: [
      {
        title: 'From the start of the process to its end',
        columns: ['command', 'p50', 'p95', 'times `node -e 0`', 'without a compile cache, p50', 'in a checkout, p50'],
        rows: [...rows, ...peers.map(([name, key]) => [name, ...cells(of(key)), ratio(median(of(key)), node), '', ''])],
      },
      {
        title: 'The help of each command: what it costs to load it',
        columns: ['command', 'p50', 'p95', 'times `node -e 0`'],
        rows: slowest.map(({ name, times }) => [name, ...cells(times), ratio(median(times), node)]),
      },
      tableOfAims(aims),
    ],
    notes: [
      `${knob.runs} rounds, in each of which every line runs once; ${knob.commands} runs of each help. The CLI is the one of the package, bundled as for a release; a checkout runs the sources.`,
      "Node's compile cache is used where Windlass's cache directory exists, which any command that clones or downloads makes.",
    ],
    raw: { lines: Object.fromEntries(taken), helps },
  };
}
