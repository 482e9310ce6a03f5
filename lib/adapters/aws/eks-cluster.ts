import { type Cluster, DescribeClusterCommand, type EKSClient } from '@aws-sdk/client-eks';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** Which cluster, as windlass.yaml says it. */
export interface EksName {
  /** The name that EKS knows it by. */
  name: string;
  region: string;
  /** ARN of a role to take on first: the cluster is in another account. */
  assumeRole?: string;
}

/** What EKS says of a cluster, as far as it is needed to get in. */
export interface EksCluster {
  /** `https://....eks.amazonaws.com` */
  server: string;
  /** PEM; two certificates while the authority is being replaced. */
  ca: string;
  /** False: the address answers only inside of the cluster's network. */
  isPublic: boolean;
}

/** What the user can mend, by the SDK's names of errors. */
const mendable: Readonly<Record<string, (cluster: EksName) => string>> = {
  ResourceNotFoundException: ({ region }) =>
    `there is none of that name in ${region} of the account that was asked: check eks and region of the cluster in windlass.yaml`,
  AccessDeniedException: () => 'allow the role eks:DescribeCluster on it',
  // What STS says of a role that may not be taken on.
  AccessDenied: ({ assumeRole }) =>
    `the role ${assumeRole} may not be taken on: allow sts:AssumeRole, and trust the caller in it`,
  CredentialsProviderError: () => 'there are no AWS credentials here',
  UnrecognizedClientException: () => 'AWS does not know these credentials',
  InvalidSignatureException: () =>
    'AWS refuses the signature: are the keys right, and does the clock here agree with the world?',
  ExpiredTokenException: () => 'the AWS credentials have expired',
};

/** Asks EKS for a cluster. Throws `UserError` where it refuses or there is nothing to get into, `RetryableError` where that may pass. */
export async function describeCluster(client: EKSClient, wanted: EksName): Promise<EksCluster> {
  let cluster: Cluster | undefined;
  try {
    ({ cluster } = await client.send(new DescribeClusterCommand({ name: wanted.name })));
  } catch (error) {
    throw trouble(error, wanted);
  }
  const { endpoint, certificateAuthority, resourcesVpcConfig } = cluster ?? {};
  if (!endpoint || !certificateAuthority?.data) throw notThere(wanted, cluster?.status);
  return {
    server: endpoint.replace(/\/+$/, ''),
    ca: Buffer.from(certificateAuthority.data, 'base64').toString('utf8'),
    isPublic: resourcesVpcConfig?.endpointPublicAccess !== false,
  };
}

function notThere({ name }: EksName, status = 'unknown'): UserError | RetryableError {
  const details = { code: 'eks-cluster', subject: name };
  if (status === 'FAILED' || status === 'DELETING')
    return new UserError(`the EKS cluster ${name} cannot be reached: its status is ${status}`, details);
  const what =
    status === 'CREATING' ? 'is still being created' : `has no address or authority yet (its status is ${status})`;
  return new RetryableError(`the EKS cluster ${name} ${what}`, details);
}

function trouble(error: unknown, wanted: EksName): UserError | RetryableError {
  const name = error instanceof Error ? error.name : '';
  const message = `EKS tells nothing of the cluster ${wanted.name}: ${name}: ${messageOf(error)}`;
  const details = { subject: wanted.name, cause: undefined };
  const todo = mendable[name]?.(wanted);
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code: 'eks-access', ...details });
  return new RetryableError(message, { code: 'eks-unreachable', ...details });
}
