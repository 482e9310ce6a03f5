import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import type { EcrRegistry } from '../../lib/infra/admit-events.ts';
import { ForwardPushes } from '../../lib/infra/forward-pushes.ts';
import { PushEvents } from '../../lib/infra/push-events.ts';
import { addSecurityChecks } from '../../lib/infra/security-checks.ts';
import { formatProblem, UserError } from '../../lib/model/errors.ts';

const outdir = mkdtempSync(join(tmpdir(), 'windlass-forward-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const main = { account: '123456789012', region: 'eu-west-1' };
const other = { account: '210987654321', region: 'us-east-1' };
const repositoryPrefixes = ['shop/', 'team-a/jobs'];

// biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
type Properties = any;

function ofType(stack: Stack, type: string): Properties[] {
  return Object.values(Template.fromStack(stack).findResources(type)).map(({ Properties }) => Properties);
}

function makeStack(name: string, env: EcrRegistry): Stack {
  return new Stack(new App({ context: cdkJson.context, outdir: join(outdir, name) }), 'Stack', { env });
}

function forwarding(name: string, env = other): Stack {
  const stack = makeStack(name, env);
  new ForwardPushes(stack, 'Pushes', { ...main, repositoryPrefixes });
  return stack;
}

function receiving(name: string, registries: EcrRegistry[]): Stack {
  const stack = makeStack(name, main);
  new PushEvents(stack, 'PushEvents', { repositoryPrefixes, messageGroupId: 'acme/shop@main', registries });
  return stack;
}

const patternsOf = (stack: Stack) =>
  ofType(stack, 'AWS::Events::Rule').map(({ EventPattern: { account, region, ...rest } }) => ({
    sender: { account, region },
    rest,
  }));

describe('forwarded pushes', () => {
  it('are the events that Windlass has rules for, of the own account and Region alone', () => {
    const sent = patternsOf(forwarding('patterns'));
    const taken = patternsOf(receiving('taken', [other]));
    expect(taken.map(({ rest }) => rest)).toEqual(expect.arrayContaining(sent.map(({ rest }) => rest)));
    for (const { sender } of sent) expect(sender).toEqual({ account: [other.account], region: [other.region] });
    expect(sent).toHaveLength(5);
  });

  it("go to the default bus of Windlass's account and Region, unchanged, by a role that can do nothing else", () => {
    const stack = forwarding('target');
    const bus = 'arn:aws:events:eu-west-1:123456789012:event-bus/default';
    const [role] = Object.keys(Template.fromStack(stack).findResources('AWS::IAM::Role'));
    for (const { Targets } of ofType(stack, 'AWS::Events::Rule')) {
      expect(Targets).toEqual([{ Id: expect.any(String), Arn: bus, RoleArn: { 'Fn::GetAtt': [role, 'Arn'] } }]);
    }
    const statements = ofType(stack, 'AWS::IAM::Policy').flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements).toEqual([{ Effect: 'Allow', Action: 'events:PutEvents', Resource: bus }]);
    expect(ofType(stack, 'AWS::IAM::Role')[0].AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': other.account } },
      },
    ]);
  });

  it('pass the security checks', () => {
    const stack = forwarding('checked');
    const app = stack.node.root as App;
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  it('may come from another Region of the same account', () =>
    expect(patternsOf(forwarding('region', { ...main, region: 'us-east-1' }))[0]!.sender).toEqual({
      account: [main.account],
      region: ['us-east-1'],
    }));

  it('are refused with every wrong prop at once', () => {
    const stack = makeStack('wrong', main);
    // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose, in ways that plain JavaScript allows
    const complaints = (props: any) => {
      try {
        new ForwardPushes(stack, `Wrong${stack.node.children.length}`, props);
      } catch (error) {
        if (error instanceof UserError) return error.problems.map(formatProblem);
        throw error;
      }
      return [];
    };
    expect(complaints({ account: 123456789012, region: 'Ireland', repositoryPrefixes: [''] })).toEqual([
      'repositoryPrefixes[0]: it is empty: every repository would match\n  = name the beginning: shop/',
      'account: 123456789012 is no account\n  = write its 12 digits as a text',
      'region: "Ireland" is no Region\n  = eu-west-1',
    ]);
    expect(complaints({ ...other, repositoryPrefixes, acount: other.account })).toEqual([
      'acount: there is no such property\n  = did you mean "account"?',
    ]);
    expect(complaints(undefined)).toEqual(['props: nothing is no object\n  = write one with account: { ... }']);
    expect(complaints({ ...main, repositoryPrefixes })).toEqual([
      'region: the events are there already\n  = leave ForwardPushes out: Windlass has rules there',
    ]);
  });
});

describe('the receiving side', () => {
  it('takes events of the registries that it is told, and of its own', () => {
    const { sender } = patternsOf(receiving('senders', [other, { ...main, region: 'us-east-1' }]))[0]!;
    expect(sender).toEqual({ account: [main.account, other.account], region: [main.region, other.region] });
  });

  it('admits each other account once, with events of ECR and its scanners alone', () => {
    const stack = receiving('admitted', [other, { ...other, region: 'eu-west-1' }, { ...main, region: 'us-east-1' }]);
    const policies = ofType(stack, 'AWS::Events::EventBusPolicy');
    expect(policies).toEqual([
      {
        StatementId: expect.stringMatching(/^windlass-210987654321-[0-9A-Za-z]{8,40}$/),
        Statement: {
          Sid: policies[0].StatementId,
          Effect: 'Allow',
          Action: 'events:PutEvents',
          Principal: { AWS: 'arn:aws:iam::210987654321:root' },
          Resource: 'arn:aws:events:eu-west-1:123456789012:event-bus/default',
          Condition: { 'ForAllValues:StringEquals': { 'events:source': ['aws.ecr', 'aws.inspector2'] } },
        },
      },
    ]);
  });

  it('admits nobody where there are no others', () =>
    expect(ofType(receiving('alone', []), 'AWS::Events::EventBusPolicy')).toEqual([]));
});
