import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { DisableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { DeleteSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Finding } from '../../lib/cli/doctor/finding.ts';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { windlass } from '../helpers/io.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { describeWithStandins } from '../standins/describe.ts';

const windlassFile = (topic: string) => `windlass: 1
clusters: { prod: { eks: prod, region: eu-west-1 } }
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0" }
notify:
  routes: [{ on: [drift], slack: { channel: "#oncall", secret: slack-bot } }, { on: [bumped], sns: ${topic} }]
`;
const files = {
  'windlass.yaml': windlassFile('deploys'),
  'apps/web.yaml': `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
};
const parts = ['stack', 'permissions', 'repo', 'images', 'notify', 'machine'].flatMap((part) => ['--only', part]);

interface Told {
  code: number;
  found: Finding[];
  wrong: string[];
  text: string;
}

async function doctor(...more: string[]): Promise<Told> {
  const { code, stdout, stderr } = await windlass(['doctor', ...parts, '--no-cluster', '--secrets', '--json', ...more]);
  expect(stdout, stderr).toMatch(/^\{/);
  const { findings: found } = JSON.parse(stdout) as { findings: Finding[] };
  const wrong = found
    .filter(({ result }) => result === 'wrong')
    .map(({ part, what, text }) => `${part} ${what}: ${text}`);
  return { code, found, wrong, text: stdout + stderr };
}

await describeWithMiniStack('doctor in AWS', () => {
  describeWithStandins('with GitHub and Slack', () => {
    let world: AwsWorld;
    let closeApi: () => Promise<void>;
    let resources: { id: string; type: string; name: string }[];
    const named = (type: string, part: string) =>
      resources.find((one) => one.type === type && one.id.includes(part))!.name;
    beforeAll(async () => {
      const clusters = ['arn:aws:eks:eu-west-1:000000000000:cluster/prod'];
      world = await startAwsWorld({ files, props: { clusters, notifySecrets: ['slack-bot'], topics: ['deploys'] } });
      await world.push('shop/web', '1.0.0');
      const api = await world.github.listen();
      closeApi = api.close;
      vi.stubEnv('WINDLASS_GITHUB_API_URL', `${api.url}/api/v3`);
      vi.stubEnv('WINDLASS_SLACK_API', world.slack.api);
      vi.stubEnv('AWS_ENDPOINT_URL', world.aws.endpoint);
      vi.stubEnv('AWS_REGION', world.aws.region);
      vi.stubEnv('AWS_ACCESS_KEY_ID', world.aws.credentials.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', world.aws.credentials.secretAccessKey);
      const { StackResourceSummaries = [] } = await new CloudFormationClient(world.where).send(
        new ListStackResourcesCommand({ StackName: 'Windlass' }),
      );
      resources = StackResourceSummaries.map(
        ({ LogicalResourceId: id = '', ResourceType: type = '', PhysicalResourceId: name = '' }) => ({
          id,
          type,
          name,
        }),
      );
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await closeApi?.();
      await world?.close();
    });

    it('finds a stack well as it is deployed, each permission of its roles granted, and tells no secret', async () => {
      const { code, found, wrong, text } = await doctor();
      expect(wrong).toEqual([]);
      expect(code).toBe(0);
      const of = (part: string) =>
        found.filter((one) => one.part === part).map(({ what, result }) => `${what} ${result}`);
      expect(of('stack')).toEqual([
        ...[
          'outputs ok',
          'version ok',
          'tables ok',
          'secret ok',
          'clusters ok',
          'dead letters ok',
          'functions ok',
          'schedules ok',
          'rules ok',
          'alarms ok',
        ],
      ]);
      const roles = found.filter(({ part }) => part === 'permissions');
      expect(roles.map(({ what }) => what).sort()).toEqual(['Bump', 'Drift', 'Notify', 'Report', 'Schedules', 'Who']);
      expect(
        roles.every(
          ({ result, text: said }) => result === 'ok' && /^each of its [1-9]\d* permissions is granted$/.test(said),
        ),
        JSON.stringify(roles),
      ).toBe(true);
      expect(of('notify')).toEqual(['topics ok', 'secrets ok', 'secret ok', 'slack ok']);
      expect(of('images')).toEqual(['web ok']);
      expect(found.filter(({ what }) => what === 'clock').map(({ result }) => result)).toEqual(['ok', 'ok']);
      for (const secret of world.secrets) expect(text).not.toContain(secret);
      expect(world.slack.posts).toEqual([]);
      expect(world.github.log()).toHaveLength(1);
    });

    it('names what lies about, is switched off, rings, was taken away or is not granted, and how to mend each', async () => {
      const { where } = world;
      await world.sqs.send(
        new SendMessageCommand({ QueueUrl: named('AWS::SQS::Queue', 'QuestionsDeadLetters'), MessageBody: '{}' }),
      );
      const schedules = new SchedulerClient(where);
      const {
        Arn: _,
        CreationDate: __,
        LastModificationDate: ___,
        ...schedule
      } = await schedules.send(new GetScheduleCommand({ Name: named('AWS::Scheduler::Schedule', 'Sweep') }));
      await schedules.send(
        new UpdateScheduleCommand({
          ...schedule,
          Name: schedule.Name!,
          ScheduleExpression: schedule.ScheduleExpression!,
          Target: schedule.Target!,
          FlexibleTimeWindow: schedule.FlexibleTimeWindow!,
          State: 'DISABLED',
        }),
      );
      await new EventBridgeClient(where).send(new DisableRuleCommand({ Name: named('AWS::Events::Rule', '') }));
      const lambda = new LambdaClient(where);
      const { EventSourceMappings: [mapping] = [] } = await lambda.send(
        new ListEventSourceMappingsCommand({ FunctionName: named('AWS::Lambda::Function', 'Who') }),
      );
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mapping!.UUID!, Enabled: false }));
      const alarm = named('AWS::CloudWatch::Alarm', 'DeadLettersQuestions');
      await new CloudWatchClient(where).send(
        new SetAlarmStateCommand({ AlarmName: alarm, StateValue: 'ALARM', StateReason: 'a test' }),
      );
      const iam = new IAMClient(where);
      const role = named('AWS::IAM::Role', 'Notify');
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
      for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName }));
      const secrets = new SecretsManagerClient(where);
      await secrets.send(new PutSecretValueCommand({ SecretId: 'slack-bot', SecretString: 'xoxb-revoked-0000' }));
      world.github.repository.commitAs(
        { name: 'Ada', email: 'ada@example.com' },
        'main',
        { 'windlass.yaml': windlassFile('others').replace('eks: prod', 'eks: other') },
        'Change\n',
      );

      const { code, found, wrong } = await doctor();
      const told = wrong.join('\n');
      expect(told).toMatch(/stack dead letters: 1 lie in \S+/);
      expect(told).toMatch(/stack schedules: \S+ \(\S+\) is switched off/);
      expect(told).toMatch(/stack rules: \S+ \(\S+\) is switched off/);
      expect(told).toMatch(/stack functions: \S+ \(\S+\) takes nothing from \S+: Disabled/);
      expect(told).toMatch(/stack alarms: \S+ rings: Windlass of acme\/config@main/);
      expect(told).toContain(
        'stack clusters: the stack has no cluster other in eu-west-1, which windlass.yaml calls prod',
      );
      expect(told).toMatch(
        /permissions Notify: lacks (\d+) of \1 permissions: .*sqs:DeleteMessage on arn:aws:sqs:eu-west-1:000000000000:Windlass-WindlassNoticesQueue/,
      );
      expect(told).toContain('notify topics: the stack has no topic "others"');
      expect(told).toContain('notify slack: Slack does not take the token in slack-bot');
      expect(found.find(({ what, result }) => what === 'alarms' && result === 'wrong')?.mend).toMatch(
        /^docs\/runbook\.md#/,
      );
      for (const one of found.filter(({ result }) => result === 'wrong')) expect(one.mend, one.text).toBeTruthy();
      expect(code).toBe(1);

      await secrets.send(new DeleteSecretCommand({ SecretId: 'slack-bot' }));
      expect((await doctor()).wrong.join('\n')).toMatch(
        /notify secret: slack-bot, the key to Slack, is (to be deleted|not there)/,
      );
    });

    it('says of each thing that one may not look at which right would let one, and of nothing that it is wrong', async () => {
      const iam = new IAMClient(world.where);
      await iam.send(new CreateUserCommand({ UserName: 'guest' }));
      const Statement = [{ Effect: 'Allow', Action: ['cloudformation:DescribeStacks'], Resource: '*' }];
      await iam.send(
        new PutUserPolicyCommand({
          UserName: 'guest',
          PolicyName: 'few',
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
        }),
      );
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'guest' }));
      vi.stubEnv('AWS_ACCESS_KEY_ID', AccessKey!.AccessKeyId!);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', AccessKey!.SecretAccessKey!);
      const { found, wrong } = await doctor();
      expect(wrong).toEqual([]);
      const unknown = found.filter(
        ({ part, result }) => (part === 'stack' || part === 'permissions') && result === 'unchecked',
      );
      expect(unknown.map(({ mend }) => mend)).toEqual(
        expect.arrayContaining([
          'allow yourself cloudformation:ListStackResources',
          'allow yourself secretsmanager:DescribeSecret',
        ]),
      );
    });

    it('says that a stack which somebody named is not there', async () => {
      const { code, wrong } = await doctor('--stack', 'Windlas');
      expect(wrong.some((text) => text.startsWith('stack stack: there is no stack Windlas in eu-west-1'))).toBe(true);
      expect(code).toBe(1);
    });
  });
});
