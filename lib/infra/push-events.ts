import { Stack, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { admitEvents, type EcrRegistry } from './admit-events.ts';
import { bumpTimeout } from './functions/bump.ts';
import { GuardedQueue, guarded, untilSomebodyLooks } from './guarded-queue.ts';
import { type PushSenders, pushRules } from './push-patterns.ts';

/** Whose events, and in which message group they queue up. */
export interface PushEventsProps {
  repositoryPrefixes: string[];
  /** One static group: EventBridge documents no way to take it from the event, and commits to one branch are serial anyway. */
  messageGroupId: string;
  /** Registries of other accounts and Regions whose events come to the default bus (by `ForwardPushes`). */
  registries?: readonly EcrRegistry[];
  encryptionKey?: IKey | undefined;
}

/**
 * Events of ECR and of its scanners, in a FIFO queue that bump will read. A message only says "look": a lost, doubled or late one does no harm.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export class PushEvents extends Construct {
  readonly pushes: GuardedQueue;
  /** Events that EventBridge could not put on the queue. A standard queue: EventBridge takes no FIFO queue for this. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: PushEventsProps) {
    super(scope, id);
    const { encryptionKey } = props;
    // Each failed receive keeps the whole group waiting for one visibility timeout: three of them are nine minutes.
    this.pushes = new GuardedQueue(this, 'Pushes', {
      ...{ fifo: true, maxReceiveCount: 3 },
      functionTimeout: bumpTimeout,
      encryptionKey,
    });
    this.undelivered = new Queue(this, 'Undelivered', {
      ...guarded(encryptionKey),
      retentionPeriod: untilSomebodyLooks,
    });
    Validations.of(this.undelivered).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself: of rules and schedules, which the check does not look at.',
    });
    const target = {
      arn: this.pushes.queue.queueArn,
      sqsParameters: { messageGroupId: props.messageGroupId },
      deadLetterConfig: { arn: this.undelivered.queueArn },
    };
    const rules = Object.entries(pushRules(this.senders(props))).map(
      ([id, { description, pattern }]) =>
        new Rule(this, id, { description, eventPattern: pattern, targets: [{ bind: () => target }] }),
    );
    for (const queue of [this.pushes.queue, this.undelivered]) admitRules(queue, rules);
    admitEvents(this, props.registries ?? []);
  }

  /** Without other registries, whom else the bus takes events from is not Windlass's matter. */
  private senders({ repositoryPrefixes, registries = [] }: PushEventsProps): PushSenders {
    const { partition, account, region } = Stack.of(this);
    const all = [{ account, region }, ...registries];
    return {
      repositoryPrefixes,
      places: all.map((one) => ({ partition, ...one })),
      from:
        registries.length === 0
          ? undefined
          : {
              accounts: [...new Set(all.map((one) => one.account))],
              regions: [...new Set(all.map((one) => one.region))],
            },
    };
  }
}

/** Lets these rules send to a queue. CDK's own target would let every rule of the account, and with it whoever may write one. */
function admitRules(queue: Queue, rules: readonly Rule[]): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
    }),
  );
}
