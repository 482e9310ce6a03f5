import { Names, Stack } from 'aws-cdk-lib';
import { CfnEventBusPolicy } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { pushSources } from './push-patterns.ts';

/** The private registry of one account in one Region. */
export interface EcrRegistry {
  /** 12 digits. */
  account: string;
  /** `eu-west-1` */
  region: string;
}

/**
 * Lets other accounts send events of ECR and its scanners to the default bus, where those of this account are anyway: nothing but the sources that the
 * rules take. Another Region of this account needs no such leave. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
 */
export function admitEvents(scope: Construct, registries: readonly EcrRegistry[]): void {
  const { account: own, region, partition } = Stack.of(scope);
  const others = new Set(registries.map(({ account }) => account).filter((account) => account !== own));
  for (const account of others) {
    // Two stacks of one account each need a statement of their own: the same id would take the other's place.
    const statementId = `windlass-${account}-${Names.uniqueResourceName(scope, { maxLength: 40 })}`;
    const policy = new CfnEventBusPolicy(scope, `Admit${account}`, {
      statementId,
      statement: {
        Sid: statementId,
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${account}:root` },
        Action: 'events:PutEvents',
        Resource: `arn:${partition}:events:${region}:${own}:event-bus/default`,
        Condition: { 'ForAllValues:StringEquals': { 'events:source': pushSources } },
      },
    });
    // It has none beside its statement. Of the CDK's own property, whoever asks, as checks of templates do, hears that it is deprecated.
    Object.defineProperty(policy, 'principal', { value: undefined });
  }
}
