import { openCluster } from '../adapters/kubernetes/cluster.ts';
import { clusterOf, contextsOf } from '../adapters/kubernetes/kubeconfig.ts';
import { UserError } from '../model/errors.ts';
import type { Args, Io, Option } from './command.ts';
import { kubeconfigOf } from './commands/sync-options.ts';
import { contextMeant, type NamedContext } from './local/kubeconfig-context.ts';

/** The options of a command that changes a cluster as a whole. */
export const clusterOptions: Record<string, Option> = {
  kubeconfig: { type: 'string', value: 'F', help: 'the cluster; else KUBECONFIG, else ~/.kube/config' },
  context: { type: 'string', value: 'NAME', help: 'its context; the current one unless given' },
};

/** The cluster that a person means, and the words that it is shown by. Throws `UserError` for a context that is not there. */
export async function clusterMeant(args: Args, io: Io): Promise<NamedContext & { shown: string }> {
  const asked = { kubeconfig: kubeconfigOf(args, io), context: args.text('context') };
  const { kubeconfig, context } = await contextMeant(asked, io, contextsOf);
  const cluster = await openCluster({ kubeconfig, context });
  try {
    return { kubeconfig, context, shown: `context ${context} (${cluster.client.server})` };
  } finally {
    await cluster.close();
  }
}

/** What a kubeconfig says of the cluster of a context. */
export interface ContextCluster {
  context: string;
  /** The cluster's name in the kubeconfig. */
  cluster: string;
  server: string;
}

/** The same, of the context that a person means; nothing is asked of the cluster. Throws `UserError` for a context that is not there. */
export async function clusterOfContext(args: Args, io: Io): Promise<ContextCluster> {
  const asked = { kubeconfig: kubeconfigOf(args, io), context: args.text('context') };
  const { kubeconfig, context } = await contextMeant(asked, io, contextsOf);
  return { context, ...(await clusterOf(kubeconfig, context)) };
}

/** Does what only an administrator of the cluster may do: where the API server forbids a part of it, says so. */
export async function asAdministrator<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'forbidden') throw error;
    const message = `${error.message}\nthis needs an administrator of the cluster (cluster-admin): the right named here is only the first that is missing`;
    throw new UserError(message, { code: error.code, subject: error.subject, cause: error });
  }
}
