import { randomUUID } from 'node:crypto';
import { SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWindlassOutputs } from '../../lib/config/stack-outputs.ts';
import { countActions, type ObjectChange } from '../../lib/model/change-set.ts';
import { clusterArn } from '../helpers/aws-cluster.ts';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { waitFor } from '../helpers/cluster.ts';
import type { Template } from '../helpers/deploy.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { reportOf } from '../pull/reports.ts';
import { describeWithStandins } from '../standins/describe.ts';

const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0" }
clusters:
  dev: { eks: acme-dev, region: eu-west-1 }
syncs:
  shop: { cluster: dev, path: apps, rollback: automatic }
notify:
  routes:
    - { slack: { channel: "#oncall", secret: slack-bot } }
    - { sns: deploys }
`,
  'apps/web.yaml': `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
};

const functions = ['Bump', 'Report', 'Notify', 'Who', 'Drift'] as const;
type Functions = (typeof functions)[number];
/** A grant: the function that has it, the action, and a word in the resource. */
type Grant = [of: Functions, action: string, on: string];

/** Each is withdrawn alone; what is not done without it is then refused, and said. */
const proven: Grant[] = [
  ['Bump', 'secretsmanager:GetSecretValue', 'windlass/github'],
  ['Bump', 'ecr:DescribeImages', 'shop/'],
  ['Bump', 'dynamodb:PutItem', 'Audit'],
  ['Bump', 'dynamodb:GetItem', 'State'],
  ['Bump', 'dynamodb:PutItem', 'State'],
  ['Bump', 'dynamodb:Query', 'State'],
  ['Bump', 'sqs:SendMessage', 'Wake'],
  ['Bump', 'sqs:SendMessage', 'Notices'],
  ['Report', 'secretsmanager:GetSecretValue', 'windlass/github'],
  ['Report', 'dynamodb:PutItem', 'Audit'],
  ['Report', 'dynamodb:Query', 'Audit'],
  ['Report', 'dynamodb:GetItem', 'State'],
  ['Report', 'dynamodb:PutItem', 'State'],
  ['Report', 'dynamodb:DeleteItem', 'State'],
  ['Report', 'dynamodb:Query', 'State'],
  ['Report', 'sqs:SendMessage', 'Notices'],
  ['Report', 'sqs:SendMessage', 'PushesQueue'],
  ['Report', 'events:PutEvents', 'default'],
  ['Notify', 'secretsmanager:GetSecretValue', 'windlass/github'],
  ['Notify', 'secretsmanager:GetSecretValue', 'slack-bot'],
  ['Notify', 'dynamodb:PutItem', 'Audit'],
  ['Notify', 'dynamodb:GetItem', 'State'],
  ['Notify', 'dynamodb:PutItem', 'State'],
  ['Notify', 'dynamodb:Query', 'State'],
  ['Notify', 'sns:Publish', 'deploys'],
  ['Who', 'secretsmanager:GetSecretValue', 'windlass/github'],
  ['Who', 'dynamodb:GetItem', 'State'],
  ['Drift', 'secretsmanager:GetSecretValue', 'windlass/github'],
  ['Drift', 'eks:DescribeCluster', 'acme-dev'],
  ['Drift', 'dynamodb:GetItem', 'State'],
  ['Drift', 'dynamodb:PutItem', 'State'],
  ['Drift', 'sqs:SendMessage', 'Reports'],
  // The last one of the check: its lease stays taken.
  ['Drift', 'dynamodb:DeleteItem', 'State'],
];

