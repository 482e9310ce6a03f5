import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseEksArn } from '../../lib/config/eks-arn.ts';
import { readWindlassOutputs } from '../../lib/config/stack-outputs.ts';
import { WindlassClusterAccessStack } from '../../lib/infra/cluster-access-stack.ts';
import type { AwsWorld } from './aws-world.ts';

/** What the pod of a puller has of AWS. */
export interface AwsPuller {
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Where it reports to. */
  reportsQueueUrl: string;
}

/**
 * A user that may do what WindlassClusterAccess lets the puller of a cluster do, and nothing else: the policy is the template's. MiniStack cannot make
 * the role itself, which only EKS takes on.
 */
export async function pullerOf({ where, deployed }: AwsWorld, arn: string): Promise<AwsPuller> {
  const { clusters } = readWindlassOutputs('Windlass', deployed.outputs);
  const queues = clusters.find((cluster) => cluster.arn === arn);
  if (queues === undefined) throw new Error(`the stack has no queues for ${arn}`);
  const { reportsQueueArn, wakeQueueArn, reportsQueueUrl } = queues;
  const UserName = `puller-${parseEksArn(arn)?.name}`;
  const iam = new IAMClient(where);
  try {
    await iam.send(new CreateUserCommand({ UserName }));
    const PolicyDocument = policyOf({ cluster: arn, checkerPrincipalArns: [], reportsQueueArn, wakeQueueArn });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'puller', PolicyDocument }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    return { credentials, reportsQueueUrl };
  } finally {
    iam.destroy();
  }
}

function policyOf(props: ConstructorParameters<typeof WindlassClusterAccessStack>[2]): string {
  const template = Template.fromStack(new WindlassClusterAccessStack(new App(), 'Access', props));
  const [policy, ...more] = Object.values(template.findResources('AWS::IAM::Policy'));
  if (policy === undefined || more.length > 0) throw new Error('the puller has another number of policies than one');
  return JSON.stringify(policy['Properties'].PolicyDocument);
}
