import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
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

  it('gives the stack the name that its context says, so that a second config repo has a second stack', async () => {
    const functions = makeApp().node.tryGetContext('windlass:functions') as string;
    const synthesize = async (outdir: string, context: object) => {
      const all = { windlass: leastProps, 'windlass:functions': functions, ...context };
      const environment = { PATH: process.env['PATH'], CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(all) };
      await promisify(execFile)(process.execPath, ['bin/cdk.ts'], { env: environment });
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
