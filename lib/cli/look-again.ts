import { messageOf, RetryableError } from '../model/errors.ts';
import type { ExitCode, Io } from './command.ts';
import { sleep } from './local/sleep.ts';

/** Looks in a row that may fail. */
const patience = 30;

/**
 * Looks after each pause, in milliseconds, until the signal aborts. A look that fails for now is made good by a later one, and the first of such in a row is told;
 * throws what another one throws, or too many in a row.
 */
export async function lookAgain(
  every: number,
  look: () => Promise<void>,
  io: Pick<Io, 'signal' | 'stderr'>,
): Promise<ExitCode> {
  for (let failed = 0; ; ) {
    await sleep(every, io.signal);
    if (io.signal.aborted) return 0;
    try {
      await look();
      failed = 0;
    } catch (error) {
      failed += 1;
      if (!(error instanceof RetryableError) || failed > patience) throw error;
      if (failed === 1) io.stderr.write(`note: ${messageOf(error)}: trying again\n`);
    }
  }
}
