import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SQSBatchResponse } from 'aws-lambda';
import { bundleFunction, functionFiles } from '../functions/bundle.ts';
import type { DriftRun } from '../functions/handlers/drift-on-schedule.ts';
import { lambdaClient } from '../test/helpers/lambda-client.ts';
import { type RunningFunction, runFunction } from '../test/helpers/runtime-api.ts';
import { tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { type LambdaStage, openLambdaStage } from './parts/lambda-stage.ts';
import {
  eventTable,
  type FunctionMeasured,
  lambdaAims,
  type SandboxSample,
  type Start,
  startTable,
} from './parts/lambda-tables.ts';
import { median } from './parts/numbers.ts';
import { cpuOf, memoryOf } from './parts/processes.ts';
import { type Result, time } from './parts/result.ts';

type Knobs = 'runs' | 'events' | 'objects';

await benchmark<Knobs>(import.meta, {
  name: 'lambda',
  about: "the bundles of the functions in AWS's own runtime client: start, first event, later ones, memory.",
  knobs: {
    runs: { usual: 20, quick: 1, help: 'sandboxes of each function' },
    events: { usual: 5, quick: 1, help: 'events of a sandbox after the first' },
    objects: { usual: 100, quick: 20, help: 'objects of the sync that the check looks at' },
  },
  limit: 30,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { knob, dir, signal, say } = context;
  const client = await lambdaClient();
  const measured: FunctionMeasured[] = [];
  for (const name of functionFiles)
    measured.push({ name, bytes: await bundleFunction(name, join(dir, name)), samples: [] });
  await mkdir(join(dir, 'trivial'));
  await writeFile(join(dir, 'trivial', 'index.mjs'), 'export const handler = async () => ({});\n');
  const stage = await openLambdaStage(context, knob.objects);
  const open = (name: string) => runFunction({ name, client, folder: join(dir, name), env: stage.env });
  const trivials: Start[] = [];
  for (let turn = 0; turn < knob.runs; turn++) {
    for (const { name, samples } of measured) {
      signal.throwIfAborted();
      const trivial = await using(open('trivial'), startOf);
      trivials.push(trivial);
      const event = () => stage.event(name);
      samples.push(await using(open(name), (fn) => sampleOf(fn, event, { trivial, events: knob.events })));
    }
    say(`sandbox ${turn + 1} of ${knob.runs}`);
  }
  const [ignored] = await stage.ignored();
  if (ignored !== undefined) throw new Error(`an event was refused: ${ignored}`);
  for (const { name, samples } of measured) say(`${name}: ${time(median(samples.map(({ start }) => start.init)))}`);
  return {
    tables: [startTable(measured, trivials), eventTable(measured), tableOfAims(lambdaAims(measured))],
    notes: notesOf(knob),
    raw: { trivial: trivials, ...Object.fromEntries(measured.map(({ name, samples }) => [name, samples])) },
  };
}

async function using<Value>(fn: RunningFunction, work: (fn: RunningFunction) => Promise<Value>): Promise<Value> {
  try {
    return await work(fn);
  } finally {
    await fn.end();
  }
}

/** Throws where the sandbox does not ask for an event. */
async function startOf(fn: RunningFunction): Promise<Start> {
  const { pid, init } = await fn.start();
  if (init === undefined) throw new Error(`a sandbox did not start:\n${fn.lines().join('\n')}`);
  return { pid, init, processor: cpuOf(pid).own * 1000 };
}

/** One sandbox, from its start to its last event. Throws when an event is not done with. */
async function sampleOf(
  fn: RunningFunction,
  nextEvent: () => ReturnType<LambdaStage['event']>,
  { trivial, events }: { trivial: Start; events: number },
): Promise<SandboxSample> {
  const start = await startOf(fn);
  const took: number[] = [];
  for (let count = 0; count <= events; count++) {
    const { answer, took: milliseconds } = await fn.invoke(await nextEvent());
    if (answer === undefined || !isDone(JSON.parse(answer)))
      throw new Error(`an event failed: ${answer}\n${fn.lines().join('\n')}`);
    took.push(milliseconds);
  }
  const [first, ...steady] = took;
  return { start, trivial, first: first!, steady, peak: memoryOf(start.pid, 'VmHWM') ?? 0 };
}

/** No message comes again; of a check: every cluster was looked at, and every sync. */
function isDone(answer: SQSBatchResponse | DriftRun): boolean {
  if (!Array.isArray(answer)) return answer.batchItemFailures.length === 0;
  return answer.length > 0 && answer.every(({ checked, failed }) => checked.length > 0 && failed.length === 0);
}

function notesOf({ runs, events, objects }: Record<Knobs, number>): string[] {
  return [
    `${runs} sandboxes of each function, each a process of its own with AWS's runtime client for Node (aws-lambda-ric) on ${process.version}, which gets ${events + 1} events by the Runtime API; before each one of a handler that does nothing. They take turns.`,
    'Not as in Lambda: the processor is this one, and all of it, for the start and for events; memory is not held to what the function has there; the code is on a disk that knows it. What the start costs above that of a trivial handler is worth more than its time.',
    "The first event opens everything: the secret, the tables, GitHub, and the code that no event before has run. AWS is MiniStack, a program in Python on the same machine, whose answers take their time; GitHub and Slack are the stand-ins of the tests in the benchmark's own process.",
    `bump-on-push makes a commit of one push; report-on-sync works in the report of a pull; notify-on-notice posts a message to Slack; drift-on-schedule checks a cluster with ${objects} objects, which it reaches through EKS, by an API server on this machine; drift-on-incident answers that the audit log is not granted.`,
    'Memory is the most that a process had at once after its last event.',
  ];
}
