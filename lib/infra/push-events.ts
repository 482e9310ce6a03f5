import { Validations } from 'aws-cdk-lib';
import { type EventPattern, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GuardedQueue, guarded, untilSomebodyLooks } from './guarded-queue.ts';

/** Whose pushes, and in which message group they queue up. */
export interface PushEventsProps {
  repositoryPrefixes: string[];
  /** One static group: EventBridge documents no way to take it from the event, and commits to one branch are serial anyway. */
  messageGroupId: string;
}

/**
 * Pushes to ECR, in a FIFO queue that bump will read. A message only says "look": a lost, doubled or late one does no harm.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export class PushEvents extends Construct {
  readonly pushes: GuardedQueue;
  /** Events that EventBridge could not put on the queue. A standard queue: EventBridge takes no FIFO queue for this. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: PushEventsProps) {
    super(scope, id);
    // Each failed receive keeps the whole group waiting for one visibility timeout: three of them are nine minutes.
    this.pushes = new GuardedQueue(this, 'Pushes', { fifo: true, maxReceiveCount: 3 });
    this.undelivered = new Queue(this, 'Undelivered', { ...guarded, retentionPeriod: untilSomebodyLooks });
    Validations.of(this.undelivered).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: "It is a dead-letter queue itself: of the event rule's target, which the check does not see.",
    });
    new Rule(this, 'OnPush', {
      description: 'Image pushes to ECR, for Windlass to look at',
      eventPattern: pushPattern(props.repositoryPrefixes),
      targets: [
        new SqsQueue(this.pushes.queue, { messageGroupId: props.messageGroupId, deadLetterQueue: this.undelivered }),
      ],
    });
  }
}

/**
 * A successful push of a tag to one of the repositories. `resources` of the event is empty, so the name is matched. Without a tag
 * (the parts of a multi-architecture image) there is nothing to choose: `image-tag` is then empty or absent, and neither matches.
 */
function pushPattern(repositoryPrefixes: string[]): EventPattern {
  return {
    source: ['aws.ecr'],
    detailType: ['ECR Image Action'],
    detail: {
      'action-type': ['PUSH'],
      result: ['SUCCESS'],
      'repository-name': repositoryPrefixes.flatMap((prefix) => Match.prefix(prefix)),
      'image-tag': Match.anythingBut(''),
    },
  };
}
