import { resolve } from 'node:path';
import type { Config, SyncSpec } from '../../config/config.ts';
import { readConfig, windlassFileName } from '../../config/windlass-file.ts';
import { type DesiredObject, desired } from '../../desired/desired.ts';
import type { Renderers, SourceTree } from '../../desired/ports.ts';
import { sourcesOf } from '../../desired/sources.ts';
import { lacksNamespace } from '../../kube/namespaced.ts';
import { formatProblem, messageOf, type Problem, RetryableError } from '../../model/errors.ts';
import { nameOf } from '../../model/kube-object.ts';
import { badAnnotations } from '../check-annotations.ts';
import { checkApprovals } from '../check-approvals.ts';
import { checkPlaces } from '../check-places.ts';
import { checkStops, readStops } from '../check-stops.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { localTree } from '../wiring.ts';
import { renderers } from '../wiring-renderers.ts';

/** `windlass validate`: windlass.yaml, holds, suspends and approvals, markers and targets, and every manifest that a sync refers to. */
export const validate: Command = {
  name: 'validate',
  summary: 'check windlass.yaml and all manifests that it refers to',
  details: [
    'Reads windlass.yaml with the rules of health in it, holds/, suspends/ and approvals/, looks for every marker and target, and renders',
    'each sync as a pull would.',
    'No cluster is asked, and no registry but for a chart. Warnings name what is written but not there yet (such an image is not bumped, such',
    'a sync not pulled), or looks wrong, as a marker of an unknown policy; they do not fail.',
    'JSON: { problems, warnings, unchecked, syncs: [{ name, path, objects }] }; `objects` and `unchecked` are counts. A problem is',
    '{ code, message, file, line, column, source, hint, object }, each where it is known.',
    'Exit code: 0 when there is no problem, else 2; 3 when there is none, but a chart could not be had now to look for more.',
  ].join('\n'),
  options: {
    repo: { type: 'string', value: 'DIR', help: 'the config repo; the current directory unless given' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: ['windlass validate', 'windlass validate --repo examples/shop --json'],
  run,
};

interface Report {
  problems: Problem[];
  warnings: Problem[];
  syncs: { name: string; path: string; objects: number }[];
  /** Syncs that could not be rendered now: they are among the warnings. */
  unchecked: number;
}

async function run(args: Args, io: Io): Promise<ExitCode> {
  const { tree } = await localTree(resolve(io.cwd, args.text('repo') ?? '.'), '.');
  const report = await check(tree, renderers(io), io.now());
  if (args.flag('json')) printJson(io, report);
  else print(io, report);
  if (report.problems.length > 0) return 2;
  return report.unchecked > 0 ? 3 : 0;
}

async function check(tree: SourceTree, tools: Renderers, now: Date): Promise<Report> {
  const stops = await readStops(tree);
  const { config, text, problems, warnings } = await readWindlassFile(tree, now);
  if (config === undefined)
    return { problems: [...problems, ...distinct(stops.problems)], warnings, syncs: [], unchecked: 0 };
  const places = await checkPlaces(tree, config, text);
  const stopped = checkStops(stops, config, places.fluxNames);
  const approvals = await checkApprovals(tree, config);
  const health = await checkRules(config, text);
  const { rendered, unchecked } = await renderAll(tree, config.syncs, tools);
  const placeless = rendered.flatMap(({ objects }) => objects.filter(needsPlace).map(placelessObject));
  return {
    problems: [
      ...health,
      ...distinct([...stops.problems, ...stopped.problems, ...approvals.problems]),
      ...places.problems,
      ...distinct(rendered.flatMap((one) => one.problems)),
      ...distinct(rendered.flatMap(({ objects, problems }) => badAnnotations(objects, problems.length === 0))),
      ...claimedTwice(rendered),
    ],
    warnings: [
      ...warnings,
      ...stopped.warnings,
      ...approvals.warnings,
      ...places.warnings,
      ...distinct(placeless),
      ...unchecked,
    ],
    unchecked: unchecked.length,
    syncs: rendered.map(({ sync, objects }) => ({ name: sync.name, path: sync.path, objects: objects.length })),
  };
}

/** What compiles the expressions is loaded only where there are any. */
async function checkRules(config: Config, text: string): Promise<Problem[]> {
  if (config.health === undefined) return [];
  const { checkHealth } = await import('../check-health.ts');
  return checkHealth(config, text);
}

/** Renders each sync; one whose chart cannot be had now is told and does not keep the others from being checked. */
async function renderAll(
  tree: SourceTree,
  syncs: readonly SyncSpec[],
  tools: Renderers,
): Promise<{ rendered: Rendered[]; unchecked: Problem[] }> {
  const rendered: Rendered[] = [];
  const unchecked: Problem[] = [];
  for (const sync of syncs) {
    try {
      rendered.push({ sync, ...(await desired({ tree, ...sourcesOf(sync), ...tools })) });
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      const message = `sync ${sync.name} cannot be rendered now, and was not checked: ${messageOf(error)}`;
      unchecked.push({ code: 'unchecked', file: windlassFileName, message });
    }
  }
  return { rendered, unchecked };
}

interface Rendered {
  sync: SyncSpec;
  objects: DesiredObject[];
  problems: Problem[];
}

async function readWindlassFile(
  tree: SourceTree,
  now: Date,
): Promise<{ config?: Config; text: string; problems: Problem[]; warnings: Problem[] }> {
  const found = (await tree.files('.')).find((file) => file.path === windlassFileName && file.kind === 'file');
  if (found === undefined) {
    const message = 'there is no such file at the root of the repository';
    const hint = 'it begins with "windlass: 1"; docs/windlass-yaml.md has a short one to copy';
    return { text: '', problems: [{ code: 'no-windlass-file', file: windlassFileName, message, hint }], warnings: [] };
  }
  const text = new TextDecoder().decode(await tree.read(windlassFileName));
  return { text, ...readConfig(text, { now }) };
}

/** An object that two syncs of one cluster declare: each would take it from the other. */
function claimedTwice(rendered: readonly Rendered[]): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { sync, objects } of rendered) {
    for (const { object, origin, line } of objects) {
      const name = nameOf(object);
      const key = `${sync.cluster} ${name}`;
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, sync.name);
      else if (owner !== sync.name) {
        const message = `this object is declared by two syncs of the cluster ${sync.cluster}: ${owner} and ${sync.name}`;
        problems.push({
          code: 'claimed-twice',
          message,
          object: name,
          file: origin,
          ...(line === undefined ? {} : { line, column: 1 }),
        });
      }
    }
  }
  return problems;
}

