import { openDynamo } from '../lib/adapters/aws/dynamo-open.ts';
import { openReportQueue } from '../lib/adapters/aws/report-queue.ts';
import { openTableLease } from '../lib/adapters/aws/table-lease.ts';
import { openGitHubSource } from '../lib/adapters/github/source.ts';
import { readDriftEnv } from '../lib/config/function-env.ts';
import { type DriftRun, driftOnSchedule } from './handlers/drift-on-schedule.ts';
import { entry } from './middleware/entry.ts';
import { openMeasures } from './middleware/measures.ts';
import { openConfigRepo } from './wiring/config-repo.ts';
import { eksClusters, looksAt } from './wiring/eks-clusters.ts';
import { openRepoPlace } from './wiring/github.ts';
import { openRenderers } from './wiring/renderers.ts';
import { openSecrets } from './wiring/secrets.ts';

const now = () => new Date();

/** What AWS calls by the clock: one look at all clusters. */
export const handler = entry<unknown, DriftRun>('windlass-drift', async ({ env, logger, tracer }) => {
  const settings = readDriftEnv(env);
  const client = openDynamo();
  const table = settings.stateTable;
  const place = openRepoPlace(settings, 'drift', openSecrets());
  const { head: repo } = openConfigRepo(place, { client, table, logger, now });
  // Functions of the same stack look at different clusters, and hold up nobody but themselves.
  const name = `drift ${env['AWS_LAMBDA_FUNCTION_NAME'] ?? ''}`;
  return driftOnSchedule({
    repo,
    lease: openTableLease(client, { table, name, now }),
    isMine: looksAt(settings),
    open: eksClusters({
      ...{ source: openGitHubSource(place), grants: settings.clusters },
      ...openRenderers(env, logger),
    }),
    reports: openReportQueue({ url: settings.reportsQueue, sender: 'drift' }),
    ...{ now, logger, tracer, measures: openMeasures(settings) },
  });
});
