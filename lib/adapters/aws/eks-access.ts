import { EKSClient, type EKSClientConfig } from '@aws-sdk/client-eks';
import { RetryableError } from '../../model/errors.ts';
import { describeCluster, type EksCluster, type EksName } from './eks-cluster.ts';
import { type EksToken, eksToken } from './eks-token.ts';
import { patience } from './patience.ts';
import { credentialsOfRole } from './role-credentials.ts';

/** The way into an API server of EKS, in the shape that the Kubernetes adapter takes. */
export interface EksAccess {
  /** `https://....eks.amazonaws.com` */
  readonly server: string;
  /** Asked again and again. `fresh` forgets the token and asks EKS again: after a 401, or when the server's certificate is not trusted. */
  credentials(fresh?: boolean): Promise<{ tls: { ca: string }; headers: { authorization: string } }>;
  /** What is probably wrong when the server does not let in, or does not answer. */
  hint(trouble: 'unauthorized' | 'unreachable' | 'forbidden'): string | undefined;
  close(): void;
}

/**
 * Where EKS says that the API server of a cluster is, asked with this machine's credentials; `profile` is one of the AWS settings. Throws `UserError` where it
 * refuses or knows none of that name, `RetryableError` where it does not answer.
 */
export async function eksEndpoint(
  cluster: EksName,
  { profile }: { profile?: string | undefined } = {},
): Promise<string> {
  const client = new EKSClient({ region: cluster.region, ...patience, ...(profile !== undefined && { profile }) });
  try {
    return (await describeCluster(client, cluster)).server;
  } finally {
    client.destroy();
  }
}

/** Without them the SDK finds AWS and the process's own credentials. */
export interface EksOptions extends Pick<EKSClientConfig, 'credentials' | 'endpoint'> {
  now?: () => Date;
}

/** Milliseconds for which EKS is not asked again where a cluster is and whom to trust. */
const clusterLife = 3_600_000;
/** Nor is it asked more often than this, whatever fails: a server that refuses everything is asked many things at once. */
const shortest = 10_000;

/**
 * Finds a cluster of EKS and signs in with the AWS credentials of this process, or of a role in the cluster's account. The token is made anew before it
 * ends; address and authorities are read again each hour, and at once when they fail. Throws `UserError` and `RetryableError`.
 */
export async function openEksAccess(cluster: EksName, options: EksOptions = {}): Promise<EksAccess> {
  const { now = () => new Date(), ...where } = options;
  const client = new EKSClient({
    region: cluster.region,
    ...patience,
    ...where,
    ...(cluster.assumeRole !== undefined && { credentials: credentialsOfRole(cluster, cluster.assumeRole, options) }),
  });
  let known = await described(client, cluster);
  let askedAt = now().getTime();
  let reading: Promise<void> | undefined;
  let token: EksToken | undefined;

  const readAgain = async () => {
    askedAt = now().getTime();
    try {
      known = await describeCluster(client, cluster);
    } catch (error) {
      // What was known may well hold: the API server will tell.
      if (!(error instanceof RetryableError)) throw error;
    }
  };
  return {
    get server() {
      return known.server;
    },
    async credentials(fresh = false) {
      if (now().getTime() - askedAt > (fresh ? shortest : clusterLife)) {
        reading = readAgain();
      }
      await reading;
      if (fresh || token === undefined || token.until <= now())
        token = await eksToken(cluster, await client.config.credentials(), now());
      return { tls: { ca: known.ca }, headers: { authorization: `Bearer ${token.token}` } };
    },
    hint: (trouble) => {
      if (trouble === 'forbidden') return whyForbidden;
      return trouble === 'unauthorized' ? whyNotLetIn(cluster) : known.isPublic ? undefined : whyNoAnswer;
    },
    close: () => client.destroy(),
  };
}

async function described(client: EKSClient, cluster: EksName): Promise<EksCluster> {
  try {
    return await describeCluster(client, cluster);
  } catch (error) {
    client.destroy();
    throw error;
  }
}

// EKS says no more than 401, whatever is wrong.
function whyNotLetIn({ name }: EksName): string {
  return (
    `the cluster ${name} may have no access entry for this role (a role that was made again needs its entry made again), ` +
    'a new entry takes some seconds to count, the name may be that of another cluster, or the clock here is wrong by minutes'
  );
}

// A kind that came after the rights were made, or rights that were never given.
const whyForbidden =
  'run windlass install --checker as an administrator of the cluster: it gives the check the right to read every kind that there is then';

const whyNoAnswer =
  'its address is private: it answers only in its own network, so run the function in a subnet of the VPC';
