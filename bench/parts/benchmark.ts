import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asText, type Result } from './result.ts';

/** A number that a benchmark can be told: `--runs 50`. */
export interface Knob {
  usual: number;
  /** With --quick: only to see that the benchmark works. */
  quick: number;
  help: string;
}

/** What a benchmark runs with. */
export interface Context<Name extends string> {
  knob: Record<Name, number>;
  /** A directory of its own, removed at the end. */
  dir: string;
  /** Aborts at Ctrl-C and after the limit. */
  signal: AbortSignal;
  /** Work to do at the end, however that comes; the last one first. */
  atEnd(work: () => Promise<unknown>): void;
  /** Says what is going on, on standard error. */
  say(text: string): void;
}

/** A benchmark. */
export interface Benchmark<Name extends string> {
  name: string;
  /** One sentence: what is measured. */
  about: string;
  knobs: Record<Name, Knob>;
  /** Minutes until it is given up. */
  limit: number;
  run(context: Context<Name>): Promise<Result>;
}

/** Runs the benchmark when its file is the one that was started. Prints the result; `--result FILE` also writes it as JSON. */
export async function benchmark<Name extends string>(meta: ImportMeta, what: Benchmark<Name>): Promise<void> {
  if (!meta.main) return;
  const names = Object.keys(what.knobs) as Name[];
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      quick: { type: 'boolean' },
      result: { type: 'string' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    },
  });
  if (values['help']) return void process.stdout.write(helpOf(what));
  const quick = values['quick'] === true;
  const knob = Object.fromEntries(
    names.map((name) => [name, numberOf(name, (values as Record<string, string>)[name], what.knobs[name], quick)]),
  ) as Record<Name, number>;
  const result = await perform(what, knob);
  if (typeof values['result'] === 'string') await writeFile(values['result'], JSON.stringify(result));
  process.stdout.write(`${asText(result)}\n`);
}

async function perform<Name extends string>(what: Benchmark<Name>, knob: Record<Name, number>): Promise<Result> {
  const stop = new AbortController();
  // Again and again, too: what was started has to be ended, which takes a second or two.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => stop.abort(new Error(`ended by ${name}`)));
  const timer = setTimeout(() => stop.abort(new Error(`not done after ${what.limit} minutes`)), what.limit * 60_000);
  const dir = await realpath(await mkdtemp(join(tmpdir(), `windlass-bench-${what.name}-`)));
  const ends: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 10 })];
  try {
    return await what.run({
      knob,
      dir,
      signal: stop.signal,
      atEnd: (work) => void ends.push(work),
      say: (text) => void process.stderr.write(`[${what.name}] ${text}\n`),
    });
  } finally {
    clearTimeout(timer);
    for (const end of ends.reverse()) {
      await end().catch((error: unknown) => process.stderr.write(`[${what.name}] while ending: ${String(error)}\n`));
    }
  }
}

function numberOf(name: string, text: string | undefined, { usual, quick }: Knob, isQuick: boolean): number {
  if (text === undefined) return isQuick ? quick : usual;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return number;
}

function helpOf({ name, about, knobs, limit }: Benchmark<string>): string {
  const lines = Object.entries(knobs).map(
    ([knob, { usual, quick, help }]) => `  --${knob.padEnd(10)} ${help} (default: ${usual}; quick: ${quick})`,
  );
  return [
    `node bench/${name}.ts: ${about}`,
    '',
    ...lines,
    '  --quick      only see that it works',
    '  --result     FILE: also write the result as JSON',
    '',
    `It gives up after ${limit} minutes.`,
    '',
  ].join('\n');
}
