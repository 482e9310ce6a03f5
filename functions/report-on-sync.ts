import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openEventBus } from '../lib/adapters/aws/event-bus.ts';
import { openNotifyQueue } from '../lib/adapters/aws/notify-queue.ts';
import { openRollbackSender } from '../lib/adapters/aws/rollback-sender.ts';
import { openToldStore } from '../lib/adapters/aws/told-store.ts';
import { openWhoQueue } from '../lib/adapters/aws/who-queue.ts';
import { openCommitStatuses } from '../lib/adapters/github/statuses.ts';
import { readReportEnv } from '../lib/config/function-env.ts';
import { mayRollBack } from '../lib/config/rollback.ts';
import { reportOnSync } from './handlers/report-on-sync.ts';
import { entry } from './middleware/entry.ts';
import { openMeasures } from './middleware/measures.ts';
import { openConfigRepo } from './wiring/config-repo.ts';
import { openRepoPlace } from './wiring/github.ts';
import { reportSenders } from './wiring/report-senders.ts';
import { openSecrets } from './wiring/secrets.ts';
import { openTables } from './wiring/tables.ts';

const now = () => new Date();

/** What AWS calls for the messages of the queues of reports. */
export const handler = entry<SQSEvent, SQSBatchResponse>('windlass-report', async ({ env, logger, tracer }) => {
  const settings = readReportEnv(env);
  const table = settings.stateTable;
  const { client, records } = openTables(settings, logger);
  const place = openRepoPlace(settings, 'report', openSecrets());
  const { head } = openConfigRepo(place, { client, table, logger, now });
  const told = openToldStore(client, { table });
  const questions = openWhoQueue({ url: settings.questionsQueue });
  // One writer a branch: the group that EventBridge's rules name, too.
  const wishes = openRollbackSender({ url: settings.pushesQueue, group: `${settings.repo}@${settings.branch}` });
  return reportOnSync({
    records,
    notices: openNotifyQueue({ url: settings.noticesQueue }),
    host: { statuses: openCommitStatuses(place), store: told, now },
    limits: { counts: told, now },
    asks: {
      isWanted: async (cluster) => (await head.config()).clusters[cluster]?.auditLog === true,
      send: (wanted) => questions.send(wanted),
    },
    rollbacks: {
      isWanted: async (of) => mayRollBack(await head.config(), of),
      send: (wanted) => wishes.send(wanted),
    },
    events: openEventBus({ bus: settings.eventBus, region: env['AWS_REGION'] ?? '' }),
    senders: reportSenders({ ...settings, head, records }),
    ...{ logger, tracer, measures: openMeasures(settings) },
  });
});
