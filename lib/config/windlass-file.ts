import { type Problem, UserError } from '../model/errors.ts';
import { checkClusters } from './check-clusters.ts';
import { checkDrift, checkRules } from './check-drift.ts';
import { checkVariables } from './check-helm.ts';
import { checkImages } from './check-images.ts';
import type { Names } from './check-names.ts';
import { checkSyncs } from './check-syncs.ts';
import { checkTargets } from './check-targets.ts';
import type { Config, HealthRule } from './config.ts';
import { driftLimits } from './drift-limits.ts';
import { parseDuration } from './duration.ts';
import { imageEntry } from './images.ts';
import { checkRoutes, notifyRules } from './routes.ts';
import { type WindlassFile, windlassSchema } from './schema.ts';
import { expandSyncs, onlyCluster, orderSyncs } from './syncs.ts';
import { type Finding, readYamlSource } from './yaml-source.ts';
import { findingsOf } from './zod-findings.ts';

export type { WindlassFile } from './schema.ts';

/** Where the file is in a config repo. */
export const windlassFileName = 'windlass.yaml';

/** Automatic rollbacks in one hour, where the file does not say how many. */
const usualRollbacks = 3;

/** What was read. With a problem the file must not be used; a warning names what is written but does nothing yet, or looks wrong. */
export interface ParsedWindlassFile {
  file?: WindlassFile;
  problems: Problem[];
  warnings: Problem[];
}

/** How the file is read. */
export interface ReadOptions {
  /** Its name, for problems. */
  file?: string;
  /** With it, rules that are void are told. */
  now?: Date;
}

/** Reads windlass.yaml. All problems at once, each with line, column and the line itself; never throws for what is written in it. */
export function parseWindlassFile(
  text: string,
  { file = windlassFileName, now }: ReadOptions = {},
): ParsedWindlassFile {
  const { source, problems } = readYamlSource(text, file);
  if (source === undefined) return { problems: problems.map(emptyHint), warnings: [] };
  const raw = withoutEmptySections(source.value);
  const parsed = windlassSchema.safeParse(raw);
  const shape = parsed.success ? [] : findingsOf(windlassSchema, raw, parsed.error.issues);
  const sound = parsed.success ? parsed.data : soundPart(raw, shape);
  const rest = sound === undefined ? { problems: [], warnings: [] } : checkMeaning(sound, namesIn(raw), now);
  const variables = sound === undefined ? [] : checkVariables(sound, source);
  const rules = isMapping(raw) && isMapping(raw['drift']) ? checkRules(raw['drift']['ignore']) : [];
  const findings = [...shape, ...rest.problems, ...variables, ...rules].map(source.problem).sort(byPlace);
  return {
    ...(parsed.success && findings.length === 0 ? { file: parsed.data } : {}),
    problems: findings,
    warnings: rest.warnings.map(source.problem).sort(byPlace),
  };
}

/** Reads windlass.yaml and expands it; no config where there are problems. */
export function readConfig(
  text: string,
  options: ReadOptions = {},
): { config?: Config; problems: Problem[]; warnings: Problem[] } {
  const { file, problems, warnings } = parseWindlassFile(text, options);
  return { ...(file === undefined ? {} : { config: expand(file) }), problems, warnings };
}

