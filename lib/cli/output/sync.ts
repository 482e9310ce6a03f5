import { printable } from '../../model/drift-text.ts';
import type { Io } from '../command.ts';
import type { Followed } from '../follow-syncs.ts';
import type { InstalledPuller } from '../installed-puller.ts';
import { printJson } from './json.ts';
import { modeLine } from './puller-mode.ts';
import { styleFor } from './style.ts';

/** What `windlass sync` found and did. */
export interface SyncOutcome {
  puller: InstalledPuller;
  /** The queue that was written to; undefined where nobody was woken. */
  woken?: string;
  /** The head that was waited for, and what became of each sync; undefined without --wait. */
  head?: string;
  syncs?: readonly Followed[];
}

/** Prints it as `{ puller, woken, wakeQueue, head, syncs }`. */
export function printSyncJson(io: Io, { puller, woken, head, syncs }: SyncOutcome): void {
  const { mode, object, schedule = null, ready, cluster = null, branch = null } = puller;
  printJson(io, {
    puller: { mode, object, schedule, ready, cluster, branch },
    woken: woken !== undefined,
    wakeQueue: woken ?? puller.wakeQueue ?? null,
    head: head ?? null,
    syncs:
      syncs?.map(({ sync, result, revision = null, message = null }) => ({ sync, result, revision, message })) ?? null,
  });
}

/** Says which puller there is, and what was done about it: before anything is waited for. */
export function printPuller(io: Io, { puller, woken }: SyncOutcome): void {
  io.stdout.write(`${modeLine(puller.mode, puller.schedule)}\n`);
  if (puller.mode === 'cron') return;
  const byItself = 'it looks at the head every 5 s by the API of GitHub, every 15 s elsewhere';
  if (woken !== undefined) io.stdout.write(`it was told to pull now, by ${woken}\n`);
  else
    io.stdout.write(
      `${puller.wakeQueue === undefined ? 'it has no wake queue' : 'it could not be woken'}: ${byItself}\n`,
    );
  if (!puller.ready)
    io.stdout.write(`${styleFor(io.stdout, io.env).yellow('note')} no pod of ${puller.object} is ready\n`);
}

/** One line a sync. */
export function printFollowed(io: Io, head: string, syncs: readonly Followed[]): void {
  const style = styleFor(io.stdout, io.env);
  for (const { sync, result, revision = head, message } of syncs) {
    const good = result === 'synced' || result === 'applied';
    const said = result === 'timeout' ? 'not there in time' : result;
    const why = result === 'applied' ? 'the cluster shows no health of it' : message;
    const rest = why === undefined || why === '' ? '' : `: ${printable(why)}`;
    io.stdout.write(
      `${style.bold(sync)} at ${revision.slice(0, 12)}: ${(good ? style.green : style.red)(said)}${rest}\n`,
    );
  }
}
