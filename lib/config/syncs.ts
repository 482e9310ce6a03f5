import { defaultPruneLimit } from '../kube/guard.ts';
import { treePath } from '../model/tree-path.ts';
import type { SyncSpec } from './config.ts';
import { parseDuration } from './duration.ts';
import { filledVariables, helmSpec } from './helm.ts';
import type { WindlassFile } from './schema.ts';

/** How long a pull waits for health where a sync does not say. */
const defaultWaitSeconds = 300;

/** The cluster of what names none: the only one that there is. */
export function onlyCluster(file: WindlassFile): string | undefined {
  const names = Object.keys(file.clusters ?? {});
  return names.length === 1 ? names[0] : undefined;
}

/**
 * Expands the syncs: one without `in` to itself, another to one for each of its environments. What names something that does not exist
 * is left out: the checks report it.
 */
export function expandSyncs(file: WindlassFile): SyncSpec[] {
  const expanded = Object.entries(file.syncs ?? {}).flatMap(([template, sync]) =>
    placesOf(file, sync).flatMap(({ environment, cluster }) => {
      const fillIn = (text: string) => fill(text, { env: environment, cluster });
      const path = treePath(fillIn(sync.path));
      if (path === undefined) return [];
      const helm = sync.helm && helmSpec(sync.helm, { template, path }, fillIn);
      const spec: SyncSpec = {
        name: environment === undefined ? template : `${template}-${environment}`,
        template,
        ...(environment === undefined ? {} : { environment }),
        cluster,
        path,
        dependsOn: [],
        waitSeconds: parseDuration(sync.wait ?? '') ?? defaultWaitSeconds,
        prune: sync.prune ?? true,
        selfHeal: sync.selfHeal ?? true,
        ...(helm !== undefined && { helm }),
        ...(sync.variables !== undefined && { variables: filledVariables(sync.variables, fillIn) }),
        ...(sync.serviceAccount !== undefined && { serviceAccount: sync.serviceAccount }),
        ...(sync.guard !== undefined && { guard: sync.guard }),
        ...(sync.rollback !== undefined && { rollback: sync.rollback }),
        ...(sync.pruneLimit !== undefined && { pruneLimit: { ...defaultPruneLimit, ...sync.pruneLimit } }),
      };
      return [spec];
    }),
  );
  for (const sync of expanded) {
    const wanted = file.syncs?.[sync.template]?.dependsOn ?? [];
    sync.dependsOn = [...new Set(wanted.flatMap((name) => dependenciesOf(expanded, sync, name)))];
  }
  return expanded;
}

/** The placeholders of a path that are none. */
export function unknownPlaceholders(path: string): string[] {
  return [...path.matchAll(/\{([^{}]*)\}/g)]
    .map((match) => match[0])
    .filter((text) => text !== '{env}' && text !== '{cluster}');
}

/** Puts every sync behind those that it depends on, and else leaves the order as it is; with a cycle, its names. */
export function orderSyncs(syncs: readonly SyncSpec[]): { ordered: SyncSpec[] } | { cycle: string[] } {
  const ordered: SyncSpec[] = [];
  const waiting = [...syncs];
  while (waiting.length > 0) {
    const next = waiting.findIndex((sync) =>
      sync.dependsOn.every((name) => ordered.some((done) => done.name === name)),
    );
    if (next < 0) return { cycle: cycleIn(waiting) };
    ordered.push(...waiting.splice(next, 1));
  }
  return { ordered };
}

function placesOf(
  file: WindlassFile,
  sync: NonNullable<WindlassFile['syncs']>[string],
): { environment?: string; cluster: string }[] {
  const known = (cluster: string | undefined) => cluster !== undefined && file.clusters?.[cluster] !== undefined;
  if (sync.in === undefined) {
    const cluster = sync.cluster ?? onlyCluster(file);
    return known(cluster) ? [{ cluster: cluster! }] : [];
  }
  return sync.in.flatMap((environment) => {
    const entry = file.environments?.[environment];
    const cluster = entry?.cluster ?? onlyCluster(file);
    return entry !== undefined && known(cluster) ? [{ environment, cluster: cluster! }] : [];
  });
}

function fill(path: string, values: { env?: string; cluster: string }): string {
  return path.replaceAll('{cluster}', values.cluster).replaceAll('{env}', values.env ?? '{env}');
}

/**
 * The syncs that a name in `dependsOn` stands for: the one with that name, or what that key was expanded to; of those, the ones of the
 * same environment where there are any, and only ones in the same cluster: a puller sees its own cluster only.
 */
function dependenciesOf(all: readonly SyncSpec[], sync: SyncSpec, name: string): string[] {
  const candidates = all.filter(
    (other) => (other.name === name || other.template === name) && other.cluster === sync.cluster,
  );
  const same = candidates.filter((other) => other.environment !== undefined && other.environment === sync.environment);
  return (same.length > 0 ? same : candidates).map((other) => other.name);
}

/** Follows dependencies among syncs that all wait for another one, until a name comes again. */
function cycleIn(waiting: readonly SyncSpec[]): string[] {
  const path: string[] = [];
  let current = waiting[0]!;
  while (!path.includes(current.name)) {
    path.push(current.name);
    const next = current.dependsOn.find((name) => waiting.some((sync) => sync.name === name));
    current = waiting.find((sync) => sync.name === next)!;
  }
  return [...path.slice(path.indexOf(current.name)), current.name];
}
