import { readObjects } from '../../desired/yaml.ts';
import { isLateClass } from '../../kube/status/claim.ts';
import type { CustomRules, StatusWord } from '../../kube/status/status.ts';
import { statusOf } from '../../kube/status/status-of.ts';
import { UserError } from '../../model/errors.ts';
import { nameOf } from '../../model/kube-object.ts';
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
    'a Deployment on its way has failed when a pod of its newest template cannot start. With --config the rules under "health" of that',
    'windlass.yaml stand before the built-in ones.',
    'JSON: [{ object, status, reason }], one for each object in order; status is Current, InProgress, Failed, Terminating or Unknown.',
    'Exit code: 0 when every object is Current, 1 when one is not, 2 when the file cannot be read as objects.',
  ].join('\n'),
  options: {
    file: { type: 'string', short: 'f', value: 'FILE|-', help: 'the objects, YAML or JSON', required: true },
    config: { type: 'string', value: 'FILE', help: 'a windlass.yaml, for its rules' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'kubectl get deployments,pods -n shop -o yaml | windlass health -f -',
    'windlass health -f objects.yaml --config windlass.yaml --json',
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
  const pods = all.filter(({ kind, apiVersion }) => kind === 'Pod' && apiVersion === 'v1');
  const rules = await rulesOf(args, io);
  const lateClasses = new Set(all.filter(isLateClass).map(({ metadata }) => metadata.name));
  const related = { pods, lateClasses, now: io.now(), ...(rules && { rules }) };
  const healths = all.map((object): ObjectHealth => ({ object: nameOf(object), ...statusOf(object, related) }));
  if (args.flag('json')) printJson(io, healths);
  else print(io, healths);
  return healths.every(({ status }) => status === 'Current') ? 0 : 1;
}

/** The rules of the windlass.yaml that was named; what reads and compiles them is loaded only then. Throws `UserError` with all its problems. */
async function rulesOf(args: Args, io: Io): Promise<CustomRules | undefined> {
  const file = args.text('config');
  if (file === undefined) return undefined;
  const text = await readInput(io, file);
  const { readConfig } = await import('../../config/windlass-file.ts');
  const { checkHealth } = await import('../check-health.ts');
  const { customRules } = await import('../../kube/status/custom.ts');
  const { config, problems } = readConfig(text, { file });
  const all = config === undefined ? problems : checkHealth(config, text, file);
  if (config === undefined || all.length > 0)
    throw new UserError(`${nameOfInput(file)} cannot be used`, { code: 'config-invalid', problems: all });
  return customRules(config.health ?? []);
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
