import { describe, expect, it } from 'vitest';
import { allProps, idOf, leastProps, listOf, templateOf } from './synth.ts';

const least = templateOf(leastProps);
const all = templateOf(allProps);
const templates = [
  ['least', least],
  ['all', all],
] as const;

describe('the records', () => {
  const tables = templates.flatMap(([name, template]) =>
    template.ofType('AWS::DynamoDB::GlobalTable').map(([id, table]) => [name, id, table] as const),
  );

  it('are two tables', () => expect(tables).toHaveLength(4));

  it.each(tables)(
    'with %s props in %s have the keys that the adapter writes, and a time to live where nothing is for good',
    (_, id, table) => {
      expect(table.Properties.KeySchema).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ]);
      const types = table.Properties.AttributeDefinitions.map((one: { AttributeType: string }) => one.AttributeType);
      expect(types).toEqual(['S', 'S']);
      const ttl = id.includes('Audit') ? undefined : { AttributeName: 'ttl', Enabled: true };
      expect(table.Properties.TimeToLiveSpecification).toEqual(ttl);
      expect(table.Properties.BillingMode).toBe('PAY_PER_REQUEST');
    },
  );

  it.each(tables)('with %s props in %s survive a mistake, and the stack', (_, __, table) => {
    expect(table.Properties.Replicas[0]).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  it.each(tables)('with %s props in %s are encrypted by KMS', (name, _, table) => {
    expect(table.Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
    const key = name === 'all' ? allProps.encryptionKey : undefined;
    expect(table.Properties.Replicas[0].SSESpecification?.KMSMasterKeyId).toBe(key);
  });
});

const rules = least.ofType('AWS::Events::Rule');
const theRule = () => rules.find(([id]) => id.includes('OnPush'))![1].Properties;
const theTarget = () => theRule().Targets[0];
const byId = (id: string) => least.resources[id]!.Properties;

describe('the rules', () => {
  it('are one for each event that says to look', () => {
    const types = rules.map(([, { Properties }]) => [
      ...Properties.EventPattern.source,
      ...Properties.EventPattern['detail-type'],
    ]);
    expect(types.sort()).toEqual([
      ['aws.ecr', 'ECR Image Action'],
      ['aws.ecr', 'ECR Image Scan'],
      ['aws.ecr', 'ECR Pull Through Cache Action'],
      ['aws.ecr', 'ECR Replication Action'],
      ['aws.inspector2', 'Inspector2 Scan'],
    ]);
  });

  it('send to the same queue in the same way', () => {
    for (const [, { Properties }] of rules) expect(withoutIds(Properties.Targets)).toEqual(withoutIds([theTarget()]));
  });
});

/** CDK numbers the targets of each rule. */
function withoutIds(targets: { Id: string }[]): object[] {
  return targets.map(({ Id, ...target }) => target);
}

describe('the rule of pushes', () => {
  it('asks for exactly this', () => {
    expect(theRule().EventPattern).toEqual({
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: {
        'action-type': ['PUSH'],
        result: ['SUCCESS'],
        'repository-name': [{ prefix: 'shop/' }, { prefix: 'team-a/jobs' }],
        'image-tag': [{ 'anything-but': [''] }],
      },
    });
  });

  it('sends the whole event, unchanged, to a FIFO queue in one group of the repo and branch', () => {
    expect(theTarget().SqsParameters).toEqual({ MessageGroupId: 'acme/shop-config@main' });
    expect(theTarget()).not.toHaveProperty('InputTransformer');
    expect(theTarget()).not.toHaveProperty('InputPath');
    expect(byId(idOf(theTarget().Arn)).FifoQueue).toBe(true);
  });

  it('deduplicates by content, without which EventBridge does not send to a FIFO queue', () =>
    expect(byId(idOf(theTarget().Arn)).ContentBasedDeduplication).toBe(true));

  it('has a STANDARD dead-letter queue: EventBridge takes no other', () =>
    expect(byId(idOf(theTarget().DeadLetterConfig.Arn))).not.toHaveProperty('FifoQueue'));

  it.each(
    [theTarget().Arn, theTarget().DeadLetterConfig.Arn].flatMap((arn) => [
      [idOf(arn), 'least', least] as const,
      [idOf(arn), 'all', all] as const,
    ]),
  )('and the others alone may send to %s, which allows nobody else, with %s props', (id, _, template) => {
    const allowed = template.statementsOfQueue(id).filter((statement) => statement.Effect === 'Allow');
    for (const { Principal } of allowed) expect(Principal).toEqual({ Service: 'events.amazonaws.com' });
    const sources = allowed.flatMap(({ Condition }) => listOf(Condition.ArnEquals['aws:SourceArn']).map(idOf));
    const senders = template.ofType('AWS::Events::Rule').map(([rule]) => rule);
    expect(sources.sort()).toEqual(senders.sort());
  });
});
