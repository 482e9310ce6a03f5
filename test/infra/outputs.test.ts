import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { readAccessOutputs, readWindlassOutputs } from '../../lib/config/stack-outputs.ts';
import { WindlassClusterAccess } from '../../lib/infra/cluster-access.ts';
import { WindlassClusterAccessStack } from '../../lib/infra/cluster-access-stack.ts';
import { Windlass } from '../../lib/infra/windlass.ts';
import { allProps, env, leastProps, makeApp, SynthesizedTemplate, templateOf } from './synth.ts';

const cluster = `arn:aws:eks:${env.region}:${env.account}:cluster/prod`;
const reportsQueueArn = `arn:aws:sqs:${env.region}:${env.account}:reports.fifo`;

const outputsOf = (stack: Stack) => new SynthesizedTemplate(Template.fromStack(stack).toJSON()).json.Outputs ?? {};

/** What CloudFormation would tell: texts for what is known when it is deployed. */
function deployed(outputs: Record<string, { Value: unknown }>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([key, { Value }]) => [key, textOf(Value)]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join } = value as { 'Fn::Join'?: [string, unknown[]] };
  return join === undefined ? 'known-later' : join[1].map(textOf).join(join[0]);
}

describe('a Windlass in a stack of your own', () => {
  const ownStack = () => new Stack(makeApp(), 'Delivery', { env });

  it('has no outputs unless asked', () => {
    const stack = ownStack();
    new Windlass(stack, 'Windlass', leastProps);
    expect(outputsOf(stack)).toEqual({});
  });

  it('has those of WindlassStack when asked, so that the CLI finds its way from them, and once however often', () => {
    const stack = ownStack();
    new CfnOutput(stack, 'Mine', { value: 'of the app' });
    const windlass = new Windlass(stack, 'Gitops', allProps);
    windlass.addOutputs();
    windlass.addOutputs();
    const { Mine, ...outputs } = outputsOf(stack);
    expect(Mine).toMatchObject({ Value: 'of the app' });
    expect(Object.keys(outputs)).toEqual(Object.keys(templateOf(allProps).json.Outputs));
    const read = readWindlassOutputs('Delivery', deployed(outputs));
    expect(read).toMatchObject({ repo: 'acme/shop-config', branch: 'release' });
    expect(read.clusters.map(({ arn }) => arn)).toEqual([...windlass.wakes.keys()]);
    const checkers = [...windlass.checkers.values()].map((arn) => textOf(stack.resolve(arn)));
    expect(read.clusters.map(({ checkerPrincipalArn }) => checkerPrincipalArn)).toEqual(checkers);
    expect(new Set(checkers).size).toBeGreaterThan(1);
  });

  it('does not take a name that the stack has an output of: that of another Windlass, or one of yours', () => {
    const stack = ownStack();
    new Windlass(stack, 'One', { ...leastProps, repo: 'acme/shop' }).addOutputs();
    const two = new Windlass(stack, 'Two', { ...leastProps, repo: 'acme/pay' });
    expect(() => two.addOutputs()).toThrow(
      /^the stack Delivery has outputs Repo, Branch, .* already, and Delivery\/Two needs these names\ngive it a stack of its own$/,
    );
    const other = ownStack();
    new CfnOutput(other, 'Branch', { value: 'mine' });
    const windlass = new Windlass(other, 'Windlass', leastProps);
    expect(() => windlass.addOutputs()).toThrow(/has outputs Branch already/);
  });
});

describe('the access to a cluster in a stack of your own', () => {
  const props = { cluster, checkerPrincipalArns: [`arn:aws:iam::${env.account}:role/windlass-drift`], reportsQueueArn };
  const ownStack = () => new Stack(makeApp(), 'Prod', { env });

  it('has no outputs unless asked', () => {
    const stack = ownStack();
    new WindlassClusterAccess(stack, 'Access', props);
    expect(outputsOf(stack)).toEqual({});
  });

  it('has those of WindlassClusterAccessStack when asked, so that bootstrap finds its way from them, and once however often', () => {
    const stack = ownStack();
    const access = new WindlassClusterAccess(stack, 'Mine', props);
    access.addOutputs();
    access.addOutputs();
    const whole = new WindlassClusterAccessStack(makeApp(), 'Whole', props);
    expect(Object.keys(outputsOf(stack))).toEqual(Object.keys(outputsOf(whole)));
    expect(readAccessOutputs('Prod', deployed(outputsOf(stack)))).toMatchObject({ cluster, identity: 'pod-identity' });
  });

  it('is the only one of its stack that has them', () => {
    const stack = ownStack();
    new WindlassClusterAccess(stack, 'One', props).addOutputs();
    const two = new WindlassClusterAccess(stack, 'Two', { ...props, cluster: cluster.replace('prod', 'dev') });
    expect(() => two.addOutputs()).toThrow(/^the stack Prod has outputs Cluster, PullerRoleArn, .* already/);
  });
});
