import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { checkProps } from './check-props.ts';
import { GuardedQueue } from './guarded-queue.ts';
import { PushEvents } from './push-events.ts';
import { RecordsTable } from './records-table.ts';
import { messageGroupOf, type WindlassProps } from './windlass-props.ts';

/**
 * The part of Windlass in AWS that keeps state and carries messages, for one config repo and branch: the records, the queue of
 * pushes and the queue of what pullers report. The functions that read the queues are not part of it yet.
 *
 * @example
 * new WindlassStack(app, 'Windlass', { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] });
 */
export class WindlassStack extends Stack {
  readonly records: RecordsTable;
  readonly pushEvents: PushEvents;
  /** The one place that a puller may send to. */
  readonly reports: GuardedQueue;

  /** Throws `UserError` that names each wrong prop. */
  constructor(scope: Construct, id: string, props: WindlassProps & StackProps) {
    super(scope, id, { description: 'Windlass: GitOps with nothing to run all day', ...props });
    checkProps(props);
    this.records = new RecordsTable(this, 'Records');
    this.pushEvents = new PushEvents(this, 'PushEvents', {
      repositoryPrefixes: props.repositoryPrefixes,
      messageGroupId: messageGroupOf(props),
    });
    this.reports = new GuardedQueue(this, 'Reports', { fifo: false, maxReceiveCount: 5 });
  }
}
