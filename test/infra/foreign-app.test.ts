import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WindlassClusterAccess } from '../../lib/infra/cluster-access.ts';
import { ForwardPushes } from '../../lib/infra/forward-pushes.ts';
import { functionsContext } from '../../lib/infra/function-code.ts';
import { addSecurityChecks } from '../../lib/infra/security-checks.ts';
import { Windlass } from '../../lib/infra/windlass.ts';
import { allProps, makeApp } from './synth.ts';

const outdir = mkdtempSync(join(tmpdir(), 'windlass-foreign-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const functions = makeApp().node.tryGetContext(functionsContext) as string;
const account = '123456789012';
const region = 'eu-west-1';
const { encryptionKey, ...withoutKey } = allProps;

/** Every construct with every prop that it has; `place` says whether the stack's place is known. */
const constructs: Record<string, (stack: Stack, place: 'known' | 'unknown') => unknown> = {
  Windlass: (stack, place) =>
    // A table with a key of one's own needs to know its Region, and roles need to know which cluster is in another account.
    new Windlass(stack, 'Own', {
      ...withoutKey,
      ...(place === 'known' && { encryptionKey }),
      clusters: allProps.clusters!.map((one) => {
        const grant = typeof one === 'string' ? { arn: one } : one;
        const isElsewhere = grant.arn.includes('210987654321');
        return isElsewhere
          ? { ...grant, role: 'arn:aws:iam::210987654321:role/checker' }
          : { ...grant, auditLog: true };
      }),
    }),
  WindlassClusterAccess: (stack) =>
    new WindlassClusterAccess(stack, 'Own', {
      cluster: `arn:aws:eks:${region}:${account}:cluster/prod`,
      checkerPrincipalArns: ['arn:aws:iam::210987654321:role/windlass-drift'],
      auditorPrincipalArns: ['arn:aws:iam::210987654321:role/windlass-who'],
      reportsQueueArn: `arn:aws:sqs:${region}:210987654321:reports.fifo`,
      wakeQueueArn: `arn:aws:sqs:${region}:210987654321:wake`,
      gitSecretArn: `arn:aws:secretsmanager:${region}:${account}:secret:windlass/git`,
      queueKeyArn: `arn:aws:kms:${region}:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      gitSecretKeyArn: `arn:aws:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      chartRepositoryArns: [`arn:aws:ecr:${region}:${account}:repository/charts/web`],
      oidcProviderArn: `arn:aws:iam::${account}:oidc-provider/oidc.eks.${region}.amazonaws.com/id/ABC123`,
    }),
  ForwardPushes: (stack) =>
    new ForwardPushes(stack, 'Own', { account: '210987654321', region, repositoryPrefixes: ['shop/'] }),
};

describe("an app of one's own", () => {
  // What is deprecated is told once a process otherwise, and in the log alone.
  beforeAll(() => void vi.stubEnv('JSII_DEPRECATED', 'fail'));
  afterAll(() => void vi.unstubAllEnvs());

  const flags = [{}, { '@aws-cdk/core:enablePartitionLiterals': true }];
  const places = [
    ['known', { account, region }],
    ['unknown', {}],
  ] as const;
  const all = Object.keys(constructs).flatMap((name) =>
    flags.flatMap((flag) => places.map(([place, env]) => ({ name, flag, place, env }))),
  );

  it.each(all)('passes the security checks with $name, flags $flag, and a place that is $place', (one) => {
    const context = { ...one.flag, [functionsContext]: functions, 'aws:cdk:disable-asset-staging': true };
    const app = new App({ context, outdir: mkdtempSync(join(outdir, 'app-')) });
    constructs[one.name]!(new Stack(app, 'Stack', { env: one.env }), one.place);
    addSecurityChecks(app);
    expect(() => app.synth()).not.toThrow();
  });
});
