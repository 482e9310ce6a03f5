import { systemNamespace } from '../model/system-namespace.ts';
import type { SyncSpec } from './config.ts';

/** Which syncs are acted for by a service account: those that name one, all of them, or none. */
export type Impersonation = 'where-named' | 'always' | 'never';

/** The service account of a sync that names none, where every sync has one: `windlass-sync-shop-prod`. */
export function defaultAccount(sync: string): string {
  return `windlass-sync-${sync}`;
}

/** The sync whose account has this name by default; undefined for every other account. */
export function syncOfAccount(namespace: string, name: string): string | undefined {
  const prefix = defaultAccount('');
  return namespace === systemNamespace && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

/**
 * The user that the objects of a sync are read and written as; undefined: as whoever pulls. The name is how the API server knows a service
 * account (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
 */
export function userOf(
  { name, serviceAccount }: Pick<SyncSpec, 'name' | 'serviceAccount'>,
  impersonation: Impersonation = 'where-named',
): string | undefined {
  if (impersonation === 'never') return undefined;
  const account = serviceAccount ?? (impersonation === 'always' ? defaultAccount(name) : undefined);
  return account === undefined ? undefined : `system:serviceaccount:${systemNamespace}:${account}`;
}
