import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { startRecords } from '../../lib/adapters/local/records.ts';
import { openStateDir } from '../../lib/adapters/local/state-dir.ts';
import type { Content } from '../adapters/git/repos.ts';
import { type Desk, desk } from './repos.ts';

/** A person's config repo with the records of a loop that runs on it, in `.windlass`. */
export interface RecordedDesk extends Desk {
  records: DynamoRecords;
  /** The loop is there still, and its records do not answer any more. */
  stopRecords(): Promise<void>;
}

/** Makes a desk, and starts embedded records that a loop announces there, with the registries that are real for it. */
export async function recordedDesk(
  files: Record<string, Content>,
  { registries = [] }: { registries?: readonly string[] } = {},
): Promise<RecordedDesk> {
  const made = desk(files);
  const onUnreadable = (error: Error) => {
    throw error;
  };
  const { records, endpoint, stop } = await startRecords({ onUnreadable });
  const state = await openStateDir(join(made.git.root, '.windlass'), { ephemeral: false });
  await state.announce({
    url: 'http://127.0.0.1:1',
    kubeconfig: 'none',
    records: endpoint,
    source: { repo: made.git.bare, branch: 'main' },
    registries,
  });
  let stopped: Promise<void> | undefined;
  const stopRecords = () => {
    stopped ??= stop();
    return stopped;
  };
  onTestFinished(async () => {
    await state.release();
    await stopRecords();
  });
  return { ...made, records, stopRecords };
}
