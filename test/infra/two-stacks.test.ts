import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { accessStackNames } from '../../lib/infra/cluster-access-names.ts';
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';
import { leastProps, makeApp, SynthesizedTemplate } from './synth.ts';

const env = { account: '123456789012', region: 'eu-west-1' };
const registries = [{ account: '210987654321', region: 'eu-west-1' }];

/** A stack as an app of its own has it: all apps give it the same id. */
function deployedAs(stackName: string, props: Partial<WindlassProps>): SynthesizedTemplate {
  const stack = new WindlassStack(makeApp(), 'Windlass', { env, stackName, ...leastProps, registries, ...props });
  return new SynthesizedTemplate(Template.fromStack(stack).toJSON() as { [name: string]: unknown });
}

/** What AWS knows by a name that the template says: a second one of it in the account and Region is refused, or takes the place of the first. */
function namesIn({ resources }: SynthesizedTemplate): string[] {
  return Object.values(resources).flatMap(({ Type, Properties = {} }) => {
    // Its name is one within its role.
    if (Type === 'AWS::IAM::Policy') return [];
    const own = Type.split('::').at(-1)!.replace('GlobalTable', 'Table');
    const names = [Properties[`${own}Name`], Properties['Name'], Properties['StatementId']];
    return names.filter((name) => name !== undefined).map((name) => `${Type} ${JSON.stringify(name)}`);
  });
}

describe('two stacks in one account and Region', () => {
  it('share no name, also where their clusters have the same one in two accounts', () => {
    const clusterOf = (account: string) => `arn:aws:eks:eu-west-1:${account}:cluster/prod`;
    const shop = namesIn(deployedAs('Windlass', { repo: 'acme/shop', clusters: [clusterOf('123456789012')] }));
    const pay = namesIn(deployedAs('WindlassPay', { repo: 'acme/pay', clusters: [clusterOf('210987654321')] }));
    expect(shop.filter((name) => name.startsWith('AWS::IAM::Role')).length).toBeGreaterThan(0);
    expect(shop.filter((name) => name.startsWith('AWS::Events::EventBusPolicy'))).toHaveLength(1);
    expect(shop.filter((name) => pay.includes(name))).toEqual([]);
  });
});

describe('two stacks of one repo and branch', () => {
  const both = (first: object, second: object) => {
    const app = makeApp();
    new WindlassStack(app, 'One', { ...leastProps, ...first });
    return () => new WindlassStack(app, 'Two', { ...leastProps, ...second });
  };

  it('are an error where they meet', () =>
    expect(both({ env }, { env })).toThrow(
      'The properties of Two/Windlass are wrong\nrepo: One/Windlass is a Windlass of acme/shop-config@main in eu-west-1 of account 123456789012 already',
    ));

  it('are an error also where the one writes the repo in capitals: GitHub takes both for one', () =>
    expect(both({ env, repo: 'globex/shop' }, { env, repo: 'Globex/Shop' })).toThrow(
      'repo: One/Windlass is a Windlass of globex/shop@main in eu-west-1 of account 123456789012 already',
    ));

  it.each([
    ['a branch in capitals', { env }, { env, branch: 'Main' }],
    ['another branch', { env }, { env, branch: 'next' }],
    ['another Region', { env }, { env: { ...env, region: 'us-east-1' } }],
    ['places that are known later', {}, {}],
  ])('go where they have %s', (_, first, second) => expect(both(first, second)).not.toThrow());
});

describe('the stacks of accesses', () => {
  const arnOf = (name: string, region = 'eu-west-1') => `arn:aws:eks:${region}:123456789012:cluster/${name}`;

  it('have the Region in their names where two clusters have one name, and no other has', () =>
    expect(accessStackNames([arnOf('acme_prod'), arnOf('dev'), arnOf('acme-prod', 'us-east-1')])).toEqual([
      'WindlassClusterAccess-acme-prod-eu-west-1',
      'WindlassClusterAccess-dev',
      'WindlassClusterAccess-acme-prod-us-east-1',
    ]));

  it('are refused where a cluster is there twice, or two would have one name', () => {
    const names = [arnOf('dev'), arnOf('acme_prod'), arnOf('dev'), arnOf('acme-prod')];
    expect(() => accessStackNames(names)).toThrow(
      `windlassClusters[2]: ${arnOf('dev')} is there twice, first as windlassClusters[0]\n  = leave one out\nwindlassClusters[3]: its stack would have the name of that of windlassClusters[1], ${arnOf('acme_prod')}\n`,
    );
  });
});

