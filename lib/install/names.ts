import { defaultAccount } from '../config/account.ts';
import type { KubeObject, ObjectMeta } from '../model/kube-object.ts';

/** The puller: its workload, and the account that it runs as. */
export const pullerName = 'windlass-puller';

/** The Secret with the key to the config repo, for clusters that do not take it from AWS. */
export const gitSecretName = 'windlass-git';

/** On everything that is installed, and on nothing else: what `windlass uninstall` finds its objects by. */
export const componentLabel = 'windlass.dev/component';

/** The value of `componentLabel`. */
export const component = 'puller';

/** The name that the objects of the puller's installation are applied under. */
export const installationSync = 'windlass-install';

/** The account that a sync is applied as where windlass.yaml names none. */
export function accountOf({ name, serviceAccount }: { name: string; serviceAccount?: string }): string {
  return serviceAccount ?? defaultAccount(name);
}

/** What binds an account has a name that no team would give to its own. */
export function bindingName(account: string): string {
  return `windlass:${account}`;
}

/** An object of the installation, with the labels that all of them have. */
export function installed(
  apiVersion: string,
  kind: string,
  metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations'>,
  rest: Record<string, unknown> = {},
): KubeObject {
  const labels = { 'app.kubernetes.io/part-of': 'windlass', [componentLabel]: component, ...metadata.labels };
  return { apiVersion, kind, metadata: { ...metadata, labels }, ...rest };
}
