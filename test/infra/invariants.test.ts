import { describe, expect, it } from 'vitest';
import { functionFiles } from '../../functions/bundle.ts';
import { functionSettings, functionVariables } from '../../lib/config/function-env.ts';
import { allProps, idOf, leastProps, listOf, templateOf } from './synth.ts';

const templates = [
  ['least', templateOf(leastProps)],
  ['all', templateOf(allProps)],
] as const;

/** What can be reached from outside, or makes such a thing: none of it is ever needed. */
const public_ = /ApiGateway|Lambda::Url|ElasticLoadBalancing|CloudFront|EC2::SecurityGroup|EC2::Instance|S3::/;

describe.each(templates)('a stack with %s props', (name, template) => {
  const queues = template.ofType('AWS::SQS::Queue');
  const functions = template.ofType('AWS::Lambda::Function');
  const mappings = template.ofType('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
  const clusters = name === 'all' ? (allProps.clusters ?? []).length : 0;
  const deadLettersOf = (id: string) => template.resources[id]!.Properties.RedrivePolicy?.deadLetterTargetArn;

  it.each(queues)('has its queue %s encrypted', (_, { Properties }) =>
    expect(
      name === 'all' ? Properties.KmsMasterKeyId === allProps.encryptionKey : Properties.SqsManagedSseEnabled === true,
    ).toBe(true),
  );

  it.each(queues)('has its queue %s refuse whoever comes without TLS', (id) =>
    expect(template.statementsOfQueue(id)).toContainEqual({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 'sqs:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      Resource: { 'Fn::GetAtt': [id, 'Arn'] },
    }),
  );

  it.each(template.ofType('AWS::SNS::Topic'))('has its topic %s refuse whoever comes without TLS', (id) => {
    const statements = template
      .ofType('AWS::SNS::TopicPolicy')
      .filter(([, { Properties }]) => Properties.Topics.some((one: { Ref: string }) => one.Ref === id))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  it('has dead letters of the same type as their queue, kept longer', () => {
    const guarded = queues.filter(([id]) => deadLettersOf(id));
    expect(guarded).toHaveLength(4 + clusters);
    for (const [id, { Properties }] of guarded) {
      const { Properties: dead } = template.resources[idOf(deadLettersOf(id))]!;
      expect(dead.FifoQueue).toBe(Properties.FifoQueue);
      expect(dead.MessageRetentionPeriod).toBeGreaterThan(Properties.MessageRetentionPeriod);
    }
  });

  it("leads what pullers' reports become that cannot be worked in to one place, the dead letters of all reports", () => {
    const ofClusters = queues.filter(([id]) => /^WindlassReports(?!Queue|DeadLetters)/.test(id));
    expect(ofClusters).toHaveLength(clusters);
    for (const [id, { Properties }] of ofClusters) {
      expect(Properties).toMatchObject({ FifoQueue: true });
      expect(idOf(deadLettersOf(id))).toMatch(/^WindlassReportsDeadLetters/);
    }
  });

  it('has standard queues for what rules and schedules could not deliver', () => {
    const targets = [
      ...template.ofType('AWS::Events::Rule').flatMap(([, { Properties }]) => Properties.Targets),
      ...template.ofType('AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties.Target),
    ];
    expect(targets.length).toBeGreaterThan(6);
    for (const { DeadLetterConfig } of targets)
      expect(template.resources[idOf(DeadLetterConfig.Arn)]!.Properties).not.toHaveProperty('FifoQueue');
  });

  it('hides a message for six times as long as its function may run, and has failed ones come again alone', () => {
    expect(mappings).toHaveLength(4 + clusters);
    for (const { EventSourceArn, FunctionName, FunctionResponseTypes, BatchSize } of mappings) {
      const queue = template.resources[idOf(EventSourceArn)]!.Properties;
      const { Timeout } = template.resources[FunctionName.Ref]!.Properties;
      expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout);
      expect(queue.RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(3);
      expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect(BatchSize).toBeLessThanOrEqual(10);
    }
  });

  it('lets a flood of messages run no more than a few functions at once', () => {
    for (const { EventSourceArn, ScalingConfig } of mappings) {
      const isOneGroup = idOf(EventSourceArn).includes('Pushes');
      const isOfCluster = /^WindlassReports(?!Queue)/.test(idOf(EventSourceArn));
      if (isOneGroup) expect(ScalingConfig).toBeUndefined();
      else if (isOfCluster) expect(ScalingConfig.MaximumConcurrency).toBe(2);
      else expect(ScalingConfig.MaximumConcurrency).toBeLessThanOrEqual(10);
    }
  });

  it('deploys each file of functions/ once, and the drift check once more for each VPC', () => {
    const files = functions.map(
      ([, { Properties }]) => /function ([\w-]+) of/.exec(descriptionOf(Properties.Role))?.[1],
    );
    const expected = name === 'all' ? [...functionFiles, 'drift-on-schedule'] : [...functionFiles];
    expect(files.sort()).toEqual(expected.sort());
  });

  const descriptionOf = (role: { 'Fn::GetAtt': [string, string] }): string =>
    template.resources[idOf(role)]!.Properties.Description;

  it.each(functions)('gives its function %s a role and a kept log of its own, traces and logs in JSON', (_, fn) => {
    const { LoggingConfig, Role, TracingConfig, Runtime, Handler } = fn.Properties;
    expect(LoggingConfig.LogFormat).toBe('JSON');
    const log = template.resources[LoggingConfig.LogGroup.Ref]!;
    expect(log.Properties.RetentionInDays).toBe(name === 'all' ? 30 : 90);
    expect(log.DeletionPolicy).toBe('Delete');
    expect(TracingConfig).toEqual({ Mode: 'Active' });
    expect([Runtime, Handler]).toEqual(['nodejs24.x', 'index.handler']);
    const sharing = functions.filter(([, other]) => idOf(other.Properties.Role) === idOf(Role));
    expect(sharing).toHaveLength(1);
  });

  it.each(functions)('has its function %s not run beside itself where it goes by the clock', (id, { Properties }) => {
    const byClock = Properties.Timeout === 300;
    const configs = template
      .ofType('AWS::Lambda::EventInvokeConfig')
      .filter(([, config]) => config.Properties.FunctionName.Ref === id);
    expect(configs.map(([, config]) => config.Properties.MaximumRetryAttempts)).toEqual(byClock ? [0] : []);
  });

  it('has no role with a policy that AWS writes', () => {
    for (const [, { Properties }] of template.ofType('AWS::IAM::Role'))
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('names every action, and all resources only where AWS knows none', () => {
    const wide = ['xray:', 'ec2:', 'logs:GetQueryResults', 'logs:StopQuery'];
    const statements = template
      .ofType('AWS::IAM::Policy')
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    expect(statements.length).toBeGreaterThan(20);
    for (const statement of statements) {
      for (const action of listOf<string>(statement.Action)) {
        expect(action).not.toContain('*');
        if (listOf(statement.Resource).includes('*')) expect(wide.some((begin) => action.startsWith(begin))).toBe(true);
      }
    }
  });

  it('lets nothing be changed or deleted in the audit', () => {
    const [audit] = template.ofType('AWS::DynamoDB::GlobalTable').find(([id]) => id.includes('Audit'))!;
    const about = template
      .ofType('AWS::IAM::Policy')
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter((statement) => JSON.stringify(statement.Resource).includes(audit));
    expect(about.length).toBeGreaterThan(0);
    for (const statement of about)
      expect(['dynamodb:PutItem', 'dynamodb:Query']).toEqual(expect.arrayContaining(listOf(statement.Action)));
  });

  it('opens nothing to everybody', () => {
    const allowed = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']
      .flatMap((type) => template.ofType(type))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter((statement) => statement.Effect === 'Allow');
    expect(allowed.length).toBeGreaterThan(0);
    for (const { Action, Principal, Condition } of allowed) {
      expect(JSON.stringify([Action, Principal])).not.toContain('*');
      expect(Condition).toBeDefined();
    }
  });

  it('has nothing that the internet can reach, nothing that is computed while it is deployed, and no secret', () => {
    const types = [...new Set(Object.values(template.resources).map(({ Type }) => Type))];
    expect(types.filter((type) => public_.test(type))).toEqual([]);
    expect(types.filter((type) => type.startsWith('Custom::') || type.includes('CustomResource'))).toEqual([]);
    expect(types).not.toContain('AWS::SecretsManager::Secret');
    expect(types).not.toContain('AWS::CloudWatch::CompositeAlarm');
    expect(template.ofType('AWS::Lambda::Permission')).toEqual([]);
  });

  it('tells each function what it reads, and nothing else', () => {
    const known = Object.entries(functionSettings).map(([, settings]) =>
      settings.map((setting) => functionVariables[setting] as string),
    );
    for (const [, { Properties }] of functions) {
      const variables = Object.keys(Properties.Environment.Variables).filter(
        (variable) => !['WINDLASS_KUBECTL', 'WINDLASS_HELM'].includes(variable),
      );
      expect(known.some((names) => variables.every((variable) => names.includes(variable)))).toBe(true);
    }
  });
});

describe('what keeps state', () => {
  it('keeps its logical id: another one would be a new and empty one', () => {
    const kept = /DynamoDB::GlobalTable|SQS::Queue$|SNS::Topic$|KMS::Key$|SecretsManager/;
    const all = templates.flatMap(([, { resources }]) => Object.entries(resources));
    const ids = all.filter(([, { Type }]) => kept.test(Type)).map(([id, { Type }]) => `${Type} ${id}`);
    expect([...new Set(ids)].sort()).toEqual([
      'AWS::DynamoDB::GlobalTable WindlassRecordsAudit884EC8E7',
      'AWS::DynamoDB::GlobalTable WindlassRecordsState59000C3A',
      'AWS::SNS::Topic WindlassTopicsAlarmsF250AE5F',
      'AWS::SNS::Topic WindlassTopicsdeploys9F5B58CF',
      'AWS::SQS::Queue WindlassNoticesDeadLetters9E23AB54',
      'AWS::SQS::Queue WindlassNoticesQueue84876ACE',
      'AWS::SQS::Queue WindlassPushEventsPushesDeadLetters49EB8624',
      'AWS::SQS::Queue WindlassPushEventsPushesQueueC608581D',
      'AWS::SQS::Queue WindlassPushEventsUndelivered701FED66',
      'AWS::SQS::Queue WindlassQuestionsDeadLettersBBF717EC',
      'AWS::SQS::Queue WindlassQuestionsQueue88607F19',
      'AWS::SQS::Queue WindlassReportsDeadLetters0C52833D',
      'AWS::SQS::Queue WindlassReportsQueue70605B00',
      'AWS::SQS::Queue WindlassReportsdeveuwest152FDBEBA',
      'AWS::SQS::Queue WindlassReportsothereucentral1BC440644',
      'AWS::SQS::Queue WindlassReportsprodeuwest12E2DC6D0',
      'AWS::SQS::Queue WindlassReportsvaulteuwest1096CD825',
      'AWS::SQS::Queue WindlassWakedeveuwest103CE0ABB',
      'AWS::SQS::Queue WindlassWakeothereucentral1AD9EE71F',
      'AWS::SQS::Queue WindlassWakeprodeuwest1CEE89D2A',
      'AWS::SQS::Queue WindlassWakevaulteuwest10B9E5B0E',
    ]);
  });
});
