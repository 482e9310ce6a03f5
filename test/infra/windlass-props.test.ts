import { readFileSync } from 'node:fs';
import { Lazy, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { readProps } from '../../lib/infra/check-props.ts';
import { Windlass } from '../../lib/infra/windlass.ts';
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';
import { formatProblem, UserError } from '../../lib/model/errors.ts';
import { allProps, env, leastProps, makeApp, makeStack } from './synth.ts';

/** The report that a user of the stack would read. */
function complaints(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof UserError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

// Wrong on purpose, in ways that plain JavaScript and cdk.json allow.
// biome-ignore lint/suspicious/noExplicitAny: see above
const stack = (props: any) => complaints(() => makeStack(props));

describe('the properties of the stack', () => {
  it.each([
    { repo: 'acme/shop-config', repositoryPrefixes: ['shop/'] },
    allProps,
    { repo: 'acme/group/config', branch: 'release/2026.11', repositoryPrefixes: ['shop/web', 'team-a/', 'a'] },
  ])('may be %j', (props) => expect(stack(props)).toEqual([]));

  it('are complained about all at once, each with a way out', () => {
    const prefixes = ['', 'shop/*', '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/', 'Shop', 'shop/', 'shop/'];
    expect(stack({ repo: 'acme', branch: 'a..b', repositoryPrefixes: prefixes })).toEqual([
      'repo: "acme" is not a repository with its owner\n  = write owner and name: acme/shop-config',
      'branch: "a..b" is not a branch name\n  = write a branch\'s name: main',
      'repositoryPrefixes[0]: it is empty: every repository would match\n  = name the beginning: shop/',
      'repositoryPrefixes[1]: no ECR repository\'s name begins with "shop/*"\n  = did you mean "shop/"?',
      'repositoryPrefixes[2]: no ECR repository\'s name begins with "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/"\n  = did you mean "shop/"?',
      'repositoryPrefixes[3]: no ECR repository\'s name begins with "Shop"\n  = use lower-case letters, digits and . _ - /',
      'repositoryPrefixes[5]: "shop/" is there twice\n  = leave it out',
    ]);
  });

  it('have no more beginnings of names than a rule of EventBridge takes', () => {
    const named = (count: number) => Array.from({ length: count }, (_, index) => `team-${index}/`);
    expect(stack({ ...leastProps, repositoryPrefixes: named(20) })).toEqual([]);
    expect(stack({ ...leastProps, repositoryPrefixes: named(30) })).toEqual([
      'repositoryPrefixes: they are 30, too many for a rule of EventBridge\n  = name what they have in common: shop/ is for shop/web and shop/api',
    ]);
  });

  it('say which construct stands where a text is wanted, and what is no key', () => {
    const topic = new Topic(new Stack(undefined, 'Other'), 'Deploys');
    expect(stack({ ...leastProps, githubSecret: topic, alarmTopic: topic, encryptionKey: topic })).toEqual([
      'githubSecret: the construct Other/Deploys is no name of a secret\n  = write the name of the secret, or its ARN',
      'alarmTopic: the construct Other/Deploys is neither an ARN nor one of topics\n  = write the ARN of a topic, or the name of one of `topics`',
      'encryptionKey: the construct Other/Deploys is no KMS key\n  = write the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID); an alias is none',
    ]);
    expect(stack({ ...leastProps, logRetentionDays: 42n })[0]).toContain('logs cannot be kept for 42 days');
  });

  it('are complained about in the message, too: an app of the CDK shows nothing else', () =>
    expect(() => makeStack({ repo: 'acme', repositoryPrefixes: ['shop/'] })).toThrow(
      'The properties of Windlass are wrong\nrepo: "acme" is not a repository with its owner\n  = write owner and name: acme/shop-config',
    ));

  it('name the API of GitHub, and no page of it', () =>
    expect(stack({ ...leastProps, githubUrl: 'https://github.com/acme' })).toEqual([
      expect.stringMatching(
        /^githubUrl: "https:\/\/github.com\/acme" is not the URL of a GitHub API\n.*https:\/\/HOST\/api\/v3/,
      ),
    ]));

  it.each([
    'https://github.com/acme/shop-config',
    'https://github.com/acme/shop-config.git',
    'git@github.com:acme/shop-config.git',
    'ssh://git@github.com/acme/shop-config.git',
    'acme/shop-config.git',
  ])('have no address as the repo: %s', (repo) =>
    expect(stack({ repo, repositoryPrefixes: ['shop/'] })).toEqual([
      `repo: "${repo}" is not a repository with its owner\n  = did you mean "acme/shop-config"?`,
    ]),
  );

  it('must name the repo', () =>
    expect(stack({ repositoryPrefixes: ['shop/'] })).toEqual([
      'repo: it is not there\n  = write owner and name: acme/shop-config',
    ]));

  it.each([undefined, [], 'shop/'])('must name repositories: %j does not', (repositoryPrefixes) =>
    expect(stack({ repo: 'acme/config', repositoryPrefixes })).toEqual([
      'repositoryPrefixes: it names no repository\n  = list how their names begin: ["shop/"]',
    ]),
  );

  it('must fit into a message group together', () =>
    expect(stack({ repo: 'acme/config', branch: 'b'.repeat(117), repositoryPrefixes: ['shop/'] })).toEqual([
      'branch: it is longer than 127 characters together with repo\n  = take a shorter branch name',
    ]));

  it('of clusters are complained about one by one', () => {
    const arn = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';
    const vpc = { id: 'vpc-1', subnets: ['subnet-1'], securityGroups: ['sg-1'] };
    const clusters = [
      'prod',
      arn,
      { arn, role: 'arn:aws:iam::210987654321:role/reader' },
      { arn: 'arn:aws:eks:eu-west-1:210987654321:cluster/prod', auditLog: 'yes' },
      { arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/a', vpc: { ...vpc, id: 'main', subnets: [] } },
      { arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/b', vpc },
      { arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/c', vpc: { ...vpc, securityGroups: ['sg-2'] }, rolle: 'x' },
      { arn: Lazy.string({ produce: () => arn }) },
    ];
    expect(stack({ ...leastProps, clusters })).toEqual([
      'clusters[0]: "prod" is no ARN of an EKS cluster\n  = arn:aws:eks:eu-west-1:123456789012:cluster/prod',
      'clusters[2].role: it is of another account than the cluster\n  = take a role of account 123456789012, as WindlassClusterAccess makes it',
      'clusters[2]: prod in eu-west-1 is there twice\n  = leave it out',
      'clusters[3].auditLog: "yes" is neither true nor false\n  = write true',
      'clusters[3]: prod in eu-west-1 is there of two accounts\n  = one Windlass serves one of them: make a stack of its own for the other',
      'clusters[4].vpc.id: "main" is no VPC\n  = vpc-0123456789abcdef0',
      'clusters[4].vpc.subnets: [] is no list of them\n  = ["subnet-0123456789abcdef0"]',
      'clusters[6].rolle: there is no such property\n  = did you mean "role"?',
      'clusters[6].vpc: vpc-1 has other subnets or security groups above\n  = one function checks a VPC: write the same',
      'clusters[7].arn: it is not known before the deployment\n  = give the cluster a name of your own, and write the ARN as a text: arn:aws:eks:eu-west-1:123456789012:cluster/prod',
    ]);
  });

  it('of the rest are complained about one by one', () => {
    const wrong = {
      ...leastProps,
      githubUrl: 'http://github.acme.example/api/v3',
      registries: [{ account: 123456789012, region: 'Ireland' }, 'ecr'],
      githubSecret: 'windlass github',
      githubReadSecret: '',
      notifySecrets: ['slack', 'slack', 'arn:aws:sqs:eu-west-1:123456789012:slack'],
      topics: ['deploys', 'arn:aws:sns:eu-west-1:123456789012:deploys', 'on call'],
      alarmTopic: 'pager',
      eventBus: 'arn:aws:events:eu-west-1:123456789012:rule/x',
      encryptionKey: 'alias/windlass',
      logRetentionDays: 42,
      runbookUrl: 'docs/runbook.md',
    };
    expect(stack(wrong).map((text: string) => text.split('\n')[0])).toEqual([
      'githubUrl: "http://github.acme.example/api/v3" is not the URL of a GitHub API',
      'registries[0].account: 123456789012 is no account',
      'registries[0].region: "Ireland" is no Region',
      'registries[1]: "ecr" is no registry',
      'githubSecret: "windlass github" is no name of a secret',
      'githubReadSecret: "" is no name of a secret',
      'notifySecrets[1]: "slack" is there twice',
      'notifySecrets[2]: "arn:aws:sqs:eu-west-1:123456789012:slack" is no name of a secret',
      'topics[1]: there are two topics deploys',
      'topics[2]: "on call" is no topic',
      'alarmTopic: "pager" is neither an ARN nor one of topics',
      'eventBus: "arn:aws:events:eu-west-1:123456789012:rule/x" is no event bus',
      'encryptionKey: "alias/windlass" is no KMS key',
      'logRetentionDays: logs cannot be kept for 42 days',
      'runbookUrl: "docs/runbook.md" is no address of a page',
    ]);
  });

  it.each([
    ['arn:aws:sns:eu-west-1:1:x', 'its account "1" is not 12 digits'],
    ['arn:aws:sqs:eu-west-1:123456789012:deploys', 'its service "sqs" is not sns'],
    ['arn:gcp:sns:eu-west-1:123456789012:deploys', 'its partition "gcp" is not aws, aws-cn or the like'],
    ['arn:aws:sns::123456789012:deploys', 'its Region "" is none'],
    ['arn:aws:sns:eu-west-1:123456789012:on call', 'its name "on call" is not up to 250 letters, digits, - and _'],
    [
      'arn:aws:sns:eu-west-1:123456789012:deploys:0b1c',
      'its name "deploys:0b1c" is not up to 250 letters, digits, - and _',
    ],
    ['arn:aws:sns:eu-west-1:123456789012', 'its name "" is not up to 250 letters, digits, - and _'],
  ])('say what is malformed in the ARN of a topic: %s', (topic, fault) =>
    expect(stack({ ...leastProps, topics: [topic], alarmTopic: topic })).toEqual([
      `topics[0]: "${topic}" is no topic: ${fault}\n  = write the name of one to make, or the ARN of one that is there`,
      `alarmTopic: "${topic}" is no topic: ${fault}\n  = write the ARN of a topic, or the name of one of \`topics\``,
    ]),
  );

  it.each([
    ['refs/heads/main', '"refs/heads/main" is a ref, not a branch name\n  = did you mean "main"?'],
    ['refs/heads/team/a', '"refs/heads/team/a" is a ref, not a branch name\n  = did you mean "team/a"?'],
    ['refs/heads/', '"refs/heads/" is not a branch name\n  = write a branch\'s name: main'],
  ])('name the branch, and no ref: %s', (branch, complaint) =>
    expect(stack({ ...leastProps, branch })).toEqual([`branch: ${complaint}`]),
  );

  const secretArn = (name: string, account = env.account) =>
    `arn:aws:secretsmanager:${env.region}:${account}:secret:${name}`;

  it.each([
    [{ notifySecrets: ['windlass/github'] }, 'githubSecret'],
    [{ notifySecrets: [secretArn('windlass/github')] }, 'githubSecret'],
    [{ notifySecrets: [secretArn('windlass/github-a1B2c3')] }, 'githubSecret'],
    [{ notifySecrets: ['key'], githubSecret: secretArn('key-a1B2c3') }, 'githubSecret'],
    [{ notifySecrets: [secretArn('key')], githubSecret: secretArn('key-a1B2c3') }, 'githubSecret'],
    [{ notifySecrets: ['reader'], githubReadSecret: 'reader' }, 'githubReadSecret'],
  ])('never give the key to the config repo to Slack: %j', (props, key) =>
    expect(stack({ ...leastProps, ...props })).toEqual([
      `notifySecrets[0]: it is ${key}, a key to the config repo\n  = list the secrets of Slack alone`,
    ]),
  );

  it.each([
    { notifySecrets: ['windlass/github'], githubSecret: 'key' },
    { notifySecrets: ['windlass/github-a1B2c3'] },
    { notifySecrets: [secretArn('windlass/github', '210987654321')] },
    { notifySecrets: [secretArn('key-a1B2c3')], githubSecret: secretArn('key-d4E5f6') },
  ])('may give another secret to Slack: %j', (props) => {
    expect(stack({ ...leastProps, ...props })).toEqual([]);
  });

  const far = (service: string, rest: string) => `arn:aws:${service}:us-east-1:${env.account}:${rest}`;
  const farProps = {
    githubSecret: far('secretsmanager', 'secret:key-a1B2c3'),
    githubReadSecret: far('secretsmanager', 'secret:reader-a1B2c3'),
    notifySecrets: ['slack', far('secretsmanager', 'secret:hook-a1B2c3')],
    alarmTopic: far('sns', 'alarms'),
    eventBus: far('events', 'event-bus/acme'),
    encryptionKey: far('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
  };

  it('name nothing of another Region that is asked in the own one', () => {
    const secret =
      "= take one of eu-west-1, or replicate it there and write the replica's ARN: functions ask Secrets Manager of their own Region alone";
    const elsewhere = 'it is in us-east-1, and the stack in eu-west-1\n ';
    expect(stack({ ...leastProps, ...farProps })).toEqual([
      `githubSecret: ${elsewhere} ${secret}`,
      `githubReadSecret: ${elsewhere} ${secret}`,
      `notifySecrets[1]: ${elsewhere} ${secret}`,
      `alarmTopic: ${elsewhere} = take one of eu-west-1: CloudWatch alarms publish in their own Region alone`,
      `eventBus: ${elsewhere} = take one of eu-west-1, with a rule that sends on to this one: events are put in their own Region alone`,
      `encryptionKey: ${elsewhere} = take one of eu-west-1 (of a multi-Region key its replica there): AWS encrypts tables, queues, topics and logs with keys of their own Region alone`,
    ]);
  });

  it('may name these where they are: in the Region of the stack, or in one that is not known yet', () => {
    expect(stack({ ...leastProps, ...farProps, env: { ...env, region: 'us-east-1' } })).toEqual([]);
    expect(stack({ ...leastProps, ...farProps, env: {} })).toEqual([]);
  });

  it('may name a topic of another Region for notices, and not for alarms', () => {
    const topics = [far('sns', 'oncall')];
    expect(stack({ ...leastProps, topics })).toEqual([]);
    expect(stack({ ...leastProps, topics, alarmTopic: 'oncall' })).toEqual([
      expect.stringMatching(/^alarmTopic: it is in us-east-1, and the stack in eu-west-1\n/),
    ]);
  });

  it('know the Region of a key that is a construct', () => {
    const keyOf = (region: string) =>
      Key.fromKeyArn(new Stack(), 'Key', `arn:aws:kms:${region}:${env.account}:key/1234abcd`);
    expect(stack({ ...leastProps, encryptionKey: keyOf('us-east-1') })).toEqual([
      expect.stringMatching(/^encryptionKey: it is in us-east-1, and the stack in eu-west-1\n/),
    ]);
    expect(stack({ ...leastProps, encryptionKey: keyOf('eu-west-1') })).toEqual([]);
  });

  it('are of the partition that the stack is in', () =>
    expect(
      stack({
        ...leastProps,
        clusters: ['arn:aws-cn:eks:cn-north-1:123456789012:cluster/prod'],
        topics: ['arn:aws:sns:eu-west-1:123456789012:deploys'],
      }),
    ).toEqual(['clusters[0]: it is in the partition aws-cn, and others are in aws\n  = a stack serves one partition']));

  it('of clusters in several accounts need to know that of the stack', () => {
    const clusters = ['arn:aws:eks:eu-west-1:123456789012:cluster/a', 'arn:aws:eks:eu-west-1:210987654321:cluster/b'];
    expect(stack({ ...leastProps, clusters })).toEqual([]);
    expect(stack({ ...leastProps, clusters, env: {} })).toEqual([
      `clusters[1]: it is of another account than an earlier one: which is that of the stack?\n  = run it with AWS credentials of the stack's account (in an app of your own: give the stack an env with its account), or give the one of the other account its role: "role": "arn:aws:iam::210987654321:role/windlass-checker-b-eu-west-1"`,
    ]);
  });

  it.each([0, 1, 2])('take a cluster with a role for one of another account wherever it stands: at %i', (at) => {
    const clusters: object[] = ['a', 'c'].map((name) => ({
      arn: `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`,
    }));
    const role = 'arn:aws:iam::210987654321:role/reader';
    clusters.splice(at, 0, { arn: 'arn:aws:eks:eu-west-1:210987654321:cluster/b', role });
    expect(stack({ ...leastProps, clusters, env: {} })).toEqual([]);
  });

  it('name more clusters than Lambda can be told of: that is said before the deployment', () => {
    const clusters = Array.from({ length: 25 }, (_, n) => `arn:aws:eks:eu-west-1:123456789012:cluster/cluster-${n}`);
    const synthesize = (count: number) => makeStack({ ...leastProps, clusters: clusters.slice(0, count) });
    // A queue's address has 130 characters when it is made: 25 of them, with the ARNs, are more than 4 KB.
    expect(() => synthesize(15)).not.toThrow();
    expect(() => synthesize(25)).toThrow(/divide the clusters among several stacks/);
  });

  it.each([
    [8, 20],
    [20, 17],
    [100, 12],
  ])('name as many clusters as docs/aws.md says: with %i characters %i', (length, count) => {
    const clusters = Array.from({ length: count + 1 }, (_, n) => {
      const name = String(n).padStart(2, '0').padEnd(length, 'c');
      return `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`;
    });
    expect(() => makeStack({ ...leastProps, clusters: clusters.slice(0, count) })).not.toThrow();
    expect(() => makeStack({ ...leastProps, clusters })).toThrow(/divide the clusters among several stacks/);
    expect(readFileSync('docs/aws.md', 'utf8')).toMatch(new RegExp(`\\b${count} with ${length}\\b`));
  });

  it.each([
    ['account and Region', env, ["registries[1]: it is the stack's own, which is looked at anyway\n  = leave it out"]],
    ['no more than the Region', { region: env.region }, []],
  ])('have no registry of the stack itself, where it has %s', (_, place, complaint) =>
    expect(stack({ ...leastProps, env: place, registries: [{ ...env, region: 'us-east-1' }, env] })).toEqual(complaint),
  );

  it.each([
    [
      'the construct',
      (props: unknown) => new Windlass(new Stack(makeApp(), 'Delivery'), 'Windlass', props as WindlassProps),
    ],
    ['the stack', (props: unknown) => new WindlassStack(makeApp(), 'Windlass', props as WindlassProps)],
  ])('of %s are an object without keys that are none', (_, make) => {
    expect(complaints(() => make({ ...leastProps, brnach: 'main' }))).toEqual([
      'brnach: there is no such property\n  = did you mean "branch"?',
    ]);
    expect(complaints(() => make(undefined))).toEqual([
      'props: nothing is no object\n  = write one with repo: { ... }',
    ]);
  });

  it('of the stack are those of every stack, too', () => {
    const ofStack = { stackName: 'Shop', tags: { team: 'shop' }, terminationProtection: true, description: 'ours' };
    expect(new WindlassStack(makeApp(), 'Windlass', { ...leastProps, ...ofStack }).stackName).toBe('Shop');
  });

  it('from cdk.json may not be misspelt', () =>
    expect(complaints(() => readProps({ repo: 'config', brnach: 'main', colour: 'red' }))).toEqual([
      'brnach: there is no such property\n  = did you mean "branch"?',
      'colour: there is no such property\n  = leave it out',
      // What else is wrong is told with it.
      'repo: "config" is not a repository with its owner\n  = write owner and name: acme/shop-config',
      'repositoryPrefixes: it names no repository\n  = list how their names begin: ["shop/"]',
    ]));

  it.each([undefined, null, 'acme/config', ['acme/config']])('from cdk.json are an object: %j is none', (context) =>
    expect(complaints(() => readProps(context))).toEqual([
      'windlass: it is not an object\n  = write one with repo, branch and repositoryPrefixes',
    ]),
  );
});
