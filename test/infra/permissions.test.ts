import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { functionVariables } from '../../lib/config/function-env.ts';
import { type Permission, written } from '../../lib/infra/permission.ts';
import type { Windlass } from '../../lib/infra/windlass.ts';
import { allProps, leastProps, listOf, makeStack, type Statement, SynthesizedTemplate, templateOf } from './synth.ts';

const { stack } = makeStack(allProps);
const template = new SynthesizedTemplate(Template.fromStack(stack).toJSON());

const least = templateOf(leastProps);

/** Who may do something, by the beginning of the role's logical id. */
function permissionsOf({ functions, schedules }: Windlass): [name: string, role: string, permissions: Permission[]][] {
  const { bump, report, notify, who, drift } = functions;
  return [
    ['bump', 'WindlassBumpRole', bump.permissions],
    ['report', 'WindlassReportRole', report.permissions],
    ['notify', 'WindlassNotifyRole', notify.permissions],
    ['who', 'WindlassWhoRole', who.permissions],
    ['drift', 'WindlassDriftRole', drift[0]!.permissions],
    ['drift, in a VPC', 'WindlassDriftvpc', drift[1]!.permissions],
    ['the schedules', 'WindlassSchedulesRole', schedules.permissions],
  ];
}

const roles = permissionsOf(stack.windlass);

/** Each action on each resource, as one text. */
const pairs = (statements: { actions: readonly string[]; resources: readonly string[] }[]) => {
  const all = statements.flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((resource) => `${action} ${resource}`)),
  );
  return [...new Set(all)].sort();
};

const readStatement = ({ Action, Resource }: Statement) => ({
  actions: listOf(Action),
  resources: listOf(Resource).map((one) => written(stack, one as string)),
});

/** What a role may do to resources that a text is in. */
const about = (role: string, part: string) =>
  pairs(
    template
      .statementsOfRole(role)
      .filter(({ Effect }) => Effect === 'Allow')
      .map(readStatement),
  ).filter((pair) => pair.includes(part));

