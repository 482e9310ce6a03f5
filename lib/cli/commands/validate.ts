import { randomUUID } from 'node:crypto';
import { posix, relative, resolve } from 'node:path';
import type { Config, SyncSpec } from '../../config/config.ts';
import { readConfig, windlassFileName } from '../../config/windlass-file.ts';
import { type DesiredObject, desired } from '../../desired/desired.ts';
import type { Renderers, SourceTree } from '../../desired/ports.ts';
import { sourcesOf } from '../../desired/sources.ts';
import { badData } from '../../kube/bad-data.ts';
import { lacksNamespace } from '../../kube/namespaced.ts';
import { formatProblem, messageOf, type Problem, RetryableError, UserError } from '../../model/errors.ts';
import { nameOf } from '../../model/kube-object.ts';
import { badAnnotations } from '../check-annotations.ts';
import { checkApprovals } from '../check-approvals.ts';
import { checkPlaces } from '../check-places.ts';
import { checkStops, readStops } from '../check-stops.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { annotation, type Finding, summary, withoutCommands } from '../output/github.ts';
import { printJson } from '../output/json.ts';
import { styleFor } from '../output/style.ts';
import { localFiles, localTree } from '../wiring.ts';
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
    'With --github each problem and warning is also an annotation at its line of the pull request, and the page of the run gets a summary',
    '(GITHUB_STEP_SUMMARY). GitHub shows at most ten of each a step; the log has all.',
    'Exit code: 0 when there is no problem, else 2; 3 when there is none, but a chart could not be had now to look for more.',
  ].join('\n'),
  options: {
    repo: { type: 'string', value: 'DIR', help: 'the config repo; the current directory unless given' },
    github: { type: 'boolean', help: 'in GitHub Actions: also annotate the files, and write a summary' },
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
  if (args.flag('json') && args.flag('github'))
    throw new UserError('--json and --github exclude each other', { code: 'usage' });
  const repo = resolve(io.cwd, args.text('repo') ?? '.');
  const { tree } = await localTree(repo, '.');
  const report = await check(tree, renderers(io), io.now());
  if (args.flag('json')) printJson(io, report);
  else if (args.flag('github')) await tellGitHub(io, report, repo);
  else io.stdout.write(textOf(io, report));
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
      ...distinct(rendered.flatMap(({ objects }) => objects.flatMap(badValues))),
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
    const hint = 'windlass init proposes one; docs/windlass-yaml.md has a short one to copy';
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

/** Values of ConfigMaps and Secrets that the API server refuses; never the values themselves. */
function badValues({ object, origin, line }: DesiredObject): Problem[] {
  return badData(object).map(({ field, key, message, hint }) => ({
    ...{ code: 'bad-data', message: `${field}["${key}"] ${message}`, object: nameOf(object), file: origin, hint },
    ...(line !== undefined && { line, column: 1 }),
  }));
}

/** Two syncs that build on one broken base have the same problem once. */
function distinct(problems: Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** The text, the annotations, and the summary where GitHub says where it goes. */
async function tellGitHub(io: Io, report: Report, repo: string): Promise<void> {
  const findings: Finding[] = [
    ...report.problems.map((problem) => ({ level: 'error' as const, problem })),
    ...report.warnings.map((problem) => ({ level: 'warning' as const, problem })),
  ];
  // GitHub names files from the root of the repository, which need not be the config repo.
  const inside = relative(io.env['GITHUB_WORKSPACE'] || repo, repo);
  const prefix = inside === '' || inside.startsWith('..') ? '' : `${inside.split(/[\\/]/).join(posix.sep)}/`;
  io.stdout.write(withoutCommands(textOf(io, report), randomUUID()));
  for (const finding of findings) io.stdout.write(`${annotation(finding, prefix)}\n`);
  const file = io.env['GITHUB_STEP_SUMMARY'];
  if (file) (await localFiles()).appendText(file, summary(verdictOf(report), findings));
}

function textOf(io: Io, report: Report): string {
  const { problems, warnings, syncs } = report;
  const style = styleFor(io.stdout, io.env);
  const paint = problems.length === 0 ? style.green : style.red;
  const [verdict, ...rest] = verdictOf(report).split(', ');
  const lines = [
    ...warnings.map((warning) => `${style.yellow('warning')} ${formatProblem(warning)}`),
    ...problems.map((problem) => `${style.red('problem')} ${formatProblem(problem)}`),
    ...syncs.map((sync) => `${style.bold(sync.name)} ${sync.path}: ${count(sync.objects, 'object')}`),
    [paint(verdict!), ...rest].join(', '),
  ];
  return `${lines.join('\n')}\n`;
}

function verdictOf({ problems, warnings }: Report): string {
  const verdict = problems.length === 0 ? 'valid' : count(problems.length, 'problem');
  return warnings.length === 0 ? verdict : `${verdict}, ${count(warnings.length, 'warning')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
