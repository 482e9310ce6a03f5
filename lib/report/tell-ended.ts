import type { CheckReported, ConfigReported } from '../model/messages.ts';
import type { EndedSyncs } from './ended-syncs.ts';
import { incidentRecords } from './records.ts';
import { type TellDeps, tell } from './tell.ts';

/** Tells what ended with syncs that left windlass.yaml, and keeps that they did: last, so that a message that broke off tells the rest when it comes again. */
export async function tellEnded(
  { transitions, states }: EndedSyncs,
  message: ConfigReported | CheckReported,
  deps: TellDeps,
): Promise<void> {
  await tell(transitions, incidentRecords(message, transitions), deps);
  for (const state of states) await deps.records.saveSyncState(state);
}
