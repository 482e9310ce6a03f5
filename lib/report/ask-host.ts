import { messageOf, RetryableError, UserError } from '../model/errors.ts';
import type { CommitStatuses, ToldStore } from './ports.ts';

/** What telling the host works with. */
export interface HostDeps {
  statuses: CommitStatuses;
  store: ToldStore;
  /** Told of what the host refuses; `about` is the same for what is the same to people. */
  refused(about: string, message: string): void;
}

/**
 * Asks the host for one thing. Undefined when it refuses: that is said, and counts as told, so that it does not come again each minute.
 * `inDoubt` is called before a `RetryableError` is thrown on: the host may have done it.
 */
export async function askHost<T>(
  { refused }: Pick<HostDeps, 'refused'>,
  what: 'status' | 'deployment',
  ask: () => Promise<T>,
  inDoubt: () => Promise<unknown> = async () => {},
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RetryableError && error.code !== resting) await inDoubt();
    if (!(error instanceof UserError)) throw error;
    refused(`${what} ${error.code}`, messageOf(error));
    return undefined;
  }
}

/** Seconds without a request after one that failed, where the host names no time: the rest of a batch does not wait for it again. */
const pause = 20;

/** The host, which is left alone for the time it asked for, or a while, after it was limited or out of reach. Then every call throws `RetryableError`. */
export function sparing(statuses: CommitStatuses, now: () => Date): CommitStatuses {
  let until = 0;
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    const at = now().getTime();
    if (at < until)
      throw new RetryableError('the host of the config repo is left alone for a while', { code: resting });
    try {
      return await work();
    } catch (error) {
      if (error instanceof RetryableError) until = at + (error.retryAfter ?? pause) * 1000;
      throw error;
    }
  };
  return {
    setStatus: (...status) => ask(() => statuses.setStatus(...status)),
    openDeployment: (wanted) => ask(() => statuses.openDeployment(wanted)),
    setDeploymentStatus: (...status) => ask(() => statuses.setDeploymentStatus(...status)),
  };
}

/** The code of what was not even asked for. */
export const resting = 'host-resting';
