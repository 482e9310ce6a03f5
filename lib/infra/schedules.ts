import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  type ScheduleTargetConfig,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Permission, statementOf } from './permission.ts';
import type { WindlassFunction } from './windlass-function.ts';

/** What goes by the clock. */
export interface SchedulesProps {
  /** The FIFO queue of pushes, and the message group that everything in it has. */
  pushes: Queue;
  messageGroupId: string;
  drift: readonly WindlassFunction[];
  /** Takes what could not be sent: a standard queue, EventBridge Scheduler takes no other for this. */
  undelivered: Queue;
  encryptionKey: IKey | undefined;
}

/** Every 15 minutes a message that lets bump look at everything, and every 5 minutes a check for drift. */
export class Schedules extends Construct {
  /** All that its role may do, and why. */
  readonly permissions: Permission[] = [];

  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const role = this.#role(props);
    const deadLetterConfig = { arn: props.undelivered.queueArn };
    this.#every(Duration.minutes(15), 'Sweep', 'Windlass: looks for images of which no event told', {
      ...{ arn: props.pushes.queueArn, role, deadLetterConfig },
      input: ScheduleTargetInput.fromObject({ type: 'Sweep', at: ContextAttribute.scheduledTime }),
      sqsParameters: { messageGroupId: props.messageGroupId },
      // The next one says the same.
      retryPolicy: { maximumEventAgeInSeconds: 15 * 60, maximumRetryAttempts: 5 },
    });
    props.drift.forEach(({ fn }, index) => {
      this.#every(Duration.minutes(5), `Drift${index === 0 ? '' : index + 1}`, 'Windlass: checks clusters for drift', {
        ...{ arn: fn.functionArn, role, deadLetterConfig },
        retryPolicy: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
      });
    });
  }

  #every(time: Duration, id: string, description: string, target: ScheduleTargetConfig): void {
    new Schedule(this, id, { schedule: ScheduleExpression.rate(time), description, target: { bind: () => target } });
  }

  /** Unlike the role that CDK would make, it names functions without a wildcard for their versions. */
  #role({ pushes, drift, undelivered, encryptionKey }: SchedulesProps): Role {
    const { account } = Stack.of(this);
    const group = Stack.of(this).formatArn({
      service: 'scheduler',
      resource: 'schedule-group',
      resourceName: 'default',
    });
    const role = new Role(this, 'Role', {
      description: 'The schedules of Windlass',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': group } },
      }),
    });
    const functions = drift.map(({ fn }) => fn.functionArn);
    this.permissions.push(
      { why: 'sends the sweep', actions: ['sqs:SendMessage'], resources: [pushes.queueArn] },
      { why: 'keeps what could not be sent', actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] },
      { why: 'starts the drift check', actions: ['lambda:InvokeFunction'], resources: functions },
    );
    if (encryptionKey !== undefined)
      this.permissions.push({
        why: 'writes to encrypted queues',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [encryptionKey.keyArn],
      });
    for (const permission of this.permissions) role.addToPolicy(statementOf(permission));
    return role;
  }
}
