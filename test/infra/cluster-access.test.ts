import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aws, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { WindlassClusterAccess } from '../../lib/infra/cluster-access.ts';
import { readClusterAccess, type WindlassClusterAccessProps } from '../../lib/infra/cluster-access-props.ts';
import { WindlassClusterAccessStack } from '../../lib/infra/cluster-access-stack.ts';
import { addSecurityChecks } from '../../lib/infra/security-checks.ts';
import { checkerGroup as installedGroup } from '../../lib/install/checker.ts';
import { pullerName } from '../../lib/install/names.ts';
import { formatProblem, UserError } from '../../lib/model/errors.ts';

const outdir = mkdtempSync(join(tmpdir(), 'windlass-access-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const drift = 'arn:aws:iam::123456789012:role/windlass-drift-shop-eu-west-1';
const who = 'arn:aws:iam::123456789012:role/windlass-who-shop-eu-west-1';
const reports = 'arn:aws:sqs:eu-west-1:123456789012:Windlass-Reports.fifo';
const least: WindlassClusterAccessProps = {
  cluster: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod',
  checkerPrincipalArns: [drift],
  reportsQueueArn: reports,
};
const elsewhere = 'arn:aws:eks:us-east-1:210987654321:cluster/prod';
const whole: WindlassClusterAccessProps = {
  ...least,
  cluster: elsewhere,
  wakeQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:windlass-wake-prod-us-east-1',
  gitSecretArn: 'arn:aws:secretsmanager:us-east-1:210987654321:secret:windlass/git-a1b2c3',
  queueKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111',
  gitSecretKeyArn: 'arn:aws:kms:us-east-1:210987654321:key/22222222-2222-2222-2222-222222222222',
  chartRepositoryArns: ['arn:aws:ecr:us-east-1:210987654321:repository/charts/web'],
  auditorPrincipalArns: [who],
};
const oidcProviderArn = 'arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC123';

// biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
type Properties = any;

function makeApp(name: string): App {
  return new App({ context: cdkJson.context, outdir: join(outdir, name) });
}

let made = 0;
function templateOf(props: WindlassClusterAccessProps): Template {
  made += 1;
  return Template.fromStack(new WindlassClusterAccessStack(makeApp(`plain-${made}`), 'Access', props));
}

function ofType(template: Template, type: string): Properties[] {
  return Object.values(template.findResources(type)).map(({ Properties }) => Properties);
}

/** The statements of the role of this name, as actions and resources. */
function allowed(template: Template, roleName: string): [string | string[], unknown][] {
  const [id] = Object.entries(template.findResources('AWS::IAM::Role')).find(
    ([, { Properties }]) => Properties.RoleName === roleName,
  )!;
  const policies = ofType(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles[0].Ref === id);
  const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  for (const { Effect } of statements) expect(Effect).toBe('Allow');
  return statements.map(({ Action, Resource }) => [Action, Resource]);
}

function trustOf(template: Template, roleName: string): Properties {
  const role = ofType(template, 'AWS::IAM::Role').find(({ RoleName }) => RoleName === roleName);
  expect(role.AssumeRolePolicyDocument.Statement).toHaveLength(1);
  return role.AssumeRolePolicyDocument.Statement[0];
}

describe('the access of a check', () => {
  it("is an entry of the function's own role, in the account that it is in, with the group that the rights are for", () => {
    const template = templateOf(least);
    expect(ofType(template, 'AWS::EKS::AccessEntry')).toEqual([
      { ClusterName: 'prod', PrincipalArn: drift, Type: 'STANDARD', KubernetesGroups: ['windlass:drift'] },
    ]);
    expect(installedGroup).toEqual({ kind: 'Group', name: 'windlass:drift' });
    expect(ofType(template, 'AWS::IAM::Role').map(({ RoleName }) => RoleName)).toEqual([
      'windlass-puller-prod-eu-west-1',
    ]);
  });

  it('is an entry for each role where there are several, and none where nothing checks', () => {
    const two = templateOf({ ...least, checkerPrincipalArns: [drift, `${drift}-vpc`] });
    expect(ofType(two, 'AWS::EKS::AccessEntry').map(({ PrincipalArn }) => PrincipalArn)).toEqual([
      drift,
      `${drift}-vpc`,
    ]);
    expect(ofType(templateOf({ ...least, checkerPrincipalArns: [] }), 'AWS::EKS::AccessEntry')).toEqual([]);
  });

  it('from another account is by a role that this one role alone may take on, and that may find the cluster', () => {
    const template = templateOf({ ...least, cluster: elsewhere });
    const name = 'windlass-checker-prod-us-east-1';
    expect(trustOf(template, name)).toEqual({
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: 'arn:aws:iam::123456789012:root' },
      Condition: { ArnEquals: { 'aws:PrincipalArn': [drift] } },
    });
    expect(allowed(template, name)).toEqual([['eks:DescribeCluster', elsewhere]]);
    const [entry, ...more] = ofType(template, 'AWS::EKS::AccessEntry');
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).find(
      ([, { Properties }]) => Properties.RoleName === name,
    )!;
    expect(entry.PrincipalArn).toEqual({ 'Fn::GetAtt': [role, 'Arn'] });
    expect(more).toEqual([]);
  });

  it('to the audit log is by a role of its own, which is not let into the cluster', () => {
    const template = templateOf(whole);
    const name = 'windlass-auditor-prod-us-east-1';
    expect(trustOf(template, name).Condition).toEqual({ ArnEquals: { 'aws:PrincipalArn': [who] } });
    const group = 'arn:aws:logs:us-east-1:210987654321:log-group:/aws/eks/prod/cluster';
    expect(allowed(template, name)).toEqual([
      ['logs:StartQuery', [group, `${group}:*`]],
      [['logs:GetQueryResults', 'logs:StopQuery'], '*'],
    ]);
    expect(trustOf(template, 'windlass-checker-prod-us-east-1').Condition).toEqual({
      ArnEquals: { 'aws:PrincipalArn': [drift] },
    });
    expect(ofType(template, 'AWS::EKS::AccessEntry')).toHaveLength(1);
  });

  it('gets no access policy of EKS: those show Secrets, or not enough', () =>
    expect(JSON.stringify(templateOf(whole).toJSON())).not.toContain('AccessPolicies'));
});

