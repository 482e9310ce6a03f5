import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { WindlassFunction } from '../windlass-function.ts';
import {
  appends,
  environmentOf,
  githubSecretOf,
  type Parts,
  readsSecrets,
  usesState,
  usual,
  windlassFiles,
} from './parts.ts';

/** How long one batch of notices may take. */
export const notifyTimeout = Duration.seconds(30);

/** The function that sends notices to Slack and to topics. */
export function addNotify(scope: Construct, parts: Parts): WindlassFunction {
  const notify = new WindlassFunction(scope, 'Notify', {
    file: 'notify-on-notice',
    description: 'Windlass: sends notices to Slack and SNS',
    timeout: notifyTimeout,
    memorySize: 256,
    environment: environmentOf(scope, 'notify', parts),
    ...usual(parts),
  });
  notify.consume(parts.notices.queue, { batchSize: 10, maxConcurrency: 5 });
  notify.allow(
    appends(parts),
    usesState(parts, 'remembers what was sent where', [windlassFiles, 'delivery#*']),
    readsSecrets(scope, 'reads the routes in windlass.yaml', [githubSecretOf(parts.props, 'notify')]),
    readsSecrets(scope, 'sends to Slack', parts.props.notifySecrets ?? []),
    {
      why: 'sends to topics',
      actions: ['sns:Publish'],
      resources: [...parts.topics.byName.values()].map(({ topicArn }) => topicArn),
    },
  );
  return notify;
}
