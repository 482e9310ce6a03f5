import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { Windlass } from '../../lib/infra/windlass.ts';
import { env, leastProps, listOf, makeApp, type Statement, SynthesizedTemplate } from './synth.ts';

/** A Windlass beside its key, as somebody's own app would have them. */
function withOwnKey(): SynthesizedTemplate {
  const stack = new Stack(makeApp(), 'Own', { env });
  const encryptionKey = new Key(stack, 'Key');
  new Windlass(stack, 'Windlass', { ...leastProps, topics: ['deploys'], encryptionKey });
  return new SynthesizedTemplate(Template.fromStack(stack).toJSON());
}

describe('a key of the same stack', () => {
  const template = withOwnKey();
  const [[id, key] = ['', undefined]] = template.ofType('AWS::KMS::Key');
  const statements: Statement[] = key?.Properties.KeyPolicy.Statement ?? [];
  const ofService = (service: string) =>
    statements.filter(({ Principal }) => JSON.stringify(Principal.Service ?? '').includes(`"${service}.`));

  it('encrypts every table, queue, topic and log', () => {
    const keyOf = {
      'AWS::DynamoDB::GlobalTable': ({ Replicas }: Properties) => Replicas[0].SSESpecification.KMSMasterKeyId,
      'AWS::SQS::Queue': ({ KmsMasterKeyId }: Properties) => KmsMasterKeyId,
      'AWS::SNS::Topic': ({ KmsMasterKeyId }: Properties) => KmsMasterKeyId,
      'AWS::Logs::LogGroup': ({ KmsKeyId }: Properties) => KmsKeyId,
    };
    for (const [type, of] of Object.entries(keyOf)) {
      const found = template.ofType(type);
      expect(found.length).toBeGreaterThan(0);
      for (const [, { Properties }] of found) expect(JSON.stringify(of(Properties))).toContain(id);
    }
  });

  it.each(['events', 'cloudwatch'])('may be used by %s for what this account sends, and no other', (service) => {
    const found = ofService(service);
    expect(found.flatMap(({ Action }) => listOf(Action))).toEqual(
      expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']),
    );
    for (const { Condition } of found)
      expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': env.account } });
  });

  it('may be used by CloudWatch Logs for the log groups of this account', () => {
    const [logs] = ofService('logs.eu-west-1');
    expect(listOf(logs!.Action)).toContain('kms:GenerateDataKey');
    expect(logs!.Condition).toEqual({
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:eu-west-1:123456789012:log-group:*' },
    });
  });

  it('is open to no service without a condition', () => {
    const services = statements.filter(({ Principal }) => Principal.Service !== undefined);
    expect(services.length).toBeGreaterThanOrEqual(2);
    for (const { Condition } of services) expect(Condition).toBeDefined();
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
type Properties = any;