/** What the file says, with environments, templates and defaults filled in. Throws `UserError` for one that `parseWindlassFile` would refuse. */
export function expand(file: WindlassFile): Config {
  const order = orderSyncs(expandSyncs(file));
  if ('cycle' in order)
    throw new UserError(`these syncs wait for each other: ${order.cycle.join(' -> ')}`, { code: 'dependency-cycle' });
  const cluster = onlyCluster(file) ?? '';
  return {
    message: { ...file.commits },
    pullRequests: {
      labels: [...new Set(file.pullRequests?.labels)],
      reviewers: [...new Set(file.pullRequests?.reviewers)],
      autoMerge: file.pullRequests?.autoMerge ?? false,
    },
    images: mapEntries(file.images, imageEntry),
    clusters: mapEntries(file.clusters, (name, entry) => ({ ...entry, name })),
    environments: Object.entries(file.environments ?? {}).map(([name, entry]) => ({
      name,
      cluster: entry.cluster ?? cluster,
      update: entry.update ?? 'commit',
    })),
    syncs: order.ordered,
    ...(file.health !== undefined && { health: Object.entries(file.health).map(healthRule) }),
    guard: {
      breakGlass: { users: file.guard?.breakGlass?.users ?? [], groups: file.guard?.breakGlass?.groups ?? [] },
      serviceAccounts: file.guard?.serviceAccounts ?? 'all',
    },
    drift: {
      ignore: file.drift?.ignore ?? [],
      ...managerRules(file),
      ...unmanagedRules(file),
      graceSeconds: parseDuration(file.drift?.grace ?? '') ?? 0,
      limits: driftLimits(file.drift?.limits),
    },
    rollback: { perHour: file.rollback?.perHour ?? usualRollbacks },
    notify: notifyRules(file, order.ordered),
  };
}

function managerRules({ drift }: WindlassFile): Pick<Config['drift'], 'managers'> {
  const { alert = [], silent = [] } = drift?.managers ?? {};
  return alert.length + silent.length === 0 ? {} : { managers: { alert, silent } };
}

function unmanagedRules({ drift }: WindlassFile): Pick<Config['drift'], 'unmanaged'> {
  if (drift?.unmanaged === undefined) return {};
  const { namespaces, ignore = [] } = drift.unmanaged;
  return { unmanaged: { namespaces, ignore } };
}

function healthRule([key, rule]: [string, NonNullable<WindlassFile['health']>[string]]): HealthRule {
  const slash = key.indexOf('/');
  return { group: key.slice(0, Math.max(slash, 0)), kind: key.slice(slash + 1), ...rule };
}

function checkMeaning(file: WindlassFile, names: Names, now?: Date): { problems: Finding[]; warnings: Finding[] } {
  const images = checkImages(file, names);
  const syncs = checkSyncs(file, names);
  return {
    problems: [
      ...images.problems,
      ...checkTargets(file),
      ...checkClusters(file),
      ...syncs.problems,
      ...checkRoutes(file, names),
    ],
    warnings: [...images.warnings, ...syncs.warnings, ...checkDrift(file, now)],
  };
}

/** A section whose entries are all commented out is there, and null. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

/** Keys of a sync or an environment without which the rest of it can still be checked. */
const dispensable = [
  'dependsOn',
  'wait',
  'prune',
  'selfHeal',
  'pruneLimit',
  'serviceAccount',
  'guard',
  'rollback',
  'update',
  'variables',
];

/** The file without what has the wrong shape, so that what the rest means can be checked in the same run. */
function soundPart(raw: unknown, findings: readonly Finding[]): WindlassFile | undefined {
  if (!isMapping(raw)) return undefined;
  const copy = structuredClone({ ...raw, windlass: 1 }) as Record<string, unknown>;
  for (const { path, code } of findings) {
    const [section = '', entry, key] = path.map(String);
    if (section === 'windlass') continue;
    const owner = copy[section];
    const inner = isMapping(owner) && entry !== undefined ? owner[entry] : undefined;
    const alone = key !== undefined && (code === 'unknown-key' || dispensable.includes(key)) && section !== 'images';
    if (!isMapping(owner) || entry === undefined) delete copy[section];
    else if (isMapping(inner) && alone) delete inner[key];
    else delete owner[entry];
  }
  const parsed = windlassSchema.safeParse(copy);
  return parsed.success ? parsed.data : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namesIn(raw: unknown): Names {
  const keys = (section: string) => {
    const value = isMapping(raw) ? raw[section] : undefined;
    return isMapping(value) ? Object.keys(value) : [];
  };
  return { clusters: keys('clusters'), environments: keys('environments'), syncs: keys('syncs') };
}

function mapEntries<From, To>(
  record: Record<string, From> | undefined,
  to: (name: string, entry: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, entry]) => [name, to(name, entry)]));
}

function emptyHint(problem: Problem): Problem {
  return problem.code === 'empty-file' ? { ...problem, hint: 'it begins with "windlass: 1"' } : problem;
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
