import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openDeliveries } from '../lib/adapters/aws/delivery-store.ts';
import { readNotifyEnv } from '../lib/config/function-env.ts';
import { notifyOnNotice } from './handlers/notify-on-notice.ts';
import { entry } from './middleware/entry.ts';
import { openConfigRepo } from './wiring/config-repo.ts';
import { grantedSlack, grantedTopics } from './wiring/destinations.ts';
import { openRepoPlace } from './wiring/github.ts';
import { openSecrets } from './wiring/secrets.ts';
import { openTables } from './wiring/tables.ts';

const now = () => new Date();

/** What AWS calls for the messages of the queue of notices. */
export const handler = entry<SQSEvent, SQSBatchResponse>('windlass-notify', async ({ env, logger, tracer }) => {
  const settings = readNotifyEnv(env);
  const table = settings.stateTable;
  const secrets = openSecrets();
  const { client, records } = openTables(settings, logger);
  const { head } = openConfigRepo(openRepoPlace(settings, 'notify', secrets), { client, table, logger, now });
  return notifyOnNotice({
    rules: async () => (await head.config()).notify,
    deliveries: openDeliveries(client, { table }),
    records,
    slack: grantedSlack(settings.notifySecrets, secrets, settings.slackApi),
    topics: grantedTopics(settings.topics),
    ...{ now, logger, tracer },
  });
});
