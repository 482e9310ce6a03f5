import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openEcrRegistry } from '../lib/adapters/aws/ecr.ts';
import { openNotifyQueue } from '../lib/adapters/aws/notify-queue.ts';
import { shortPatience } from '../lib/adapters/aws/patience.ts';
import { openTroubleStore } from '../lib/adapters/aws/trouble-store.ts';
import { openWakeSender } from '../lib/adapters/aws/wake-sender.ts';
import { openOciRegistry } from '../lib/adapters/registry/open.ts';
import { registryFor } from '../lib/adapters/registry/registry-for.ts';
import { readBumpEnv } from '../lib/config/function-env.ts';
import { bumpOnPush } from './handlers/bump-on-push.ts';
import { entry } from './middleware/entry.ts';
import { openMeasures } from './middleware/measures.ts';
import { openConfigRepo } from './wiring/config-repo.ts';
import { openRepoPlace } from './wiring/github.ts';
import { openSecrets } from './wiring/secrets.ts';
import { openTables } from './wiring/tables.ts';

const now = () => new Date();

/** What AWS calls for the messages of the queue of pushes: one commit a batch. */
export const handler = entry<SQSEvent, SQSBatchResponse>('windlass-bump', async ({ env, logger, tracer }) => {
  const settings = readBumpEnv(env);
  const table = settings.stateTable;
  const { client, records } = openTables(settings, logger);
  const place = openRepoPlace(settings, 'bump', openSecrets());
  const { repo } = openConfigRepo(place, { client, table, logger, now });
  return bumpOnPush({
    repo,
    registry: registryFor({ ecr: openEcrRegistry(shortPatience), oci: openOciRegistry({ now }) }),
    records: Object.assign(records, { announce: async () => {} }),
    wakes: Object.values(settings.wakeQueues).map((url) => openWakeSender({ url })),
    notices: { ...openNotifyQueue({ url: settings.noticesQueue }), ...openTroubleStore(client, { table }) },
    sleep: (milliseconds) => sleep(milliseconds),
    random: Math.random,
    ...{ now, logger, tracer, measures: openMeasures(settings) },
  });
});
