import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { WindlassFunction } from '../windlass-function.ts';
import {
  appends,
  environmentOf,
  githubSecretOf,
  type Parts,
  readsSecrets,
  sends,
  usesState,
  usual,
  windlassFiles,
} from './parts.ts';

/** How long one batch of reports may take. */
export const reportTimeout = Duration.seconds(30);

/** The function that turns what pullers and checks saw into records, incidents and notices. */
export function addReport(scope: Construct, parts: Parts): WindlassFunction {
  const report = new WindlassFunction(scope, 'Report', {
    file: 'report-on-sync',
    description: 'Windlass: records what pullers and drift checks report',
    timeout: reportTimeout,
    memorySize: 512,
    environment: environmentOf(scope, 'report', parts),
    ...usual(parts),
  });
  report.consume(parts.reports.queue, { batchSize: 10, maxConcurrency: 10 });
  // However much one puller sends, the others are heard.
  report.consumeEach([...parts.reportQueues.values()], { batchSize: 10, maxConcurrency: 2 });
  report.allow(
    appends(parts),
    {
      why: 'finds when what is now healthy was bumped',
      actions: ['dynamodb:Query'],
      resources: [parts.records.audit.tableArn],
    },
    usesState(parts, 'keeps states and incidents', [
      windlassFiles,
      'state#sync',
      'state#cluster',
      'incident',
      'incident-open',
      'incident-last',
      'told#*',
    ]),
    readsSecrets(scope, 'reads windlass.yaml, and shows statuses on commits', [githubSecretOf(parts.props, 'report')]),
    sends('tells people of incidents', [parts.notices.queue]),
    sends('asks for rollbacks', [parts.pushes.queue]),
    sends('asks who is behind a drift', [parts.questions.queue]),
    {
      why: 'tells programs of incidents',
      actions: ['events:PutEvents'],
      resources: [busArn(scope, parts)],
      // Others have rules on that bus, which trust what it says of its sources.
      conditions: { 'ForAllValues:StringEquals': { 'events:source': 'windlass' } },
      only: 'with the source `windlass`',
    },
  );
  return report;
}

/** What is not known at synth is an ARN. */
function busArn(scope: Construct, { props: { eventBus = 'default' } }: Parts): string {
  if (eventBus.startsWith('arn:') || Token.isUnresolved(eventBus)) return eventBus;
  return Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: eventBus });
}
