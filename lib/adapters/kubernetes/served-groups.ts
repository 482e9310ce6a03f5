import type { ServedGroup } from '../../install/checker.ts';
import type { Client } from './client.ts';
import { discoverGroups, type GroupVersion, isSilent } from './kinds.ts';

/** The groups that a server has, each with the kinds of which objects can be made, read and listed. Throws when the server cannot say. */
export async function readServedGroups(client: Client): Promise<{ groups: ServedGroup[]; unread: string[] }> {
  const all = (await discoverGroups(client)).map(({ metadata, versions = [] }) => ({
    group: metadata?.name ?? '',
    versions,
  }));
  return {
    groups: all.map(({ group, versions }) => ({ group, ...kindsOf(versions) })),
    unread: all.flatMap(({ group, versions }) => (versions.some(isSilent) ? [group] : [])).sort(),
  };
}

function kindsOf(versions: readonly GroupVersion[]): Pick<ServedGroup, 'plurals' | 'subresources'> {
  const resources = versions.flatMap((version) => version.resources ?? []);
  const declared = resources.filter(({ verbs = [] }) =>
    ['get', 'list', 'create'].every((verb) => verbs.includes(verb)),
  );
  const subresources = resources.flatMap(({ resource, subresources: below = [] }) =>
    below.map(({ subresource }) => `${resource}/${subresource}`),
  );
  return { plurals: unique(declared.map(({ resource }) => resource)), subresources: unique(subresources) };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
