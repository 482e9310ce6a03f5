import type { ImageEntry } from '../config/config.ts';
import type { Look } from './look.ts';
import { groupOf } from './route.ts';
import type { MarkerFact } from './survey.ts';

/** A place in Git that belongs to an image policy. */
export interface Place extends MarkerFact {
  path: string;
}

/** The places of one image that are changed together. */
export interface Route {
  /** The group of the pull request; undefined for bump's own commit. */
  group?: string;
  places: Place[];
}

/** An image's places, apart by how a change gets to them; bump's own commit comes first. */
export function routesOf(look: Pick<Look, 'files' | 'reviewed'>, entry: ImageEntry): Route[] {
  const routes = new Map<string | undefined, Place[]>();
  for (const { path, facts } of look.files) {
    const own = facts.markers.filter(({ policy }) => policy === entry.name);
    if (own.length === 0) continue;
    const group = groupOf(entry, path, look.reviewed);
    routes.set(group, [...(routes.get(group) ?? []), ...own.map((marker) => ({ ...marker, path }))]);
  }
  const found = [...routes].map(([group, places]) => (group === undefined ? { places } : { group, places }));
  return found.sort((a, b) => Number('group' in a) - Number('group' in b));
}
