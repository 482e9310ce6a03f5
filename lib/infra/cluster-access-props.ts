import { UserError } from '../model/errors.ts';
import { propProblem, unknownKeys, wrongProps } from './prop-problem.ts';

/** Whom a cluster lets in, and where its puller reports to. What is of Windlass's own stack is among its outputs. */
export interface WindlassClusterAccessProps {
  /** ARN of the EKS cluster: `arn:aws:eks:eu-west-1:123456789012:cluster/prod`. Written out, as it decides the names of roles. */
  cluster: string;
  /** ARNs of the roles that check it: the one that `windlass.checkers` has for it (output `Clusters`: `checkerPrincipalArn`). Empty: nothing checks it. */
  checkerPrincipalArns: string[];
  /** ARN of this cluster's own queue of reports (output `Clusters`). */
  reportsQueueArn: string;
  /** ARN of this cluster's own wake queue (output `Clusters`). Absent: the puller is a CronJob, which nothing wakes. */
  wakeQueueArn?: string;
  /** ARN of the secret with the puller's key to the config repo. Absent: the key is in a Secret of the cluster. */
  gitSecretArn?: string;
  /** ARN of the KMS key that the queues are encrypted with, where it is your own. */
  queueKeyArn?: string;
  /** ARN of the KMS key that the git secret is encrypted with, where it is your own. */
  gitSecretKeyArn?: string;
  /** ARNs of the ECR repositories with Helm charts that syncs are rendered from. */
  chartRepositoryArns?: string[];
  /**
   * ARN of the cluster's OIDC provider: the puller then gets its role by IRSA, for pods on Fargate and where there is no agent of EKS Pod Identity.
   * Absent: by EKS Pod Identity. Written out, as the conditions of the role name it.
   */
  oidcProviderArn?: string;
  /**
   * ARNs of the roles that may ask the cluster's audit log who is behind a drift (`windlass.auditorPrincipalArns`, output `AuditorPrincipals`). Only for a
   * cluster in another account than theirs: in its own, Windlass's stack grants that where a cluster's grant says `auditLog`.
   */
  auditorPrincipalArns?: string[];
}

/** The props by their names; a compile error names one that is missing here. */
export const accessPropNames = Object.keys({
  ...{ cluster: 0, checkerPrincipalArns: 0, reportsQueueArn: 0, wakeQueueArn: 0, gitSecretArn: 0, queueKeyArn: 0 },
  ...{ gitSecretKeyArn: 0, chartRepositoryArns: 0, oidcProviderArn: 0, auditorPrincipalArns: 0 },
} satisfies Record<keyof WindlassClusterAccessProps, 0>);

/** Whose props they are, as a message says it. */
export const accessName = 'the access to a cluster';

/** The group of the API server that a check is in; `windlass install --checker` gives it its rights. */
export const checkerGroup = 'windlass:drift';

/** One cluster in cdk.json's context: its ARN, or props, of which those that Windlass's own stack knows may be left out. */
export type WrittenAccess =
  | string
  | (Partial<WindlassClusterAccessProps> & Pick<WindlassClusterAccessProps, 'cluster'>);

/** What `make` returns. What is wrong with the props that it is given is told of their entry: `windlassClusters[1].gitSecretArn`. */
export function inEntry<Made>(entry: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UserError) || error.problems.length === 0) throw error;
    throw wrongProps(
      accessName,
      error.problems.map((problem) => ({ ...problem, object: `${entry}.${problem.object}` })),
    );
  }
}

/** The clusters as cdk.json's context has them; none where it is absent. Throws `UserError` for what is no list of ARNs and objects, or has a key that is no prop. */
export function readClusterAccess(context: unknown): WrittenAccess[] {
  if (context === undefined) return [];
  const isEntry = (one: unknown) =>
    typeof one === 'string' || (typeof one === 'object' && one !== null && !Array.isArray(one));
  if (!Array.isArray(context) || !context.every(isEntry)) {
    const hint = 'write for each cluster its ARN, or an object with cluster, checkerPrincipalArns and reportsQueueArn';
    throw wrongProps(accessName, [propProblem('windlassClusters', 'it is not a list of ARNs and objects', hint)]);
  }
  const problems = context.flatMap((one: string | object, index) =>
    typeof one === 'string' ? [] : unknownKeys(`windlassClusters[${index}]`, one, accessPropNames),
  );
  if (problems.length > 0) throw wrongProps(accessName, problems);
  return context as WrittenAccess[];
}
