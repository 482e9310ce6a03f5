import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** What every queue of Windlass has: encryption at rest (by SQS's own key unless there is one), and nobody without TLS. */
export function guarded(key?: IKey): QueueProps {
  const encryption: QueueProps =
    key === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: key };
  return { ...encryption, enforceSSL: true };
}

/** The longest that SQS keeps a message: what failed waits two weeks for a person. */
export const untilSomebodyLooks = Duration.days(14);

/** How a queue keeps order, and how patient it is. */
export interface GuardedQueueProps {
  /** FIFO, and its dead-letter queue too: SQS refuses a mixed pair. */
  fifo: boolean;
  /** After so many failed receives a message becomes a dead letter. */
  maxReceiveCount: number;
  /** Of the function that reads it. Lambda asks for six times that, or a slow run is handed out twice. */
  functionTimeout: Duration;
  encryptionKey?: IKey | undefined;
}

/** A queue that a function reads, and where its dead letters go. */
export interface QueueBefore extends Omit<GuardedQueueProps, 'encryptionKey'> {
  deadLetters: Queue;
}

/** What a queue is that a function reads. */
export function queueBefore(props: QueueBefore, key?: IKey): QueueProps {
  return {
    ...guarded(key),
    ...orderOf(props),
    visibilityTimeout: Duration.seconds(6 * props.functionTimeout.toSeconds()),
    retentionPeriod: Duration.days(4),
    deadLetterQueue: { queue: props.deadLetters, maxReceiveCount: props.maxReceiveCount },
  };
}

/** EventBridge sends to a FIFO queue only where SQS makes the deduplication id from the content. */
function orderOf({ fifo }: Pick<GuardedQueueProps, 'fifo'>): QueueProps {
  return fifo ? { fifo: true, contentBasedDeduplication: true } : {};
}

/** A queue that a function reads, with its own dead-letter queue. */
export class GuardedQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: GuardedQueueProps) {
    super(scope, id);
    const { encryptionKey, ...before } = props;
    const deadLetters = { ...guarded(encryptionKey), ...orderOf(props), retentionPeriod: untilSomebodyLooks };
    this.deadLetters = new Queue(this, 'DeadLetters', deadLetters);
    this.queue = new Queue(this, 'Queue', queueBefore({ ...before, deadLetters: this.deadLetters }, encryptionKey));
  }
}
