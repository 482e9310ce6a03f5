import { Lazy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { readProps } from '../../lib/infra/check-props.ts';
import { formatProblem, UserError } from '../../lib/model/errors.ts';
import { allProps, leastProps, makeStack } from './synth.ts';

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
      notifySecrets: ['slack', 'slack', 'arn:aws:sqs:eu-west-1:123456789012:slack'],
      topics: ['deploys', 'arn:aws:sns:eu-west-1:123456789012:deploys', 'on call'],
      alarmTopic: 'pager',
      eventBus: 'arn:aws:events:eu-west-1:123456789012:rule/x',
      encryptionKey: 'alias/windlass',
      logRetentionDays: 42,
    };
    expect(stack(wrong).map((text: string) => text.split('\n')[0])).toEqual([
      'githubUrl: "http://github.acme.example/api/v3" is not the URL of a GitHub API',
      'registries[0].account: 123456789012 is no account',
      'registries[0].region: "Ireland" is no Region',
      'registries[1]: "ecr" is no registry',
      'githubSecret: "windlass github" is no name of a secret',
      'notifySecrets[1]: "slack" is there twice',
      'notifySecrets[2]: "arn:aws:sqs:eu-west-1:123456789012:slack" is no name of a secret',
      'topics[1]: there are two topics deploys',
      'topics[2]: "on call" is no topic',
      'alarmTopic: "pager" is neither an ARN nor one of topics',
      'eventBus: "arn:aws:events:eu-west-1:123456789012:rule/x" is no event bus',
      'encryptionKey: "alias/windlass" is no KMS key',
      'logRetentionDays: logs cannot be kept for 42 days',
    ]);
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
      'clusters[1]: it is of another account than an earlier one: which is that of the stack?\n  = give the stack an env with its account, or the cluster its role',
    ]);
  });

  it('name more clusters than Lambda can be told of: that is said before the deployment', () => {
    const clusters = Array.from({ length: 60 }, (_, n) => `arn:aws:eks:eu-west-1:123456789012:cluster/cluster-${n}`);
    expect(() => makeStack({ ...leastProps, clusters })).toThrow(/divide the clusters among several stacks/);
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
