// Puts the queue that wakes a puller behind the command that writes to it.
import type { WakeSender } from '../bump/ports.ts';

/** The SQS queue of a puller that watches, with the usual AWS credentials; the region counts where the URL names none. */
export async function wakeSender(url: string, region: string | undefined): Promise<WakeSender & { close(): void }> {
  const { openWakeSender } = await import('../adapters/aws/wake-sender.ts');
  return openWakeSender({ url, ...(region !== undefined && { region }) });
}
