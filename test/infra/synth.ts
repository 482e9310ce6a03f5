import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json' with { type: 'json' };
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';

/** One resource of a template, as far as it is looked at here. */
export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
  Properties: any;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** Where stacks of tests are: fixed, so that nothing is looked up. */
export const env = { account: '123456789012', region: 'eu-west-1' };

/** The least that a Windlass needs. */
export const leastProps: WindlassProps = { repo: 'acme/shop-config', repositoryPrefixes: ['shop/', 'team-a/jobs'] };

/** Everything that a Windlass can be told, but where a copy of the runbook is: the golden template names its file. */
export const allProps: WindlassProps = {
  ...leastProps,
  branch: 'release',
  githubUrl: 'https://github.acme.example/api/v3',
  registries: [{ account: '210987654321', region: 'us-east-1' }],
  clusters: [
    'arn:aws:eks:eu-west-1:123456789012:cluster/dev',
    { arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod', auditLog: true },
    { arn: 'arn:aws:eks:eu-central-1:210987654321:cluster/other', auditLog: true },
    {
      arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/vault',
      vpc: {
        id: 'vpc-0123456789abcdef0',
        subnets: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        securityGroups: ['sg-0123456789abcdef0'],
      },
    },
  ],
  githubSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/github-a1B2c3',
  githubReadSecret: 'windlass/github-reader',
  notifySecrets: ['slack-bot', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook'],
  topics: ['deploys', 'arn:aws:sns:eu-west-1:123456789012:oncall'],
  eventBus: 'acme',
  encryptionKey: 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  logRetentionDays: 30,
  alarmTopic: 'arn:aws:sns:eu-west-1:123456789012:alarms',
  runbookUrl: 'https://wiki.acme.example/windlass',
};

const placeholders = mkdtempSync(join(tmpdir(), 'windlass-functions-'));
process.on('exit', () => rmSync(placeholders, { recursive: true, force: true }));
for (const file of ['bump-on-push', 'drift-on-incident', 'drift-on-schedule', 'notify-on-notice', 'report-on-sync']) {
  mkdirSync(join(placeholders, file));
  writeFileSync(join(placeholders, file, 'index.mjs'), `export const handler = () => '${file}';\n`);
}

/** Makes an app as the CDK's command does; its functions are placeholders, and no asset is copied. */
export function makeApp(outdir?: string): App {
  const own = { 'windlass:functions': placeholders, 'aws:cdk:disable-asset-staging': true };
  return new App({ context: { ...cdkJson.context, ...own }, outdir });
}

/** The stack in an app of its own. */
export function makeStack(props: WindlassProps, outdir?: string): { app: App; stack: WindlassStack } {
  const app = makeApp(outdir);
  return { app, stack: new WindlassStack(app, 'Windlass', { env, ...props }) };
}

/** The template of a Windlass with these props. */
export function templateOf(props: WindlassProps): SynthesizedTemplate {
  return new SynthesizedTemplate(Template.fromStack(makeStack(props).stack).toJSON());
}

/** A template, and the ways in which tests look into it. */
export class SynthesizedTemplate {
  readonly json: { Resources: Record<string, Resource>; Outputs: Record<string, { Value: unknown }> };

  constructor(json: { [name: string]: unknown }) {
    this.json = json as unknown as SynthesizedTemplate['json'];
  }

  get resources(): Record<string, Resource> {
    return this.json.Resources;
  }

  /** The resources of a type, by logical id. */
  ofType(type: string): [id: string, resource: Resource][] {
    return Object.entries(this.resources).filter(([, resource]) => resource.Type === type);
  }

  /** What a policy of a queue says. */
  statementsOfQueue(queue: string): Statement[] {
    return this.ofType('AWS::SQS::QueuePolicy')
      .filter(([, { Properties }]) => Properties.Queues.some((one: { Ref: string }) => one.Ref === queue))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  }

  /** What the role of a function may do (`BumpRole...`), by the beginning of the role's logical id. */
  statementsOfRole(begin: string): Statement[] {
    const [role] = Object.keys(this.resources).filter(
      (id) => id.startsWith(begin) && this.resources[id]?.Type === 'AWS::IAM::Role',
    );
    return this.ofType('AWS::IAM::Policy')
      .filter(([, { Properties }]) => Properties.Roles.some((one: { Ref?: string }) => one.Ref === role))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  }
}

/** One statement of a policy. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: principals and conditions have no type of their own
  Principal?: any;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  Condition?: any;
}

/** A value that may be one or a list, as a list. */
export function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

/** The logical id in `Fn::GetAtt`. */
export function idOf(arn: { 'Fn::GetAtt': [string, string] }): string {
  return arn['Fn::GetAtt'][0];
}