describe('the role of the puller', () => {
  it('is for one service account of one cluster, by EKS Pod Identity', () => {
    const template = templateOf(least);
    expect(trustOf(template, 'windlass-puller-prod-eu-west-1')).toEqual({
      Effect: 'Allow',
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Condition: {
        StringEquals: {
          'aws:RequestTag/eks-cluster-arn': least.cluster,
          'aws:RequestTag/kubernetes-namespace': 'windlass-system',
          'aws:RequestTag/kubernetes-service-account': pullerName,
        },
      },
    });
    const [role] = Object.keys(template.findResources('AWS::IAM::Role'));
    expect(ofType(template, 'AWS::EKS::PodIdentityAssociation')).toEqual([
      {
        ClusterName: 'prod',
        Namespace: 'windlass-system',
        ServiceAccount: pullerName,
        RoleArn: { 'Fn::GetAtt': [role, 'Arn'] },
      },
    ]);
  });

  it('is for the same account by IRSA, where the cluster has an OIDC provider to name', () => {
    const template = templateOf({ ...least, oidcProviderArn });
    expect(trustOf(template, 'windlass-puller-prod-eu-west-1')).toEqual({
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: oidcProviderArn },
      Condition: {
        StringEquals: {
          'oidc.eks.eu-west-1.amazonaws.com/id/ABC123:sub': `system:serviceaccount:windlass-system:${pullerName}`,
          'oidc.eks.eu-west-1.amazonaws.com/id/ABC123:aud': 'sts.amazonaws.com',
        },
      },
    });
    expect(ofType(template, 'AWS::EKS::PodIdentityAssociation')).toEqual([]);
    template.hasOutput('Identity', { Value: 'irsa' });
  });

  it('may send reports, and nothing else where nothing else is named', () =>
    expect(allowed(templateOf(least), 'windlass-puller-prod-eu-west-1')).toEqual([['sqs:SendMessage', reports]]));

  it('may do with each thing that is named what the puller does with it', () =>
    expect(allowed(templateOf(whole), 'windlass-puller-prod-us-east-1')).toEqual([
      ['sqs:SendMessage', reports],
      [['sqs:DeleteMessage', 'sqs:ReceiveMessage'], whole.wakeQueueArn],
      [['kms:Decrypt', 'kms:GenerateDataKey'], whole.queueKeyArn],
      ['secretsmanager:GetSecretValue', whole.gitSecretArn],
      ['kms:Decrypt', whole.gitSecretKeyArn],
      [['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], whole.chartRepositoryArns![0]],
    ]));

  it.each([
    ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-a1B2c3', 'windlass/git-a1B2c3'],
    ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git', 'windlass/git-??????'],
    ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass-key', 'windlass-key-??????'],
  ])(
    'may read its secret, whose ARN ends with six characters in IAM, also where it is given without: %s',
    (arn, name) =>
      expect(allowed(templateOf({ ...least, gitSecretArn: arn }), 'windlass-puller-prod-eu-west-1')).toContainEqual([
        'secretsmanager:GetSecretValue',
        `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}`,
      ]),
  );

  it('may read a secret of its app, which is known by its name or at the deployment alone', () => {
    const stack = new Stack(makeApp('secret'), 'Access', { env: { account: '123456789012', region: 'eu-west-1' } });
    const made = new Secret(stack, 'Made');
    const named = Secret.fromSecretNameV2(stack, 'Named', 'windlass/git');
    for (const [id, { secretArn }] of Object.entries({ made, named })) {
      const cluster = `arn:aws:eks:eu-west-1:123456789012:cluster/${id}`;
      new WindlassClusterAccess(stack, id, { ...least, cluster, gitSecretArn: secretArn });
    }
    const template = Template.fromStack(stack);
    const readable = (id: string) => allowed(template, `windlass-puller-${id}-eu-west-1`).at(-1)?.[1];
    expect(readable('made')).toEqual({ Ref: expect.stringMatching(/^Made/) });
    expect(JSON.stringify(readable('named'))).toContain(':secret:windlass/git-??????');
  });

  it('is cut to what IAM takes, and stays one for each cluster', () => {
    const names = ['a', 'b'].map((last) => {
      const cluster = `arn:aws:eks:eu-west-1:123456789012:cluster/${'x'.repeat(90)}${last}`;
      return ofType(templateOf({ ...least, cluster }), 'AWS::IAM::Role')[0].RoleName as string;
    });
    for (const name of names) expect(name).toMatch(/^windlass-puller-x+-[0-9a-f]{8}$/);
    for (const name of names) expect(name).toHaveLength(64);
    expect(new Set(names).size).toBe(2);
  });
});

describe('the stack of an access', () => {
  it('is where the cluster is', () => {
    const stack = new WindlassClusterAccessStack(makeApp('place'), 'Access', whole);
    expect([stack.account, stack.region]).toEqual(['210987654321', 'us-east-1']);
  });

  it('says what windlass install and a person need to know', () => {
    const template = templateOf(least);
    const [role] = Object.keys(template.findResources('AWS::IAM::Role'));
    const outputs = Object.fromEntries(
      Object.entries(template.findOutputs('*')).map(([name, { Value }]) => [name, Value]),
    );
    expect(outputs).toEqual({
      Cluster: least.cluster,
      PullerRoleArn: { 'Fn::GetAtt': [role, 'Arn'] },
      CheckerRoleArn: drift,
      CheckerGroup: 'windlass:drift',
      Identity: 'pod-identity',
    });
  });

  it('has nothing of the cluster in it that may change: no address, no authority, no function', () => {
    const types = Object.values(templateOf(whole).toJSON().Resources as Record<string, { Type: string }>);
    expect([...new Set(types.map(({ Type }) => Type))].sort()).toEqual([
      'AWS::EKS::AccessEntry',
      'AWS::EKS::PodIdentityAssociation',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
    ]);
  });

  it.each([
    ['the least', least],
    ['everything', whole],
    ['IRSA', { ...least, oidcProviderArn }],
  ])('passes the security checks with %s', (name, props) => {
    const app = makeApp(`checked ${name}`);
    new WindlassClusterAccessStack(app, 'Access', props);
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  it('would not pass them with one right too many', () => {
    const app = makeApp('too-much');
    const { access } = new WindlassClusterAccessStack(app, 'Access', least);
    access.pullerRole.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: ['*'] }));
    addSecurityChecks(app);
    expect(() => app.synth()).toThrow('AwsSolutions-IAM5');
  });

  it("takes another stack's queue, of the same app, as it is", () => {
    const app = makeApp('app');
    const env = { account: '123456789012', region: 'eu-west-1' };
    const queue = new Queue(new Stack(app, 'Queues', { env }), 'Reports', { fifo: true, enforceSSL: true });
    Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'it is only sent to here' });
    const stack = new WindlassClusterAccessStack(app, 'Access', { ...least, reportsQueueArn: queue.queueArn });
    const [[, resource]] = allowed(Template.fromStack(stack), 'windlass-puller-prod-eu-west-1') as [[string, object]];
    expect(JSON.stringify(resource)).toMatch(/"Fn::(?:ImportValue|GetStackOutput)"/);
  });
});

