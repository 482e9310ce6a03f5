import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillIn, type Measurements } from './parts/document.ts';
import { describeMachine, machine } from './parts/machine.ts';
import type { Result } from './parts/result.ts';

/** All benchmarks, in the order in which they run and are shown. Each is a file beside this one that also runs alone. */
const names = [
  'cli',
  'start',
  'loop',
  'idle',
  'pull',
  'puller',
  'drift',
  'git',
  'bump',
  'lambda',
  'aws',
  'edit',
  'policy',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const artifact = join(root, 'artifacts', 'bench.json');
const document = join(root, 'docs', 'benchmarks.md');

const usage = `npm run bench -- [--quick] [--write-docs] [NAME ...]
  NAME          ${names.join(', ')}; all unless named
  --quick       few runs, only to see that they work
  --write-docs  put the results of this and earlier runs (artifacts/bench.json) into docs/benchmarks.md;
                a benchmark that has none keeps what stands there
Each also runs alone, with its own options: node bench/pull.ts --help
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      quick: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !names.includes(name));
  if (values.help || unknown.length > 0) {
    if (unknown.length > 0) process.stderr.write(`there is no benchmark ${unknown.join(', ')}\n`);
    process.stdout.write(usage);
    return unknown.length > 0 ? 2 : 0;
  }
  process.stdout.write(`${describeMachine(machine())}; load ${loadavg()[0]!.toFixed(1)}\n`);
  const chosen = positionals.length > 0 ? names.filter((name) => positionals.includes(name)) : names;
  const failed: string[] = [];
  for (const name of chosen) if (!(await runOne(name, values.quick))) failed.push(name);
  if (values['write-docs']) {
    await writeFile(document, fillIn(await readFile(document, 'utf8'), await measurements(), names));
    process.stdout.write('\nwritten: docs/benchmarks.md\n');
  }
  if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`);
  return failed.length > 0 ? 3 : 0;
}

/** Runs a benchmark as a process of its own, so that none inherits the heap of another. False when it failed. */
async function runOne(name: string, quick: boolean): Promise<boolean> {
  const before = machine();
  const dir = await mkdtemp(join(tmpdir(), 'windlass-bench-'));
  try {
    const file = join(dir, 'result.json');
    const args = [join(root, 'bench', `${name}.ts`), '--result', file, ...(quick ? ['--quick'] : [])];
    process.stdout.write(`\n== ${name}\n`);
    if ((await exitOf(args)) !== 0) return false;
    const result = JSON.parse(await readFile(file, 'utf8')) as Result;
    const command = `npm run bench -- ${quick ? '--quick ' : ''}${name}`;
    const all = {
      ...(await measurements()),
      [name]: { command, quick, machine: before, loadAfter: loadavg()[0]!, result },
    };
    await mkdir(join(root, 'artifacts'), { recursive: true });
    await writeFile(artifact, `${JSON.stringify(all, null, 2)}\n`);
    return true;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function exitOf(args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by the terminal; it ends what it started, and then this process ends.
  const pass = () => void child.kill('SIGTERM');
  process.on('SIGTERM', pass).on('SIGINT', () => {});
  try {
    return await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  } finally {
    process.off('SIGTERM', pass);
  }
}

async function measurements(): Promise<Measurements> {
  try {
    return JSON.parse(await readFile(artifact, 'utf8')) as Measurements;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
