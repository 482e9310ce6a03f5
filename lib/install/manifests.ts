import { applyOrder } from '../kube/order.ts';
import { UserError } from '../model/errors.ts';
import type { KubeObject } from '../model/kube-object.ts';
import { systemNamespace } from '../model/system-namespace.ts';
import { accountManifests } from './accounts.ts';
import { guardManifests } from './guard.ts';
import { installed, pullerName } from './names.ts';
import { networkPolicy } from './network.ts';
import type { InstallOptions } from './options.ts';
import { pullerAccount } from './puller-account.ts';
import { syncCrd } from './sync-crd.ts';
import { workload } from './workload.ts';

/**
 * Everything that a puller in a cluster consists of, in apply order: the same options give the same objects. Throws `UserError` where a sync
 * would act as the puller itself, or the repo's address is not one for a puller.
 */
export function installManifests(options: InstallOptions): KubeObject[] {
  checkAccounts(options);
  return applyOrder([
    namespace(),
    syncCrd(),
    networkPolicy(options),
    ...pullerAccount(options),
    ...options.accounts.flatMap(accountManifests),
    workload(options),
    ...guardManifests(options.guard),
  ]);
}

/** The puller's namespace. Its own pod keeps the strictest of the Pod Security Standards, and so must everything beside it. */
function namespace(): KubeObject {
  const modes = ['enforce', 'audit', 'warn'];
  const labels = modes.flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, 'restricted'],
    [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
  ]);
  return installed('v1', 'Namespace', { name: systemNamespace, labels: Object.fromEntries(labels) });
}

/** The account `default` is what any pod of the namespace runs as that names none. */
const reserved = [pullerName, 'default'];

function checkAccounts({ accounts }: InstallOptions): void {
  const wrong = accounts.find(({ account }) => reserved.includes(account));
  if (wrong === undefined) return;
  const message = `sync ${wrong.syncs[0]} names the service account "${wrong.account}", which is not for syncs: name another one in windlass.yaml, or none`;
  throw new UserError(message, { code: 'reserved-account', subject: wrong.syncs[0] });
}