describe('the roles of a stack in the same app', () => {
  const app = makeApp('roles');
  const main = new Stack(app, 'Main', { env: { account: '123456789012', region: 'eu-west-1' } });
  const role = new Role(main, 'Drift', {
    roleName: 'windlass-drift-shop',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
  });
  const props = { ...least, checkerPrincipalArns: [role.roleArn] };
  const own = new WindlassClusterAccessStack(app, 'Own', props);
  const other = new WindlassClusterAccessStack(app, 'Elsewhere', { ...props, cluster: elsewhere });

  it('are let in themselves, in their own account', () => {
    const [entry] = ofType(Template.fromStack(own), 'AWS::EKS::AccessEntry');
    expect(JSON.stringify(entry.PrincipalArn)).toMatch(/"Fn::(?:ImportValue|GetStackOutput)"/);
    expect(own.access.checkerRole).toBeUndefined();
    expect(own.dependencies).toContain(main);
  });

  it('are trusted by their names in another account', () => {
    const { Condition } = trustOf(Template.fromStack(other), 'windlass-checker-prod-us-east-1');
    expect(Condition).toEqual({
      ArnEquals: { 'aws:PrincipalArn': ['arn:aws:iam::123456789012:role/windlass-drift-shop'] },
    });
  });
});

/** The report that a user would read. */
function complaints(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe('the props of an access', () => {
  // Wrong on purpose, in ways that plain JavaScript and cdk.json allow.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  const stack = (props: any) => complaints(() => new WindlassClusterAccessStack(new App(), 'Access', props));

  it('are complained about all at once, each with a way out', () =>
    expect(
      stack({
        cluster: 'prod',
        checkerPrincipalArns: ['windlass-drift', drift],
        reportsQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:Windlass-Reports',
        wakeQueueArn: 'https://sqs.eu-west-1.amazonaws.com/123456789012/wake',
        gitSecretArn: 'windlass/git',
        queueKeyArn: 'arn:aws:kms:eu-west-1:123456789012:alias/windlass',
        chartRepositoryArns: ['arn:aws:ecr:eu-west-1:123456789012:repository/*'],
        oidcProviderArn: 'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC123',
      }),
    ).toEqual([
      'cluster: "prod" is no ARN of an EKS cluster\n  = write it out: arn:aws:eks:eu-west-1:123456789012:cluster/prod',
      'reportsQueueArn: "arn:aws:sqs:eu-west-1:123456789012:Windlass-Reports" is no ARN of a FIFO queue\n  = write the whole ARN',
      'wakeQueueArn: "https://sqs.eu-west-1.amazonaws.com/123456789012/wake" is no ARN of a standard queue\n  = write the whole ARN',
      'gitSecretArn: "windlass/git" is no ARN of a secret\n  = write the whole ARN',
      'queueKeyArn: "arn:aws:kms:eu-west-1:123456789012:alias/windlass" is no ARN of a KMS key\n  = write the whole ARN',
      'oidcProviderArn: "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC123" is no ARN of an OIDC provider\n  = write it out: arn:aws:iam::123456789012:oidc-provider/oidc.eks.REGION.amazonaws.com/id/ID',
      'checkerPrincipalArns[0]: "windlass-drift" is no ARN of a role\n  = write the whole ARN',
      'chartRepositoryArns[0]: "arn:aws:ecr:eu-west-1:123456789012:repository/*" has a wildcard\n  = write the whole ARN of an ECR repository, and of no other',
    ]));

  it('say whose ARN is wanted where there is a construct', () =>
    expect(stack({ ...least, reportsQueueArn: new Queue(new Stack(undefined, 'Other'), 'Reports') })).toEqual([
      'reportsQueueArn: the construct Other/Reports is no ARN of a FIFO queue\n  = take its ARN: of a queue queueArn, of a role roleArn',
    ]));

  it.each([
    ['wakeQueueArn', 'arn:aws:sqs:eu-west-1:123456789012:*'],
    ['wakeQueueArn', 'arn:aws:sqs:eu-west-1:*:wake'],
    ['reportsQueueArn', 'arn:aws:sqs:eu-west-1:123456789012:*.fifo'],
    ['gitSecretArn', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-??????'],
    ['queueKeyArn', 'arn:aws:kms:eu-west-1:123456789012:key/*'],
    ['checkerPrincipalArns[0]', 'arn:aws:iam::123456789012:role/*'],
    ['checkerPrincipalArns[0]', `arn:${Aws.PARTITION}:iam::123456789012:role/windlass-?`],
    ['auditorPrincipalArns[0]', 'arn:aws:iam::123456789012:role/windlass-*'],
  ])('name one thing each: %s may not be %s', (at, arn) => {
    const [key, isList] = [at.replace('[0]', ''), at.endsWith('[0]')];
    const [problem, ...more] = stack({ ...least, [key]: isList ? [arn] : arn });
    expect(problem).toMatch(/ has a wildcard\n {2}= write the whole ARN of /);
    expect(problem?.startsWith(`${at}: `)).toBe(true);
    expect(more).toEqual([]);
  });

  it("have no wildcard in the cluster's OIDC provider, which is of its own account", () => {
    expect(stack({ ...least, oidcProviderArn: oidcProviderArn.replace('ABC123', '*') })).toEqual([
      expect.stringMatching(/^oidcProviderArn: .* is no ARN of an OIDC provider/),
    ]);
    expect(stack({ ...least, oidcProviderArn: oidcProviderArn.replace('123456789012', '210987654321') })).toEqual([
      "oidcProviderArn: it is of account 210987654321, and the cluster of 123456789012\n  = take the cluster's own: IRSA asks the account of the role",
    ]);
  });

  it('take no FIFO queue to be woken by, and no other to report to', () => {
    expect(stack({ ...least, wakeQueueArn: `${reports}` })).toEqual([
      `wakeQueueArn: "${reports}" is no ARN of a standard queue\n  = write the whole ARN`,
    ]);
    const queues = new Stack(new App(), 'Queues', { env: { account: '123456789012', region: 'eu-west-1' } });
    const fifo = new Queue(queues, 'Fifo', { fifo: true }).queueArn;
    const other = new Queue(queues, 'OtherFifo', { fifo: true }).queueArn;
    const standard = new Queue(queues, 'Standard').queueArn;
    expect(stack({ ...least, reportsQueueArn: fifo, wakeQueueArn: standard })).toEqual([]);
    expect(stack({ ...least, reportsQueueArn: standard, wakeQueueArn: fifo })).toEqual([
      'reportsQueueArn: it is no FIFO queue\n  = take windlass.reportQueues.get(CLUSTER).queueArn',
      'wakeQueueArn: it is a FIFO queue\n  = take windlass.wakes.get(CLUSTER).queueArn',
    ]);
    expect(stack({ ...least, reportsQueueArn: fifo, wakeQueueArn: fifo })).toEqual([
      'wakeQueueArn: it is the queue of reports\n  = take the wake queue of this cluster',
    ]);
    expect(stack({ ...least, reportsQueueArn: fifo, wakeQueueArn: other })).toHaveLength(1);
  });

  it.each([
    [
      'the construct',
      (props: unknown) =>
        new WindlassClusterAccess(new Stack(new App(), 'Prod'), 'Access', props as WindlassClusterAccessProps),
    ],
    [
      'the stack',
      (props: unknown) => new WindlassClusterAccessStack(new App(), 'Access', props as WindlassClusterAccessProps),
    ],
  ])('of %s are an object without keys that are none', (_, make) => {
    expect(complaints(() => make({ ...least, reportQueueArn: reports }))).toEqual([
      'reportQueueArn: there is no such property\n  = did you mean "reportsQueueArn"?',
    ]);
    expect(complaints(() => make(undefined))).toEqual([
      'props: nothing is no object\n  = write one with cluster: { ... }',
    ]);
  });

  it('must say who checks, even where that is nobody', () =>
    expect(stack({ cluster: least.cluster, reportsQueueArn: reports })).toEqual([
      'checkerPrincipalArns: it is not there\n  = write [] for none',
    ]));

  it('are of the place that the stack is in', () =>
    expect(stack({ ...least, env: { account: '123456789012', region: 'us-east-1' } })).toEqual([
      "cluster: prod is in eu-west-1 of account 123456789012, but the stack is in us-east-1 of 123456789012\n  = give the stack env: { account: '123456789012', region: 'eu-west-1' }",
    ]));

  it('name the roles of one account, which is known', () => {
    const other = drift.replace('123456789012', '333333333333');
    expect(stack({ ...least, checkerPrincipalArns: [drift, other] })).toEqual([
      'checkerPrincipalArns: the roles are of several accounts\n  = name those of one Windlass stack',
    ]);
    const token = `arn:aws:iam::${Aws.ACCOUNT_ID}:role/windlass-drift`;
    expect(stack({ ...least, checkerPrincipalArns: [token] })).toEqual([
      "checkerPrincipalArns: the account of the roles is not known before they are deployed\n  = give Windlass's stack its account and Region (env), or write the ARNs out",
    ]);
  });

  it('may leave the account to the deployment where all is in one stack', () => {
    const stack = new Stack(new App(), 'All');
    const token = `arn:${stack.partition}:iam::${stack.account}:role/windlass-drift`;
    new WindlassClusterAccess(stack, 'Access', { ...least, checkerPrincipalArns: [token] });
    expect(ofType(Template.fromStack(stack), 'AWS::EKS::AccessEntry')).toHaveLength(1);
  });

  it('ask no audit log of the own account: the other stack grants that', () =>
    expect(stack({ ...least, auditorPrincipalArns: [who] })).toEqual([
      'auditorPrincipalArns: the cluster is in the account of the roles, where Windlass grants it itself\n  = leave it out, and write auditLog: true in the grant of the cluster (prop clusters of Windlass)',
    ]));

  it('from cdk.json are a list of ARNs, and of objects without unknown keys', () => {
    expect(readClusterAccess(undefined)).toEqual([]);
    expect(readClusterAccess([least, least.cluster])).toEqual([least, least.cluster]);
    expect(complaints(() => readClusterAccess(least))).toEqual([
      'windlassClusters: it is not a list of ARNs and objects\n  = write for each cluster its ARN, or an object with cluster, checkerPrincipalArns and reportsQueueArn',
    ]);
    const [problem] = complaints(() => readClusterAccess([least, { ...least, wakeQueue: 'x' }]));
    expect(problem).toMatch(/^windlassClusters\[1\]\.wakeQueue: there is no such property/);
  });
});
