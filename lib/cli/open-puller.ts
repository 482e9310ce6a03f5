import { messageOf, UserError } from '../model/errors.ts';
import type { Args, Io } from './command.ts';
import { kubeconfigOf } from './commands/sync-options.ts';
import { installedPuller } from './installed-puller.ts';
import { findLocalLoop, kubernetes } from './wiring.ts';

/** The cluster that is meant by --kubeconfig and --context, with its puller. Throws `UserError` where there is neither, and `RetryableError`. */
export async function openPuller(args: Args, io: Io) {
  try {
    const opened = await kubernetes(kubeconfigOf(args, io), { readOnly: true, context: args.text('context') });
    try {
      return { ...opened, puller: await installedPuller(opened.cluster) };
    } catch (error) {
      await opened.cluster.close();
      throw error;
    }
  } catch (error) {
    throw await orOfLoop(error, args, io);
  }
}

/** Where nobody named a cluster and a loop runs here, that may be what was meant. */
async function orOfLoop(error: unknown, args: Args, io: Io): Promise<unknown> {
  const isNamed = ['kubeconfig', 'context'].some((name) => args.text(name) !== undefined);
  if (isNamed || !(error instanceof UserError)) return error;
  const loop = await findLocalLoop(io, undefined).catch(() => undefined);
  if (loop === undefined) return error;
  const { code, subject, problems, cause } = error;
  const text = 'the loop on .windlass needs no windlass sync: it pulls each commit as soon as it is there';
  return new UserError(`${messageOf(error)}\n${text}`, {
    ...{ code, problems, cause },
    ...(subject !== undefined && { subject }),
  });
}
