import {
  CreateAccessEntryCommand,
  CreateClusterCommand,
  CreatePodIdentityAssociationCommand,
  DescribeAccessEntryCommand,
  DescribePodIdentityAssociationCommand,
  EKSClient,
} from '@aws-sdk/client-eks';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WindlassClusterAccessStack } from '../../lib/infra/cluster-access-stack.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

/** The properties of the only resource of a type; a role that the stack makes is put in by its ARN. */
function propertiesOf(template: Template, type: string, account: string): Record<string, unknown> {
  const [only, ...more] = Object.values(template.findResources(type));
  expect(more).toEqual([]);
  const roles = template.findResources('AWS::IAM::Role');
  const put = (_: string, value: unknown) => {
    const [role] = (value as { 'Fn::GetAtt'?: string[] } | null)?.['Fn::GetAtt'] ?? [];
    return role === undefined ? value : `arn:aws:iam::${account}:role/${roles[role]!['Properties'].RoleName}`;
  };
  return JSON.parse(JSON.stringify(only!['Properties'], put)) as Record<string, unknown>;
}

/** What CloudFormation calls `ClusterName` the API calls `clusterName`. */
function asInput<Input>(properties: Record<string, unknown>): Input {
  const entries = Object.entries(properties).map(([key, value]) => [key[0]!.toLowerCase() + key.slice(1), value]);
  return Object.fromEntries(entries) as Input;
}

await describeWithMiniStack("EKS's API", () => {
  let aws: MiniStack;
  let eks: EKSClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    eks = new EKSClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
    const made = {
      roleArn: `arn:aws:iam::${aws.account}:role/cluster`,
      resourcesVpcConfig: { subnetIds: ['subnet-1'] },
    };
    for (const name of ['dev', 'prod']) await eks.send(new CreateClusterCommand({ name, ...made }));
  });
  afterAll(async () => {
    eks?.destroy();
    await aws?.stop();
  });

  it.each([
    ['from the account of the cluster', 'dev', '000000000000', 'role/windlass-drift-shop-eu-west-1'],
    ['from another account', 'prod', '123456789012', 'role/windlass-checker-prod-eu-west-1'],
  ])('takes what the template says of the check %s, and of the puller', async (_, name, account, principal) => {
    const stack = new WindlassClusterAccessStack(new App(), 'Access', {
      cluster: `arn:aws:eks:${aws.region}:${aws.account}:cluster/${name}`,
      checkerPrincipalArns: [`arn:aws:iam::${account}:role/windlass-drift-shop-eu-west-1`],
      reportsQueueArn: `arn:aws:sqs:${aws.region}:${account}:reports.fifo`,
    });
    const template = Template.fromStack(stack);
    const entry = propertiesOf(template, 'AWS::EKS::AccessEntry', aws.account);
    await eks.send(new CreateAccessEntryCommand(asInput(entry)));
    const principalArn = `arn:aws:iam::${aws.account}:${principal}`;
    const made = await eks.send(new DescribeAccessEntryCommand({ clusterName: name, principalArn }));
    expect(made.accessEntry).toMatchObject({ principalArn, type: 'STANDARD', kubernetesGroups: ['windlass:drift'] });

    const association = propertiesOf(template, 'AWS::EKS::PodIdentityAssociation', aws.account);
    const { association: given } = await eks.send(new CreatePodIdentityAssociationCommand(asInput(association)));
    const known = await eks.send(
      new DescribePodIdentityAssociationCommand({ clusterName: name, associationId: given!.associationId }),
    );
    expect(known.association).toMatchObject({
      ...{ clusterName: name, namespace: 'windlass-system', serviceAccount: 'windlass-puller' },
      roleArn: `arn:aws:iam::${aws.account}:role/windlass-puller-${name}-eu-west-1`,
    });
  });
});
