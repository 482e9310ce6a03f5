import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** What every queue of Windlass has: encryption at rest, and nobody without TLS. */
export const guarded: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };

/** The longest that SQS keeps a message: what failed waits two weeks for a person. */
export const untilSomebodyLooks = Duration.days(14);

/** Functions run 30 s at most; Lambda asks for six times that, or a slow run is handed out twice. */
export const visibilityTimeout = Duration.seconds(6 * 30);

/** How a queue keeps order, and how patient it is. */
export interface GuardedQueueProps {
  /** FIFO, and its dead-letter queue too: SQS refuses a mixed pair. */
  fifo: boolean;
  /** After so many failed receives a message becomes a dead letter. */
  maxReceiveCount: number;
}

/** A queue with its own dead-letter queue. */
export class GuardedQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { fifo, maxReceiveCount }: GuardedQueueProps) {
    super(scope, id);
    // EventBridge sends to a FIFO queue only where SQS makes the deduplication id from the content.
    const order: QueueProps = fifo ? { fifo: true, contentBasedDeduplication: true } : {};
    this.deadLetters = new Queue(this, 'DeadLetters', { ...guarded, ...order, retentionPeriod: untilSomebodyLooks });
    this.queue = new Queue(this, 'Queue', {
      ...guarded,
      ...order,
      visibilityTimeout,
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    });
  }
}
