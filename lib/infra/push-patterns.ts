import { type EventPattern, Match } from 'aws-cdk-lib/aws-events';

/** A rule of EventBridge: what it is for, and which events it takes. */
export interface PushRule {
  description: string;
  pattern: EventPattern;
}

/** A private registry, as its ARNs name it; each part may be known at the deployment alone. */
export interface PushPlace {
  partition: string;
  account: string;
  region: string;
}

/** Whose events are taken. */
export interface PushSenders {
  repositoryPrefixes: readonly string[];
  /** The registries. The first one is the stack's own, where rules have no place in their ids. */
  places: readonly PushPlace[];
  /** Only these send; absent: wherever the bus takes them from. */
  from?: { accounts: string[]; regions: string[] } | undefined;
}

/** The sources of all events that `pushRules` take. */
export const pushSources = ['aws.ecr', 'aws.inspector2'];

/**
 * What says that a repository has something new to look at, by the rule's id. `resources` of a push is empty, so the name is matched. Of an
 * image without a tag (the parts of a multi-architecture image) there is nothing to choose: `image-tag` is then empty or absent, and neither
 * matches. A scan may be of such a part. https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export function pushRules({ repositoryPrefixes, places, from }: PushSenders): Record<string, PushRule> {
  const named = repositoryPrefixes.flatMap((prefix) => Match.prefix(prefix));
  const tagged = { 'repository-name': named, 'image-tag': Match.anythingBut('') };
  const sender = from === undefined ? {} : { account: from.accounts, region: from.regions };
  const ecr = (type: string, detail: Record<string, unknown>): EventPattern => ({
    ...{ source: ['aws.ecr'], detailType: [type], detail },
    ...sender,
  });
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
    ...Object.fromEntries(
      places.map((place, index) => [
        index === 0 ? 'OnEnhancedScan' : `OnEnhancedScan-${place.account}-${place.region}`,
        {
          description: 'First scans by Amazon Inspector that finished: what waited for one is looked at again',
          pattern: {
            source: ['aws.inspector2'],
            detailType: ['Inspector2 Scan'],
            detail: { 'scan-status': ['INITIAL_SCAN_COMPLETE'], 'repository-name': arnsIn(place, repositoryPrefixes) },
            ...sender,
          },
        },
      ]),
    ),
  };
}

/**
 * Amazon Inspector writes ARNs where ECR writes names. Not by wildcards for what differs between places: EventBridge refuses a rule with a few of them as too
 * complex. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
function arnsIn({ partition, region, account }: PushPlace, prefixes: readonly string[]): object[] {
  return prefixes.map((prefix) => ({ prefix: `arn:${partition}:ecr:${region}:${account}:repository/${prefix}` }));
}
