import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, describe, expect, it } from 'vitest';
import { addSecurityChecks } from '../../lib/infra/security-checks.ts';
import { WindlassStack } from '../../lib/infra/windlass-stack.ts';
import { allProps, leastProps, makeApp, makeStack } from './synth.ts';

const outdir = mkdtempSync(join(tmpdir(), 'windlass-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe('the security checks', () => {
  it.each([
    ['least', leastProps],
    ['all', allProps],
  ])('find nothing in a stack with %s props', (name, props) => {
    const { app } = makeStack(props, join(outdir, name));
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  it('find nothing in a stack that fits every account and Region', () => {
    const app = makeApp(join(outdir, 'anywhere'));
    const clusters = ['arn:aws:eks:eu-west-1:123456789012:cluster/prod'];
    new WindlassStack(app, 'Windlass', { ...leastProps, clusters, topics: ['deploys'] });
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });

  it('would find an unguarded queue', () => {
    const { app, stack } = makeStack(leastProps, join(outdir, 'unguarded'));
    Validations.of(new Queue(stack, 'Unguarded')).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'only TLS is looked at here',
    });
    addSecurityChecks(app);
    expect(() => app.synth()).toThrow('does not require requests to use SSL');
  });
});
