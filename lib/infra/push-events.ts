import { Validations } from 'aws-cdk-lib';
import { type EventPattern, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { GuardedQueue, guarded, untilSomebodyLooks } from './guarded-queue.ts';

/** Whose events, and in which message group they queue up. */
export interface PushEventsProps {
  repositoryPrefixes: string[];
  /** One static group: EventBridge documents no way to take it from the event, and commits to one branch are serial anyway. */
  messageGroupId: string;
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
    // Each failed receive keeps the whole group waiting for one visibility timeout: three of them are nine minutes.
    this.pushes = new GuardedQueue(this, 'Pushes', { fifo: true, maxReceiveCount: 3 });
    this.undelivered = new Queue(this, 'Undelivered', { ...guarded, retentionPeriod: untilSomebodyLooks });
    Validations.of(this.undelivered).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: "It is a dead-letter queue itself: of the event rule's target, which the check does not see.",
    });
    for (const [id, { description, pattern }] of Object.entries(rulesFor(props.repositoryPrefixes))) {
      new Rule(this, id, {
        description,
        eventPattern: pattern,
        targets: [
          new SqsQueue(this.pushes.queue, { messageGroupId: props.messageGroupId, deadLetterQueue: this.undelivered }),
        ],
      });
    }
  }
}

/**
 * What says that a repository has something new to look at, by the rule's id. `resources` of a push is empty, so the name is matched. Of an
 * image without a tag (the parts of a multi-architecture image) there is nothing to choose: `image-tag` is then empty or absent, and neither
 * matches. A scan may be of such a part.
 */
function rulesFor(repositoryPrefixes: string[]): Record<string, { description: string; pattern: EventPattern }> {
  const named = repositoryPrefixes.flatMap((prefix) => Match.prefix(prefix));
  // Amazon Inspector writes ARNs where ECR writes names.
  const arns = repositoryPrefixes.flatMap((prefix) => Match.wildcard(`arn:*:ecr:*:*:repository/${prefix}*`));
  const tagged = { 'repository-name': named, 'image-tag': Match.anythingBut('') };
  return {
    OnPush: {
      description: 'Image pushes to ECR, for Windlass to look at',
      pattern: ecr('ECR Image Action', { 'action-type': ['PUSH'], result: ['SUCCESS'], ...tagged }),
    },
    OnReplication: {
      description: 'Images replicated to this ECR registry, for Windlass to look at',
      pattern: ecr('ECR Replication Action', { result: ['SUCCESS'], ...tagged }),
    },
    OnPullThrough: {
      description: 'Images that came through the pull-through cache of ECR, for Windlass to look at',
      pattern: ecr('ECR Pull Through Cache Action', { 'sync-status': ['SUCCESS'], ...tagged }),
    },
    OnScan: {
      description: 'Basic scans of ECR that finished: what waited for one is looked at again',
      pattern: ecr('ECR Image Scan', { 'scan-status': ['COMPLETE'], 'repository-name': named }),
    },
    OnEnhancedScan: {
      description: 'First scans by Amazon Inspector that finished: what waited for one is looked at again',
      pattern: {
        source: ['aws.inspector2'],
        detailType: ['Inspector2 Scan'],
        detail: { 'scan-status': ['INITIAL_SCAN_COMPLETE'], 'repository-name': arns },
      },
    },
  };
}

function ecr(type: string, detail: Record<string, unknown>): EventPattern {
  return { source: ['aws.ecr'], detailType: [type], detail };
}
