import { App, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Watched } from '../../lib/infra/watched.ts';

/** A stack of what is watched, and of nothing else. `drifts`: functions that check for drift; `clusters`: ARNs of those whose pullers report. */
export function watchedStack(
  outdir: string,
  drifts = 1,
  clusters: readonly string[] = [],
): { stack: Stack; watched: Watched; topic: Topic } {
  const env = { account: '123456789012', region: 'eu-west-1' };
  const stack = new Stack(new App({ outdir }), 'Watched', { env });
  const code = Code.fromInline('exports.handler = () => {}');
  const fn = (id: string) => ({
    fn: new LambdaFunction(stack, id, { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code }),
  });
  const queue = (id: string) => ({ queue: new Queue(stack, id), deadLetters: new Queue(stack, `${id}Dead`) });
  const watched: Watched = {
    functions: {
      ...{ bump: fn('Bump'), report: fn('Report'), notify: fn('Notify'), who: fn('Who') },
      drift: Array.from({ length: drifts }, (_, index) => fn(`Drift${index}`)),
    },
    pushEvents: { pushes: queue('Pushes'), undelivered: new Queue(stack, 'Undelivered') },
    reportQueues: new Map(clusters.map((arn, index) => [arn, new Queue(stack, `Reports${index}`)])),
    ...{ reports: queue('Reports'), notices: queue('Notices'), questions: queue('Questions') },
  };
  return { stack, watched, topic: new Topic(stack, 'Alarms', { enforceSSL: true }) };
}
