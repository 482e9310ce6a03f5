import { readObjects } from '../../desired/yaml.ts';
import type { StatusWord } from '../../kube/status/status.ts';
import { statusOf } from '../../kube/status/status-of.ts';
import { UserError } from '../../model/errors.ts';
import { type KubeObject, nameOf } from '../../model/kube-object.ts';
import type { ObjectHealth } from '../../model/messages.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { table } from '../output/table.ts';
import { nameOfInput, readInput } from '../read-input.ts';

/** `windlass health`: the status of objects read from a cluster, by the rules that pull waits with. */
export const health: Command = {
  name: 'health',
  summary: 'show the status of objects, by the rules that pull waits with',
  details: [
    'Reads objects as the API server gives them: YAML documents, JSON, lists. Pods among them speak for their workloads:',
    'a Deployment on its way has failed when a pod of its newest template cannot start.',
    'JSON: [{ object, status, reason }], one for each object in order; status is Current, InProgress, Failed, Terminating or Unknown.',
    'Exit code: 0 when every object is Current, 1 when one is not, 2 when the file cannot be read as objects.',
  ].join('\n'),
  options: {
    file: { type: 'string', short: 'f', value: 'FILE|-', help: 'the objects, YAML or JSON', required: true },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'kubectl get deployments,pods -n shop -o yaml | windlass health -f -',
    'windlass health -f objects.yaml --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const file = args.need('file');
  const { objects, problems } = readObjects(await readInput(io, file), nameOfInput(file));
  if (problems.length > 0) {
    throw new UserError(`${nameOfInput(file)} cannot be read as Kubernetes objects`, {
      code: 'invalid-objects',
      problems,
    });
  }
  const all = objects.map(({ object }) => object);
  const healths = all.map((object) => healthOf(object, all, io.now()));
  if (args.flag('json')) printJson(io, healths);
  else print(io, healths);
  return healths.every(({ status }) => status === 'Current') ? 0 : 1;
}

function healthOf(object: KubeObject, all: KubeObject[], now: Date): ObjectHealth {
  const pods = all.filter(({ kind, apiVersion }) => kind === 'Pod' && apiVersion === 'v1');
  return { object: nameOf(object), ...statusOf(object, { pods, now }) };
}

function print(io: Io, healths: ObjectHealth[]): void {
  const style = styleFor(io.stdout, io.env);
  const colours: Record<StatusWord, (text: string) => string> = {
    Current: style.green,
    InProgress: style.yellow,
    Failed: style.red,
    Terminating: style.yellow,
    Unknown: style.yellow,
  };
  if (healths.length === 0) return void io.stderr.write('no objects\n');
  const rows = healths.map(({ object, status, reason }) => [object, status, reason]);
  const paint = (cell: string, column: number, row: number) =>
    column === 1 ? colours[healths[row]!.status](cell) : cell;
  io.stdout.write(`${table(rows, paint)}\n`);
}
