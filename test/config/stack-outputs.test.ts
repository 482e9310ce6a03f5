import { describe, expect, it } from 'vitest';
import { parseEksArn } from '../../lib/config/eks-arn.ts';
import { accessStackName } from '../../lib/config/stack-outputs.ts';

describe('the stack that opens a cluster', () => {
  it('is called as the cluster is, without what CloudFormation refuses in the name of a stack', () => {
    const { name } = parseEksArn('arn:aws:eks:eu-west-1:123456789012:cluster/acme_prod-2')!;
    expect(accessStackName(name)).toBe('WindlassClusterAccess-acme-prod-2');
  });
});
