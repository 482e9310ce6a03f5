import { Aws, Token } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import {
  auditorRoleName,
  checkerRoleName,
  driftRoleName,
  pullerRoleName,
  whoRoleName,
} from '../../lib/infra/role-names.ts';

/** What IAM takes. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
const roleName = /^[\w+=,.@-]{1,64}$/;
const prod = { name: 'prod', region: 'eu-west-1' };

describe('the name of a role', () => {
  it('of a cluster says what it is for, and which cluster', () =>
    expect([pullerRoleName, checkerRoleName, auditorRoleName].map((name) => name(prod))).toEqual([
      'windlass-puller-prod-eu-west-1',
      'windlass-checker-prod-eu-west-1',
      'windlass-auditor-prod-eu-west-1',
    ]));

  it('of a function is one for each repo, branch, Region and VPC', () => {
    const names = [
      driftRoleName('acme/shop@main', 'eu-west-1'),
      driftRoleName('acme-shop@main', 'eu-west-1'),
      driftRoleName('acme/shop@main', 'us-east-1'),
      driftRoleName('acme/shop@next', 'eu-west-1'),
      driftRoleName('acme/shop@main', 'eu-west-1', 'vpc-0123456789abcdef0'),
      driftRoleName('acme/shop@main', 'eu-west-1', 'vpc-0123456789abcdef1'),
      whoRoleName('acme/shop@main', 'eu-west-1'),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(roleName);
    expect(names[1]).toBe('windlass-drift-acme-shop@main-eu-west-1');
  });

  it('fits with the longest Region, which may be known as late as at the deployment', () => {
    const long = `acme/${'x'.repeat(100)}@main`;
    expect(driftRoleName(long, 'ap-southeast-10')).toMatch(roleName);
    const late = driftRoleName(long, Aws.REGION);
    expect(Token.isUnresolved(late)).toBe(true);
    expect(late.replace(Aws.REGION, 'ap-southeast-10')).toBe(driftRoleName(long, 'ap-southeast-10'));
  });
});