describe('the app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-app-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const functions = makeApp().node.tryGetContext('windlass:functions') as string;
  const arn = 'arn:aws:eks:eu-west-1:123456789012:cluster/acme_prod';
  const key = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  /** Runs bin/cdk.ts as the CDK's command does. */
  async function app(outdir: string, context: object, place: object = {}): Promise<void> {
    const flags = { ...cdkJson.context, windlass: leastProps, 'windlass:functions': functions, ...context };
    const own = { PATH: process.env['PATH'], CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(flags) };
    await promisify(execFile)(process.execPath, ['bin/cdk.ts'], { env: { ...own, ...place } });
  }

  it('is not made of a cdk.json that nobody filled in: it says what is to be written', async () => {
    const made = app(join(folder, 'untouched'), { windlass: cdkJson.context.windlass });
    await expect(made).rejects.toMatchObject({
      code: 2,
      stderr: [
        'The properties of Windlass are wrong (context of cdk.json)',
        'repo: it is not filled in yet',
        '  = write owner and name of your config repo: acme/shop-config',
        'repositoryPrefixes: it names no repository',
        '  = list how their names begin: ["shop/"]\n',
      ].join('\n'),
    });
  });

  it('is of an example then, where npm run synth asks for it', async () => {
    const folderOf = join(folder, 'example');
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const [, example] = /WINDLASS_EXAMPLE=(\S+) cdk synth/.exec(scripts['synth']!)!;
    await app(folderOf, { windlass: cdkJson.context.windlass }, { WINDLASS_EXAMPLE: example! });
    expect(readFileSync(join(folderOf, 'Windlass.template.json'), 'utf8')).toContain('acme/shop-config@main');
  });

  it.each([
    [
      'credentials lead to its place',
      { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region },
      { encryptionKey: key },
    ],
    // A table with a key of one's own needs to know its Region.
    ['nobody says where it is', {}, {}],
  ])('takes the bare ARN of a cluster, and refers to its own stack for the rest, where %s', async (_, place, more) => {
    const outdir = mkdtempSync(join(folder, 'bare-'));
    const gitSecretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:windlass/git-a1b2c3';
    const other = arn.replace('acme_prod', 'acme-dev');
    const windlass = { ...leastProps, clusters: [arn, other], ...more };
    await app(outdir, { windlass, windlassClusters: [arn, { cluster: other, gitSecretArn }] }, place);
    const read = (file: string) => readFileSync(join(outdir, file), 'utf8');
    const { artifacts } = JSON.parse(read('manifest.json')) as {
      artifacts: Record<string, { environment?: string; dependencies?: string[] }>;
    };
    for (const name of ['WindlassClusterAccess-acme-prod', 'WindlassClusterAccess-acme-dev']) {
      expect(artifacts[name]?.dependencies).toContain('Windlass');
      expect(artifacts[name]?.environment).toBe(artifacts['Windlass']?.environment);
      const template = read(`${name}.template.json`);
      const reported = new Set(template.match(/WindlassReports[a-z]+euwest1|WindlassReportsacme[a-z]+/g));
      expect([...reported].map((id) => id.replace(/euwest1$/, ''))).toEqual([
        `WindlassReports${name.replace('WindlassClusterAccess-', '').replace('-', '')}`,
      ]);
      expect(template).toMatch(/sqs:ReceiveMessage/);
      expect(template).toMatch(/windlass-drift-/);
      expect(template.includes(key)).toBe('encryptionKey' in more);
    }
    expect(read('WindlassClusterAccess-acme-dev.template.json')).toContain(gitSecretArn);
  });

  it.each([
    ['of another account', arn.replace('123456789012', '210987654321'), 'is in eu-west-1 of account 210987654321, and'],
    [
      'of another Region',
      arn.replace('eu-west-1', 'us-east-1'),
      'is in us-east-1 of account 123456789012, and Windlass in eu-west-1 of 123456789012\n  = where Windlass is to be in us-east-1, set AWS_REGION=us-east-1, or the region of the AWS profile; else write an object',
    ],
    ['that Windlass may not look at', arn.replace('prod', 'dev'), 'Windlass may not look at acme_dev\n  = add '],
    ['that is none', 'acme-prod', '"acme-prod" is no ARN of an EKS cluster'],
  ])('refuses the bare ARN of a cluster %s, and says so once', async (_, cluster, expected) => {
    const place = { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region };
    const context = { windlass: { ...leastProps, clusters: [arn] }, windlassClusters: [cluster] };
    const error = await app(mkdtempSync(join(folder, 'no-')), context, place).catch((one) => one);
    expect(error).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) });
    expect(error.stderr).toMatch(/^The properties of the access to a cluster are wrong \(context of cdk.json\)\n/);
    expect(error.stderr.split('windlassClusters[0]')).toHaveLength(2);
  });

  it('says which entry of windlassClusters is wrong in what', async () => {
    const place = { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region };
    const other = arn.replace('acme_prod', 'acme-dev');
    const windlassClusters = [arn, { cluster: other, gitSecretArn: 'windlass/git', wakeQueueArn: 'wake' }];
    const context = { windlass: { ...leastProps, clusters: [arn, other] }, windlassClusters };
    const error = await app(mkdtempSync(join(folder, 'entry-')), context, place).catch((one) => one);
    expect(error).toMatchObject({ code: 2 });
    expect(error.stderr.match(/^windlass.*$/gm)).toEqual([
      'windlassClusters[1].wakeQueueArn: "wake" is no ARN of a standard queue',
      'windlassClusters[1].gitSecretArn: "windlass/git" is no ARN of a secret',
    ]);
  });

  it('lets into each cluster the role alone that checks it, which says its VPC', async () => {
    const outdir = mkdtempSync(join(folder, 'checkers-'));
    const vpcOf = (id: string) => ({
      id,
      subnets: ['subnet-0123456789abcdef0'],
      securityGroups: ['sg-0123456789abcdef0'],
    });
    const named = (name: string) => arn.replace('acme_prod', name);
    const clusters = [
      { arn: named('a'), vpc: vpcOf('vpc-0123456789abcdef1') },
      named('open'),
      { arn: named('b'), vpc: vpcOf('vpc-0123456789abcdef2') },
      { arn: named('c'), vpc: vpcOf('vpc-0123456789abcdef1') },
    ];
    const windlassClusters = ['a', 'b', 'c', 'open'].map(named);
    const place = { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region };
    await app(outdir, { windlass: { ...leastProps, clusters }, windlassClusters }, place);
    const read = (stack: string) =>
      new SynthesizedTemplate(JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), 'utf8')));
    const described = Object.fromEntries(
      read('Windlass')
        .ofType('AWS::IAM::Role')
        .map(([, { Properties }]) => [Properties.RoleName, Properties.Description]),
    );
    const letIn = ['a', 'b', 'c', 'open'].map((name) => {
      const template = read(`WindlassClusterAccess-${name}`);
      const roles = template.ofType('AWS::EKS::AccessEntry').map(([, { Properties }]) => Properties.PrincipalArn);
      expect(template.json.Outputs['CheckerRoleArn']?.Value).toEqual(roles[0]);
      return roles.map((role) => described[role.split('/').at(-1)]);
    });
    const text = 'The function drift-on-schedule of Windlass';
    const inVpc = (last: number) => [`${text}, in vpc-0123456789abcdef${last}`];
    expect(letIn).toEqual([inVpc(1), inVpc(2), inVpc(1), [text]]);
  });

  it('gives the stack the name that its context says, so that a second config repo has a second stack', async () => {
    const synthesize = async (outdir: string, context: object) => {
      await app(outdir, context);
      const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8')) as { artifacts: object };
      return Object.entries(artifacts).flatMap(([name, { type }]) =>
        type === 'aws:cloudformation:stack' ? [name] : [],
      );
    };
    expect(await synthesize(join(folder, 'one'), {})).toEqual(['Windlass']);
    expect(await synthesize(join(folder, 'two'), { windlassStack: 'WindlassPay' })).toEqual(['WindlassPay']);
    await expect(synthesize(join(folder, 'three'), { windlassStack: 'pay_config' })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('windlassStack: "pay_config" is no name of a stack'),
    });
  });
});
