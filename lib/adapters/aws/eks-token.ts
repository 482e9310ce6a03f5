import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from './sha256.ts';

/** What a token is signed with. */
export interface TokenKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** A bearer token for an API server of EKS. A secret: whoever has it is let in for fifteen minutes. */
export interface EksToken {
  token: string;
  /** When another one is to be made: a minute before this one ends, or earlier where its credentials do. */
  until: Date;
}

const minute = 60_000;
/** EKS takes a token for 15 minutes from its signing, whatever it says of itself. */
const life = 14 * minute;
/** Seconds that the signed address itself is good for; EKS asks STS at once. */
const expiresIn = 60;

/** Where STS is in the partitions that are not `aws`. */
const suffixes: [start: string, suffix: string][] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
];

/**
 * Makes the token that EKS's authenticator understands: a signed address of STS that says who the keys belong to, and the cluster's name among what
 * is signed. Nothing is sent anywhere, and no permission is needed.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
 */
export async function eksToken(
  cluster: { name: string; region: string },
  keys: TokenKeys,
  now: Date,
): Promise<EksToken> {
  const { name, region } = cluster;
  const host = `sts.${region}.${suffixes.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com'}`;
  const signer = new SignatureV4({ service: 'sts', region, credentials: keys, sha256: Sha256, applyChecksum: false });
  const signed = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      headers: { host, 'x-k8s-aws-id': name },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    },
    { expiresIn, signingDate: now },
  );
  const query = Object.entries(signed.query ?? {}).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  const address = Buffer.from(`https://${host}/?${query.join('&')}`);
  const keysEnd = keys.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
  return {
    token: `k8s-aws-v1.${address.toString('base64url')}`,
    until: new Date(Math.min(now.getTime() + life, keysEnd - minute)),
  };
}
