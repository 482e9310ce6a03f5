import type { GuardOptions } from '../../install/guard.ts';
import type { AccountRights } from '../../install/rights.ts';

/** Says, a line each, what the accounts are given and what not. */
export function rightsLines(accounts: readonly AccountRights[]): string[] {
  return accounts.flatMap(({ account, syncs, clusterAdmin, namespaces, extra, looks, withheld }) => {
    const who = `${account} (${syncs.map((sync) => `sync ${sync}`).join(', ')})`;
    if (clusterAdmin) return [`${who}: cluster-admin`];
    const kinds = extra.map(
      ({ namespace, group, plural }) => `${group === '' ? plural : `${plural}.${group}`} in ${namespace}`,
    );
    const seen = looks.map(
      ({ namespace, group, plural }) => `${plural}.${group}${namespace === undefined ? '' : ` in ${namespace}`}`,
    );
    const given = [
      namespaces.length === 0 ? 'no namespace' : `admin of ${namespaces.join(', ')}`,
      ...(kinds.length === 0 ? [] : [`beside it ${kinds.join(', ')}`]),
      ...(seen.length === 0 ? [] : [`to look at ${seen.join(', ')}`]),
    ];
    return [
      `${who}: ${given.join('; ')}`,
      ...withheld.map(({ object, why }) => `  not ${object}: ${why}`),
      ...(withheld.length === 0
        ? []
        : [`  these are not applied but reported as forbidden, and syncs that depend on it wait`]),
      ...(withheld.length === 0 ? [] : [`  --cluster-admin ${syncs[0]} would allow these`]),
    ];
  });
}

/** Says, a line each, whose objects are guarded against changes by hand. */
export function guardLines({ syncs }: GuardOptions): string[] {
  const doing = { warn: 'are warned of', deny: 'are refused' };
  return syncs.map(({ name, mode }) => `guard: changes by hand to sync ${name} ${doing[mode]}`);
}
