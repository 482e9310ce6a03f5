import { Stack } from 'aws-cdk-lib';
import { type IPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** What a role needs of the key for tables, queues, topics and secrets that are encrypted with it: no more than to use it. */
export const useOfKey = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** The customer's key, which the services that write to queues, topics and logs by themselves may use then; undefined where AWS's own keys do. */
export function customerKey(scope: Construct, given: IKey | string | undefined): IKey | undefined {
  if (given === undefined) return undefined;
  const key = typeof given === 'string' ? Key.fromKeyArn(scope, 'Key', given) : given;
  for (const statement of statementsFor(Stack.of(scope))) key.addToResourcePolicy(statement);
  return key;
}

/** A key that is only known by its ARN keeps its policy: docs/aws.md has these statements. */
function statementsFor({ account, region, partition, urlSuffix }: Stack): PolicyStatement[] {
  const may = (principal: IPrincipal, actions: string[], conditions: Record<string, Record<string, string>>) =>
    new PolicyStatement({ principals: [principal], actions, resources: ['*'], conditions });
  const own = { StringEquals: { 'aws:SourceAccount': account } };
  const toQueue = ['kms:Decrypt', 'kms:GenerateDataKey'];
  return [
    may(new ServicePrincipal('events.amazonaws.com'), toQueue, own),
    may(new ServicePrincipal('cloudwatch.amazonaws.com'), toQueue, own),
    may(new ServicePrincipal(`logs.${region}.${urlSuffix}`), useOfKey, {
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
    }),
  ];
}
