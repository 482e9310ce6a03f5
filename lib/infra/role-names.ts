import { createHash } from 'node:crypto';
import type { EksArn } from '../config/eks-arn.ts';

// Roles that a template of another account or Region must name: what it writes down has to be known before either is deployed.

/** IAM's limit. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const longest = 64;
/** Longer than any Region's name, and the dash before it. */
const roomForRegion = 17;

type Cluster = Pick<EksArn, 'name' | 'region'>;

/** The role of the puller of a cluster, in the cluster's account. */
export function pullerRoleName(cluster: Cluster): string {
  return nameOf('windlass-puller', cluster);
}

/** The role, in the account of a cluster, that a check from another account takes on. */
export function checkerRoleName(cluster: Cluster): string {
  return nameOf('windlass-checker', cluster);
}

/** The role, in the account of a cluster, that whoever asks its audit log from another account takes on. */
export function auditorRoleName(cluster: Cluster): string {
  return nameOf('windlass-auditor', cluster);
}

/**
 * The role of the function that checks the clusters of one repo and branch (`acme/shop-config@main`): those with public endpoints, or those of one VPC.
 * The Region may be a token: IAM's names are one for all Regions of an account.
 */
export function driftRoleName(repoAndBranch: string, region: string, vpc?: string): string {
  const name = ['windlass-drift', repoAndBranch, vpc].filter((part) => part !== undefined).join('-');
  return `${cut(name, longest - roomForRegion)}-${region}`;
}

/** The role of the function that asks audit logs who is behind a drift; the Region may be a token. */
export function whoRoleName(repoAndBranch: string, region: string): string {
  return `${cut(`windlass-who-${repoAndBranch}`, longest - roomForRegion)}-${region}`;
}

function nameOf(head: string, { name, region }: Cluster): string {
  return cut(`${head}-${name}-${region}`, longest);
}

/** A name as it is, or as much of it as IAM takes with a hash of the whole: two names never become one. */
function cut(name: string, limit: number): string {
  const allowed = name.replace(/[^A-Za-z0-9+=,.@_-]/g, '-');
  if (allowed === name && name.length <= limit) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${allowed.slice(0, limit - 9)}-${hash}`;
}
