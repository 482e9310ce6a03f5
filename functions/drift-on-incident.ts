import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openDynamo } from '../lib/adapters/aws/dynamo-open.ts';
import { openReportQueue } from '../lib/adapters/aws/report-queue.ts';
import { readWhoEnv } from '../lib/config/function-env.ts';
import { driftOnIncident } from './handlers/drift-on-incident.ts';
import { entry } from './middleware/entry.ts';
import { openAuditLogs } from './wiring/audit-logs.ts';
import { openConfigRepo } from './wiring/config-repo.ts';
import { openRepoPlace } from './wiring/github.ts';
import { openSecrets } from './wiring/secrets.ts';

const now = () => new Date();

/** What AWS calls for the questions who is behind a drift. */
export const handler = entry<SQSEvent, SQSBatchResponse>('windlass-who', async ({ env, logger, tracer }) => {
  const settings = readWhoEnv(env);
  const place = openRepoPlace(settings, 'who', openSecrets());
  const { head } = openConfigRepo(place, { client: openDynamo(), table: settings.stateTable, logger, now });
  const logOf = openAuditLogs(settings.clusters);
  return driftOnIncident({
    logOf: async (cluster) => logOf(cluster, await head.config()),
    answers: openReportQueue({ url: settings.reportsQueue, sender: 'who' }),
    ...{ now, logger, tracer },
  });
});
