import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { addSecurityChecks } from '../../lib/infra/security-checks.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';

/** One resource of the template, as far as it is looked at here. */
interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
  Properties: any;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

const outdir = mkdtempSync(join(tmpdir(), 'windlass-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function makeStack(outdirOfApp?: string): { app: App; stack: Stack } {
  const app = new App({ context: cdkJson.context, outdir: outdirOfApp });
  const stack = new WindlassStack(app, 'Windlass', {
    repo: 'acme/shop-config',
    repositoryPrefixes: ['shop/', 'team-a/jobs'],
  });
  return { app, stack };
}

const resources: Record<string, Resource> = Template.fromStack(makeStack(join(outdir, 'plain')).stack).toJSON()
  .Resources;
const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type);
const byId = (id: string) => resources[id]!.Properties;
const idOf = (arn: { 'Fn::GetAtt': [string, string] }) => arn['Fn::GetAtt'][0];
const rules = ofType('AWS::Events::Rule');
const theRule = () => rules.find(([id]) => id.includes('OnPush'))![1].Properties;
const theTarget = () => theRule().Targets[0];

describe('the records', () => {
  const [id, table] = ofType('AWS::DynamoDB::GlobalTable')[0]!;

  it('have the keys that the adapter writes, and a time to live', () => {
    expect(table.Properties.KeySchema).toEqual([
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ]);
    expect(table.Properties.AttributeDefinitions.map((one: { AttributeType: string }) => one.AttributeType)).toEqual([
      'S',
      'S',
    ]);
    expect(table.Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true });
  });

  it('survive a mistake, a destroyed stack and an update that would replace them', () => {
    expect(table.Properties.Replicas[0]).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  it('are encrypted', () => expect(table.Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' }));

  it('keep their logical id: a new one would be a new, empty table', () => expect(id).toBe('RecordsTableC9B7A30B'));
});

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

  it.each([idOf(theTarget().Arn), idOf(theTarget().DeadLetterConfig.Arn)])(
    'and the others alone may send to %s, which allows nobody else',
    (id) => {
      const allowed = statementsOf(id).filter((statement) => statement.Effect === 'Allow');
      for (const { Principal } of allowed) expect(Principal).toEqual({ Service: 'events.amazonaws.com' });
      const sources = allowed.map(({ Condition }) => Condition.ArnEquals['aws:SourceArn']['Fn::GetAtt'][0]);
      expect(sources.sort()).toEqual(rules.map(([rule]) => rule).sort());
    },
  );
});

describe('every queue', () => {
  const queues = ofType('AWS::SQS::Queue');

  it('is one of five', () => expect(queues).toHaveLength(5));

  it.each(queues)('%s is encrypted', (_, queue) => expect(queue.Properties.SqsManagedSseEnabled).toBe(true));

  it.each(queues)('%s refuses whoever comes without TLS', (id) =>
    expect(statementsOf(id)).toContainEqual({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 'sqs:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      Resource: { 'Fn::GetAtt': [id, 'Arn'] },
    }),
  );

  it.each(queues.filter(([, queue]) => queue.Properties.RedrivePolicy))(
    '%s has dead letters of its own type, kept longer',
    (_, queue) => {
      const deadLetters = byId(idOf(queue.Properties.RedrivePolicy.deadLetterTargetArn));
      expect(deadLetters.FifoQueue).toBe(queue.Properties.FifoQueue);
      expect(deadLetters.MessageRetentionPeriod).toBeGreaterThan(queue.Properties.MessageRetentionPeriod);
    },
  );

  it('that a function will read has dead letters, and hides a message for six times 30 seconds', () => {
    const read = queues.filter(([, queue]) => queue.Properties.RedrivePolicy);
    expect(read).toHaveLength(2);
    for (const [, queue] of read) expect(queue.Properties.VisibilityTimeout).toBe(180);
  });
});

describe('the stack', () => {
  it('allows nothing to everybody, and no action by a wildcard', () => {
    const allowed = ofType('AWS::SQS::QueuePolicy')
      .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement)
      .filter((statement) => statement.Effect === 'Allow');
    expect(allowed.length).toBeGreaterThan(0);
    for (const statement of allowed)
      expect(JSON.stringify([statement.Action, statement.Principal, statement.Resource])).not.toContain('*');
  });

  it('has no role, no function and nothing that the internet can reach', () =>
    expect([...new Set(Object.values(resources).map((resource) => resource.Type))].sort()).toEqual([
      'AWS::DynamoDB::GlobalTable',
      'AWS::Events::Rule',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]));

  it('passes the security checks', () => {
    const { app } = makeStack(join(outdir, 'checked'));
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  it('would not pass them with an unguarded queue', () => {
    const { app, stack } = makeStack(join(outdir, 'unguarded'));
    Validations.of(new Queue(stack, 'Unguarded')).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'only TLS is looked at here',
    });
    addSecurityChecks(app);
    expect(() => app.synth()).toThrow('does not require requests to use SSL');
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a policy's statements have no type of their own
function statementsOf(queue: string): any[] {
  const policies = ofType('AWS::SQS::QueuePolicy').filter(([, policy]) =>
    policy.Properties.Queues.some((one: { Ref: string }) => one.Ref === queue),
  );
  return policies.flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement);
}