function needsPlace({ object }: DesiredObject): boolean {
  return lacksNamespace(object);
}

/** A pull refuses such an object; what a kind needs is known for sure by the cluster alone, so it is a warning here. */
function placelessObject({ object, origin, line }: DesiredObject): Problem {
  return {
    code: 'no-namespace',
    message: `${object.kind} needs a namespace, a pull refuses it`,
    object: nameOf(object),
    file: origin,
    ...(line === undefined ? {} : { line, column: 1 }),
    hint: 'write metadata.namespace, or "namespace:" in its kustomization.yaml',
  };
}

/** Two syncs that build on one broken base have the same problem once. */
function distinct(problems: Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

function print(io: Io, { problems, warnings, syncs }: Report): void {
  const style = styleFor(io.stdout, io.env);
  for (const warning of warnings) io.stdout.write(`${style.yellow('warning')} ${formatProblem(warning)}\n`);
  for (const problem of problems) io.stdout.write(`${style.red('problem')} ${formatProblem(problem)}\n`);
  for (const sync of syncs)
    io.stdout.write(`${style.bold(sync.name)} ${sync.path}: ${count(sync.objects, 'object')}\n`);
  const verdict = problems.length === 0 ? style.green('valid') : style.red(count(problems.length, 'problem'));
  io.stdout.write(`${verdict}${warnings.length === 0 ? '' : `, ${count(warnings.length, 'warning')}`}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
