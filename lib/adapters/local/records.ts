import type { UserError } from '../../model/errors.ts';
import type { Deliveries } from '../../notify/ports.ts';
import { openDeliveries } from '../aws/delivery-store.ts';
import { type OpenRecords, openRecords } from '../aws/dynamo-open.ts';
import type { DynamoRecords } from '../aws/dynamo-records.ts';
import { startDynalite } from './dynalite.ts';

const tables = { audit: 'windlass-audit', state: 'windlass-state' };
/** The one table of an earlier version, whose directories go on. */
const earlier = 'windlass';

/** How the records at an endpoint of `LocalRecords` are opened. */
export function localRecords(endpoint: string): Pick<OpenRecords, 'endpoint' | 'region' | 'credentials' | 'tables'> {
  // dynalite takes any credentials; without these the SDK would look for the user's own.
  return { endpoint, region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, tables };
}

/** The records of a loop on this machine. */
export interface LocalRecords {
  records: DynamoRecords;
  /** What was sent where. */
  deliveries: Deliveries;
  /** Where another process of this machine reads them: `http://127.0.0.1:PORT`. */
  endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts the embedded DynamoDB API with its data in a directory (in memory without one) and opens the records on it by the same adapter
 * that AWS gets. Throws `UserError` when the directory is in use or damaged.
 */
export async function startRecords(options: {
  path?: string;
  /** Told of each item that a list leaves out because it cannot be understood. */
  onUnreadable: (error: UserError) => void;
}): Promise<LocalRecords> {
  const { endpoint, stop } = await startDynalite(options.path === undefined ? {} : { path: options.path });
  const { records, client, close } = await openRecords({
    ...localRecords(endpoint),
    create: true,
    earlier,
    onUnreadable: options.onUnreadable,
  });
  return {
    records,
    deliveries: openDeliveries(client, { table: tables.state }),
    endpoint,
    stop: async () => {
      close();
      await stop();
    },
  };
}
