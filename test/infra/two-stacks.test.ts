import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
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

  it.each([
    [
      'credentials lead to its place',
      { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region },
      { encryptionKey: key },
    ],
    // A table with a key of one's own needs to know its Region.
    ['nobody says where it is', {}, {}],
  ])(
    'takes the bare ARN of a cluster, and refers to its own stack for the rest, where %s',
    async (_, place, more) => {
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
        expect(template).toContain('Reports');
        expect(template).toMatch(/sqs:ReceiveMessage/);
        expect(template).toMatch(/windlass-drift-/);
        expect(template.includes(key)).toBe('encryptionKey' in more);
      }
      expect(read('WindlassClusterAccess-acme-dev.template.json')).toContain(gitSecretArn);
    },
    60_000,
  );

  it.each([
    ['of another account', arn.replace('123456789012', '210987654321'), 'is in eu-west-1 of account 210987654321, and'],
    [
      'of another Region',
      arn.replace('eu-west-1', 'us-east-1'),
      'is in us-east-1 of account 123456789012, and Windlass',
    ],
    ['that Windlass may not look at', arn.replace('prod', 'dev'), 'Windlass may not look at acme_dev\n  = add '],
    ['that is none', 'acme-prod', '"acme-prod" is no ARN of an EKS cluster'],
  ])(
    'refuses the bare ARN of a cluster %s, and says so once',
    async (_, cluster, expected) => {
      const place = { CDK_DEFAULT_ACCOUNT: env.account, CDK_DEFAULT_REGION: env.region };
      const context = { windlass: { ...leastProps, clusters: [arn] }, windlassClusters: [cluster] };
      const error = await app(mkdtempSync(join(folder, 'no-')), context, place).catch((one) => one);
      expect(error).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) });
      expect(error.stderr).toMatch(/^The properties of the access to a cluster are wrong \(context of cdk.json\)\n/);
      expect(error.stderr.split('windlassClusters[0]')).toHaveLength(2);
    },
    60_000,
  );

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
  }, 60_000);
});