describe('the permissions', () => {
  it.each(roles)('of %s are what it says why it needs them, and nothing else', (_, role, permissions) => {
    const allowed = template.statementsOfRole(role).filter(({ Effect }) => Effect === 'Allow');
    const declared = permissions.map(({ actions, resources }) => ({
      actions,
      resources: resources.map((resource) => written(stack, resource)),
    }));
    expect(pairs(allowed.map(readStatement))).toEqual(pairs(declared));
  });

  it('are of roles of which the table has all', () => {
    const known = template.ofType('AWS::IAM::Role').map(([id]) => id);
    expect(known.filter((id) => !roles.some(([, role]) => id.startsWith(role)))).toEqual([]);
  });

  it('are as docs/aws-permissions.md has them (npx vitest run test/infra/permissions.test.ts --update writes it)', async () =>
    await expect(pageOf(roles)).toMatchFileSnapshot('../../docs/aws-permissions.md'));

  it('to read ECR are of the prefixes alone, here and in the other registries', () => {
    const repositories = [
      'arn:aws:ecr:eu-west-1:123456789012:repository/shop/*',
      'arn:aws:ecr:eu-west-1:123456789012:repository/team-a/jobs*',
      'arn:aws:ecr:us-east-1:210987654321:repository/shop/*',
      'arn:aws:ecr:us-east-1:210987654321:repository/team-a/jobs*',
    ];
    const expected = (actions: string[]) =>
      pairs([{ actions: actions.map((one) => `ecr:${one}`), resources: repositories }]);
    expect(about('WindlassBumpRole', ' arn:aws:ecr')).toEqual(
      expected(['BatchGetImage', 'DescribeImageScanFindings', 'DescribeImages', 'GetDownloadUrlForLayer']),
    );
    expect(about('WindlassDriftRole', ' arn:aws:ecr')).toEqual(expected(['BatchGetImage', 'GetDownloadUrlForLayer']));
    for (const [, role] of roles.filter(([name]) => !/^(?:bump|drift)/.test(name)))
      expect(about(role, 'ecr:')).toEqual([]);
  });

  it('to read clusters are of each function for its own: by the role of another account, or by the ARN', () => {
    const cluster = (name: string) => `eks:DescribeCluster arn:aws:eks:eu-west-1:123456789012:cluster/${name}`;
    const checker = 'arn:aws:iam::210987654321:role/windlass-checker-other-eu-central-1';
    expect(about('WindlassDriftRole', 'eks:')).toEqual([cluster('dev'), cluster('prod')]);
    expect(about('WindlassDriftRole', 'sts:')).toEqual([`sts:AssumeRole ${checker}`]);
    expect(about('WindlassDriftvpc', 'eks:')).toEqual([cluster('vault')]);
    expect(about('WindlassDriftvpc', 'sts:')).toEqual([]);
    for (const [, role] of roles.filter(([name]) => !name.startsWith('drift'))) expect(about(role, 'eks:')).toEqual([]);
  });

  it('to ask audit logs are of those that are granted, and no others', () => {
    expect(about('WindlassWhoRole', 'logs:StartQuery')).toEqual([
      'logs:StartQuery arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/prod/cluster',
      'logs:StartQuery arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/prod/cluster:*',
    ]);
    expect(about('WindlassWhoRole', 'sts:')).toEqual([
      'sts:AssumeRole arn:aws:iam::210987654321:role/windlass-auditor-other-eu-central-1',
    ]);
    expect(least.statementsOfRole('WindlassWhoRole').map(({ Action }) => Action)).not.toContainEqual(
      expect.stringContaining('Query'),
    );
  });

  it("to read secrets are of each function for GitHub's, and of notify alone for Slack's", () => {
    const secret = 'secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:123456789012:secret';
    const [writes, reads] = [`${secret}:windlass/github-a1B2c3`, `${secret}:windlass/github-reader-??????`];
    const slack = [`${secret}:hook-??????`, `${secret}:slack-bot-??????`];
    for (const [name, role] of roles.filter(([name]) => name !== 'the schedules')) {
      const github = name === 'bump' || name === 'report' ? writes : reads;
      expect(about(role, 'secretsmanager')).toEqual(name === 'notify' ? [...slack, github] : [github]);
    }
    // What they are told is what they may read.
    for (const [id, { Properties }] of template.ofType('AWS::Lambda::Function')) {
      const told = Properties.Environment.Variables[functionVariables.githubSecret];
      const isWriter = id.startsWith('WindlassBump') || id.startsWith('WindlassReport');
      expect([id, told]).toEqual([id, isWriter ? allProps.githubSecret : allProps.githubReadSecret]);
    }
  });

  it('to read the one secret for GitHub are of all where there is no second one', () => {
    const roleNames = [
      'WindlassBumpRole',
      'WindlassReportRole',
      'WindlassNotifyRole',
      'WindlassWhoRole',
      'WindlassDriftRole',
    ];
    for (const role of roleNames) {
      const read = least.statementsOfRole(role).filter(({ Action }) => Action === 'secretsmanager:GetSecretValue');
      expect(JSON.stringify(read)).toContain('secret:windlass/github-??????');
    }
  });

  it('to publish are of notify, to the topics that are granted, and not to that of alarms', () => {
    for (const [name, role] of roles)
      expect(about(role, 'sns:')).toEqual(
        name === 'notify'
          ? ['sns:Publish <WindlassTopicsdeploys9F5B58CF>', 'sns:Publish arn:aws:sns:eu-west-1:123456789012:oncall']
          : [],
      );
  });

  it('to use the own key are there where there is one, and nowhere else', () => {
    for (const [, role] of roles) {
      expect(about(role, allProps.encryptionKey as string)).not.toEqual([]);
      expect(JSON.stringify(least.statementsOfRole(role))).not.toContain('kms:');
    }
  });

  it('to use the own key are by way of the services that use it for what a function does', () => {
    for (const [, role] of roles.filter(([name]) => name !== 'the schedules')) {
      const [use] = template.statementsOfRole(role).filter(({ Action }) => listOf(Action).includes('kms:Decrypt'));
      expect(use!.Condition).toEqual({
        StringLike: {
          'kms:ViaService': ['dynamodb', 'secretsmanager', 'sns', 'sqs'].map(
            (one) => `${one}.eu-west-1.amazonaws.com*`,
          ),
        },
      });
    }
  });

  it('to tell programs of incidents are in the name of Windlass alone', () => {
    const [puts] = template
      .statementsOfRole('WindlassReportRole')
      .filter(({ Action }) => Action === 'events:PutEvents');
    expect(puts!.Condition).toEqual({ 'ForAllValues:StringEquals': { 'events:source': 'windlass' } });
  });

  it('in a VPC are refused to the code of the function itself', () => {
    const denied = template.statementsOfRole('WindlassDriftvpc').filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toHaveLength(1);
    expect(denied[0]!.Action).toEqual(about('WindlassDriftvpc', 'ec2:').map((pair) => pair.split(' ')[0]));
    expect(denied[0]!.Condition).toHaveProperty('ArnLike');
  });
});