/** Those that are only asserted: MiniStack does not ask for them, or it takes more than happens here. */
const asserted: { grants: [of: RegExp, action: RegExp, on: string][]; why: string }[] = [
  { grants: [[/./, /^logs:(?:CreateLogStream|PutLogEvents)$/, 'Logs']], why: 'MiniStack itself writes the logs' },
  { grants: [[/./, /^xray:/, '']], why: 'no traces are sent' },
  { grants: [[/./, /^sqs:(?:ReceiveMessage|DeleteMessage|GetQueueAttributes)$/, '']], why: 'MiniStack itself polls' },
  {
    grants: [
      [/Bump|Notify|Who/, /^dynamodb:DeleteItem$/, 'State'],
      [/Who|Drift/, /^dynamodb:Query$/, 'State'],
    ],
    why: 'only for a windlass.yaml, or a survey of the branch, that is larger than one item',
  },
  {
    grants: [[/Bump/, /^ecr:(?:BatchGetImage|DescribeImageScanFindings|GetDownloadUrlForLayer)$/, 'shop/']],
    why: 'only for digests, labels and gates',
  },
  { grants: [[/Drift/, /^ecr:/, 'shop/']], why: 'only for Helm charts in ECR' },
  { grants: [[/Who/, /^dynamodb:PutItem$/, 'State']], why: 'the check is there before it, and keeps the same' },
  {
    grants: [
      [/Report/, /^sqs:SendMessage$/, 'Questions'],
      [/Who/, /^sqs:SendMessage$/, 'Reports'],
    ],
    why: 'only with an audit log',
  },
];

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

/** The statements of the roles of functions. */
function statementsOf(template: Template, of: Functions): Statement[] {
  const isPolicy = ([id, { Type }]: [string, { Type: string }]) =>
    Type === 'AWS::IAM::Policy' && id.startsWith(`Windlass${of}Role`);
  return Object.entries(template.Resources)
    .filter(isPolicy)
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
}

/** Takes an action out of the policies of a function's role. Throws where there is no such grant. */
function withdraw(template: Template, [of, action, on]: Grant): void {
  const statements = statementsOf(template, of).filter(
    ({ Action, Resource }) => [Action].flat().includes(action) && JSON.stringify(Resource).includes(on),
  );
  if (statements.length === 0) throw new Error(`${of} has no grant of ${action} on ${on}`);
  for (const statement of statements) {
    const rest = [statement.Action].flat().filter((one) => one !== action);
    // IAM takes no statement without an action: this one is nobody's.
    statement.Action = rest.length === 0 ? ['sqs:ListQueues'] : rest;
  }
  // A function that runs keeps what it has read: this makes it start anew.
  for (const [id, { Type, Properties }] of Object.entries(template.Resources))
    if (Type === 'AWS::Lambda::Function' && id.startsWith(`Windlass${of}Function`))
      Properties['Description'] = `without ${action} on ${on}`;
}

/** Grants of the template that are in neither list. */
function unnamed(template: Template): string[] {
  const all = functions.flatMap((of) =>
    statementsOf(template, of).flatMap(({ Action, Resource }) =>
      [Action].flat().map((action) => ({ of, action, on: JSON.stringify(Resource) })),
    ),
  );
  const isNamed = ({ of, action, on }: (typeof all)[number]) =>
    proven.some((grant) => grant[0] === of && grant[1] === action && on.includes(grant[2])) ||
    asserted.some(({ grants }) => grants.some((one) => one[0].test(of) && one[1].test(action) && on.includes(one[2])));
  return all.filter((grant) => !isNamed(grant)).map(({ of, action, on }) => `${of} ${action} ${on}`);
}

