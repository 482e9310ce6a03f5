import { type Names, unknown } from './check-names.ts';
import type { NotifyRules, SyncSpec } from './config.ts';
import type { WindlassFile } from './schema.ts';
import { expandSyncs } from './syncs.ts';
import type { Finding } from './yaml-source.ts';

/** The routes of a file, with syncs as expanded. */
export function notifyRules({ notify }: WindlassFile, expanded: readonly SyncSpec[]): NotifyRules {
  const routes = (notify?.routes ?? []).map((route) =>
    route.syncs === undefined ? route : { ...route, syncs: route.syncs.flatMap((name) => namedBy(name, expanded)) },
  );
  return { routes, ...(notify?.default !== undefined && { default: notify.default }) };
}

/** The problems of routes that name syncs which do not exist. */
export function checkRoutes(file: WindlassFile, names: Names): Finding[] {
  const known = [...new Set([...names.syncs, ...expandSyncs(file).map((sync) => sync.name)])];
  return (file.notify?.routes ?? []).flatMap((route, index) =>
    (route.syncs ?? []).flatMap((name, at) =>
      known.includes(name) ? [] : [unknown(['notify', 'routes', index, 'syncs', at], 'sync', name, known)],
    ),
  );
}

function namedBy(name: string, expanded: readonly SyncSpec[]): string[] {
  return expanded.filter((sync) => sync.name === name || sync.template === name).map((sync) => sync.name);
}