describe('the queues', () => {
  const puller = (cluster: string) => ({
    ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::210987654321:role/${cluster}` },
  });
  const admitted = (begin: string) => {
    const [id] = template.ofType('AWS::SQS::Queue').find(([one]) => one.startsWith(begin))!;
    return template.statementsOfQueue(id).filter(({ Effect }) => Effect === 'Allow');
  };

  it('admit the puller of a cluster in another account by its role, to what it does', () => {
    const Principal = { AWS: 'arn:aws:iam::210987654321:root' };
    const Condition = puller('windlass-puller-other-eu-central-1');
    expect(admitted('WindlassReportsother')).toEqual([
      expect.objectContaining({ Action: 'sqs:SendMessage', Principal, Condition }),
    ]);
    expect(admitted('WindlassWakeother')).toEqual([
      expect.objectContaining({ Action: ['sqs:DeleteMessage', 'sqs:ReceiveMessage'], Principal, Condition }),
    ]);
  });

  it.each([
    ...['WindlassWakedev', 'WindlassWakeprod', 'WindlassNoticesQueue', 'WindlassQuestionsQueue'],
    ...['WindlassReportsQueue', 'WindlassReportsDeadLetters', 'WindlassReportsdev', 'WindlassReportsprod'],
  ])('of one account, as %s, admit nobody by a policy', (begin) => expect(admitted(begin)).toEqual([]));
});

/** docs/aws-permissions.md */
function pageOf(all: typeof roles): string {
  const rows = all.flatMap(([name, , permissions]) =>
    permissions.map(({ why, actions, resources, wide, only }) => {
      const names = [...new Set(resources.map((resource) => called(written(stack, resource))))];
      const cells = [
        name,
        actions.map(code).join(' '),
        names.join('<br>') + (only === undefined ? '' : `, ${only}`),
        why + (wide === undefined ? '' : `. ${wide}`),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  );
  return `${[head, '', '| who | may | what | why |', '| --- | --- | --- | --- |', ...rows].join('\n')}\n`;
}

const head = `# What Windlass may do in AWS

Made from the stack by test/infra/permissions.test.ts, for a Windlass with every prop; [aws.md](aws.md) says what the parts are. No role has a policy that AWS
writes, no action has a wildcard. In the audit table no role may update or delete an item, and DynamoDB lets none expire. \`dynamodb:PutItem\` could replace one: that records are
written only where none is yet is a condition of the code, and point-in-time recovery has what was there before. In the account itself IAM decides beside this table: whoever else
you give \`sqs:SendMessage\` on a queue may send to it. The pullers, and the roles in accounts of clusters, are in [cluster-access.md](cluster-access.md#who-may-do-what). Beside these, the stack's own
rules of EventBridge may put events on the queues of pushes and of what could not be delivered, CloudWatch's alarms may publish to a topic that the stack makes, and the puller of a cluster in another account may send to its
own queue of reports and read its own wake queue: by the policies of these queues and topics. With \`registries\` of other accounts the default event bus has a policy:
whom such an account lets (its \`root\` is named, so that its own IAM decides) may \`events:PutEvents\` there, of the sources of ECR and its scanners alone.`;

/** Names of the stack's own resources for people; all else as it is. */
const names: [RegExp, string][] = [
  [/^<WindlassRecords(Audit|State).*>$/, 'the $1 table'],
  [/^<WindlassPushEventsPushesQueue.*>$/, 'the queue of pushes'],
  [/^<WindlassPushEventsUndelivered.*>$/, 'the queue of what could not be delivered'],
  [/^<Windlass(Reports|Notices|Questions)Queue.*>$/, 'the queue of $1'],
  [/^<WindlassReports(?!DeadLetters).*>$/, "the clusters' queues of reports"],
  [/^<WindlassWake.*>$/, 'the wake queues'],
  [/^<WindlassTopics.*>$/, 'the topics'],
  [/^<Windlass.*Logs.*>$/, 'its log group'],
  [/^<Windlass.*Function.*>$/, 'the functions that check for drift'],
];

function called(resource: string): string {
  const found = names.find(([pattern]) => pattern.test(resource));
  return found === undefined
    ? code(resource)
    : resource.replace(...found).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function code(text: string): string {
  return `\`${text}\``;
}
