import { isWithin, treePath } from '../model/tree-path.ts';
import { checkHelm } from './check-helm.ts';
import { type Names, unknown } from './check-names.ts';
import type { SyncSpec } from './config.ts';
import type { WindlassFile } from './schema.ts';
import { expandSyncs, onlyCluster, orderSyncs, unknownPlaceholders } from './syncs.ts';
import type { Finding, Path } from './yaml-source.ts';

/**
 * Checks that syncs and environments name what there is, that paths stay inside, and that no two syncs claim one path or wait for each other.
 */
export function checkSyncs(file: WindlassFile, names: Names): { problems: Finding[]; warnings: Finding[] } {
  const expanded = expandSyncs(file);
  const collisions = checkCollisions(expanded);
  const problems = [
    ...Object.keys(file.environments ?? {}).flatMap((name) => checkEnvironment(file, names, name)),
    ...Object.keys(file.syncs ?? {}).flatMap((name) => checkSync(file, names, expanded, name)),
    ...collisions.problems,
    ...checkOrder(expanded),
  ];
  return { problems, warnings: collisions.warnings };
}

function checkEnvironment(file: WindlassFile, names: Names, name: string): Finding[] {
  const environment = file.environments![name]!;
  return checkCluster(file, names, ['environments', name], environment.cluster);
}

function checkSync(file: WindlassFile, names: Names, expanded: SyncSpec[], name: string): Finding[] {
  const sync = file.syncs![name]!;
  const path = ['syncs', name];
  const findings: Finding[] = [];
  if (sync.in !== undefined && sync.cluster !== undefined) {
    findings.push({
      path: [...path, 'cluster'],
      at: 'key',
      code: 'bad-sync',
      message: `${name} has both "in" and "cluster"`,
      hint: 'an environment names its cluster',
    });
  }
  if (sync.in === undefined) findings.push(...checkCluster(file, names, path, sync.cluster));
  for (const [index, environment] of (sync.in ?? []).entries()) {
    if (!names.environments.includes(environment))
      findings.push(unknown([...path, 'in', index], 'environment', environment, names.environments));
  }
  findings.push(...checkPath(name, sync), ...checkHelm(name, sync, expanded));
  for (const [index, wanted] of (sync.dependsOn ?? []).entries()) {
    findings.push(...checkDependency(names, expanded, name, wanted, [...path, 'dependsOn', index]));
  }
  return findings;
}

function checkCluster(file: WindlassFile, names: Names, path: Path, cluster: string | undefined): Finding[] {
  if (cluster !== undefined) {
    return names.clusters.includes(cluster) ? [] : [unknown([...path, 'cluster'], 'cluster', cluster, names.clusters)];
  }
  if (onlyCluster(file) !== undefined) return [];
  const many = names.clusters.length > 1;
  const hint = many ? `write cluster: ${names.clusters.join(' or ')}` : 'add one: clusters: { main: {} }';
  const message = `${String(path.at(-1))} names no cluster, and there ${many ? 'are several' : 'is none'}`;
  // The only cluster may have a problem of its own.
  return names.clusters.length === 1 ? [] : [{ path, at: 'key', code: 'missing-cluster', message, hint }];
}

function checkPath(name: string, sync: NonNullable<WindlassFile['syncs']>[string]): Finding[] {
  const finding = (message: string, hint?: string): Finding => ({
    path: ['syncs', name, 'path'],
    code: 'bad-path',
    message,
    hint,
  });
  const wrong = unknownPlaceholders(sync.path);
  if (wrong.length > 0)
    return [finding(`${wrong.join(' and ')} cannot be filled in`, 'there are {env} and {cluster} only')];
  if (sync.path.includes('{env}') && sync.in === undefined) return [finding('{env} needs "in": the environments')];
  if (sync.path.split('/').includes('..')) return [finding('the path must not have ".." in it')];
  if (treePath(sync.path) === undefined)
    return [finding('the path must be relative to the root of the repo, with / between its parts')];
  return [];
}

function checkDependency(names: Names, expanded: SyncSpec[], name: string, wanted: string, path: Path): Finding[] {
  const known = [...new Set([...names.syncs, ...expanded.map((sync) => sync.name)])];
  if (!known.includes(wanted)) return [unknown(path, 'sync', wanted, known)];
  const own = expanded.filter((sync) => sync.template === name);
  const others = expanded.filter((sync) => sync.name === wanted || sync.template === wanted);
  const meets = own.some((sync) => others.some((other) => other.cluster === sync.cluster));
  if (own.length === 0 || others.length === 0 || meets) return [];
  const message = `${name} and ${wanted} are in different clusters, and a puller sees only its own`;
  return [{ path, code: 'bad-dependency', message }];
}

function checkCollisions(expanded: SyncSpec[]): { problems: Finding[]; warnings: Finding[] } {
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  for (const [index, sync] of expanded.entries()) {
    for (const other of expanded.slice(0, index)) {
      const path = ['syncs', sync.template];
      if (other.name === sync.name) {
        const message = `${sync.template} expands to ${sync.name}, which ${other.template} is or expands to as well`;
        problems.push({ path, at: 'key', code: 'duplicate-sync', message });
      } else if (sync.helm !== undefined || other.helm !== undefined) {
        // A chart may be rendered by many: what they declare differs by release and namespace, and a pull compares it.
      } else if (other.cluster === sync.cluster && other.path === sync.path) {
        const message = `${sync.name} has the path ${sync.path} in ${sync.cluster}, as ${other.name} has: both would claim its objects`;
        problems.push({ path: [...path, 'path'], code: 'duplicate-path', message });
      } else if (
        other.cluster === sync.cluster &&
        (isWithin(other.path, sync.path) || isWithin(sync.path, other.path))
      ) {
        const message = `the paths of ${sync.name} (${sync.path}) and ${other.name} (${other.path}) lie one in the other`;
        warnings.push({ path: [...path, 'path'], code: 'nested-path', message, hint: 'what both declare, both claim' });
      }
    }
  }
  return { problems, warnings };
}

function checkOrder(expanded: SyncSpec[]): Finding[] {
  const order = orderSyncs(expanded);
  if ('ordered' in order) return [];
  const template = expanded.find((sync) => sync.name === order.cycle[0])?.template ?? '';
  const message = `these syncs wait for each other: ${order.cycle.join(' -> ')}`;
  return [{ path: ['syncs', template, 'dependsOn'], code: 'dependency-cycle', message }];
}