await describeWithMiniStack('the grants of the stack', () => {
  describeWithStandins('with GitHub and Slack', () => {
    let world: AwsWorld;
    let pushed = 0;
    beforeAll(async () => {
      const props = { clusters: [clusterArn], notifySecrets: ['slack-bot'], topics: ['deploys'] };
      world = await startAwsWorld({ files, props, ministack: { speed: 60 } });
      const { PushesQueueUrl, NoticesQueueUrl } = world.deployed.outputs;
      for (const QueueUrl of [PushesQueueUrl, reports(), NoticesQueueUrl])
        await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '1' } }));
    });
    afterAll(() => world?.close());

    const reports = () => {
      const { clusters } = readWindlassOutputs('Windlass', world.deployed.outputs);
      return clusters.find(({ arn }) => arn === clusterArn)?.reportsQueueUrl;
    };
    const send = (QueueUrl: string | undefined, body: object, MessageGroupId: string = randomUUID()) =>
      world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body), MessageGroupId }));
    const at = () => new Date().toISOString();
    /** Lets each function do all that it does. */
    const start: Record<Functions, () => Promise<unknown>> = {
      Bump: () => world.push('shop/web', `1.0.${++pushed}`),
      Report: async () => {
        const config = { type: 'ConfigReported', revision: 'a'.repeat(40) };
        const problems = [{ code: 'test', message: `wrong ${randomUUID()}` }];
        await send(reports(), { ...config, at: at(), problems });
        await send(reports(), { ...config, at: at(), problems: [] });
        const revision = world.github.push({}, { message: 'Another one' });
        const changes: ObjectChange[] = [{ object: 'ConfigMap/shop/a', action: 'configured', reason: 'it changed' }];
        const report = { run: randomUUID(), cluster: 'dev', revision, startedAt: at(), at: at(), changes };
        const group = randomUUID();
        await send(reports(), reportOf({ ...report, counts: countActions(changes) }), group);
        // Healthy before: the wish for a rollback.
        const worse = { run: randomUUID(), revision: 'b'.repeat(40), result: 'unhealthy' as const };
        const later = new Date(Date.now() + 1000).toISOString();
        await send(reports(), reportOf({ ...report, ...worse, at: later, changes: [] }), group);
      },
      Notify: async () => {
        await send(world.deployed.outputs['NoticesQueueUrl'], {
          type: 'Notice',
          kind: 'test',
          at: at(),
          title: randomUUID(),
          lines: [],
        });
        await send(world.deployed.outputs['NoticesQueueUrl'], { type: 'no notice', at: at() });
      },
      Who: async () => {
        world.github.push({}, { message: 'Another one' });
        const [QueueUrl] = await world.queues('QuestionsQueue');
        const question = { type: 'WhoWanted', cluster: 'dev', sync: 'shop', incident: 'one', until: at(), objects: [] };
        await world.sqs.send(
          new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(question), DelaySeconds: 0 }),
        );
      },
      // The schedule does. A check that the deployment ended in the middle left its lease, which lasts longer than a test.
      Drift: () => world.forget('lease#'),
    };
    /** All that was logged or written down of refusals to a function. */
    const refusals = async (of: Functions, action: string) => {
      const seen = [
        await world.logs(`Windlass${of}`),
        await world.items('StateTable'),
        await world.items('AuditTable'),
      ];
      return JSON.stringify(seen).split(`is not authorized to perform: ${action}`).length - 1;
    };

    it('are enough', async () => {
      for (const begin of Object.values(start)) await begin();
      const done = () => [
        Buffer.from(world.github.show('apps/web.yaml')!).toString().includes(':1.0.1'),
        world.slack.posts.length > 1,
      ];
      await waitFor(() => done().every(Boolean), { what: 'a commit and messages in Slack' });
      await waitFor(async () => (await world.logs('WindlassDrift')).length > 2, { what: 'a check' });
      for (const of of functions) expect(await refusals(of, '')).toBe(0);
    });

    it('are all withdrawn below, or said to be only asserted', async () => {
      let left: string[] = [];
      await world.deployed.edit((template) => {
        left = unnamed(template);
      });
      expect(left).toEqual([]);
    });

    describe('are all needed', () => {
      it.each(proven)('%s fails without %s on %s', async (...grant) => {
        const [of, action] = grant;
        await world.deployed.edit((template) => withdraw(template, grant));
        const before = await refusals(of, action);
        await start[of]();
        await waitFor(async () => (await refusals(of, action)) > before, { what: `${of} to be refused ${action}` });
      });
    });
  });
});
