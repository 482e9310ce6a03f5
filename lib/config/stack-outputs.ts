import * as z from 'zod';
import { UserError } from '../model/errors.ts';

/** What the stack is called that opens a cluster, by its name in EKS: a stack's name has no underscore. `region` is part of it where that name is another cluster's, too. */
export function accessStackName(eks: string, region?: string): string {
  return ['WindlassClusterAccess', eks.replaceAll('_', '-'), region].filter((part) => part !== undefined).join('-');
}

/** What the stack Windlass tells of itself: where its tables and queues are, and what it was made for. */
export interface WindlassOutputs {
  /** `acme/shop-config` */
  repo: string;
  branch: string;
  auditTable: string;
  stateTable: string;
  pushesQueueUrl: string;
  noticesQueueUrl: string;
  clusters: ToldCluster[];
  /** The URL of the dashboard. */
  dashboard: string;
  /** The name or ARN of the secret with which the functions are known to GitHub. */
  githubSecret: string;
}

/** What the stack has for one cluster: its puller is woken by the one queue, and reports to the other. */
export interface ToldCluster {
  /** The cluster's. */
  arn: string;
  wakeQueueUrl: string;
  wakeQueueArn: string;
  reportsQueueUrl: string;
  reportsQueueArn: string;
  /** The role that checks it. */
  checkerPrincipalArn: string;
}

/** What a stack WindlassClusterAccess tells of the cluster that it opens. */
export interface AccessOutputs {
  /** The cluster's ARN. */
  cluster: string;
  pullerRoleArn: string;
  /** The Kubernetes group of whoever checks: `windlass:drift`. */
  checkerGroup: string;
  identity: 'pod-identity' | 'irsa';
}

const text = z.string().min(1);

const toldCluster = z.object({
  ...{ arn: text, checkerPrincipalArn: text },
  ...{ wakeQueueUrl: text, wakeQueueArn: text, reportsQueueUrl: text, reportsQueueArn: text },
}) satisfies z.ZodType<ToldCluster>;

const windlass = z
  .object({
    ...{ Repo: text, Branch: text, AuditTable: text, StateTable: text, PushesQueueUrl: text },
    ...{ NoticesQueueUrl: text, Dashboard: text, GithubSecret: text },
    Clusters: jsonText(z.array(toldCluster)),
  })
  .transform(
    (outputs): WindlassOutputs => ({
      ...{ repo: outputs.Repo, branch: outputs.Branch, githubSecret: outputs.GithubSecret },
      ...{ auditTable: outputs.AuditTable, stateTable: outputs.StateTable, dashboard: outputs.Dashboard },
      ...{ pushesQueueUrl: outputs.PushesQueueUrl, noticesQueueUrl: outputs.NoticesQueueUrl },
      clusters: outputs.Clusters,
    }),
  );

const access = z
  .object({ Cluster: text, PullerRoleArn: text, CheckerGroup: text, Identity: z.enum(['pod-identity', 'irsa']) })
  .transform(
    (outputs): AccessOutputs => ({
      ...{ cluster: outputs.Cluster, pullerRoleArn: outputs.PullerRoleArn },
      ...{ checkerGroup: outputs.CheckerGroup, identity: outputs.Identity },
    }),
  );

/** The outputs of a stack by their keys, as CloudFormation tells them. */
type Told = Readonly<Record<string, string>>;

/** Reads the outputs of the stack Windlass. Throws `UserError` that names each which is missing or cannot be read. */
export function readWindlassOutputs(stack: string, outputs: Told): WindlassOutputs {
  return readOutputs(stack, outputs, windlass);
}

/** Reads the outputs of a stack WindlassClusterAccess. Throws `UserError` that names each which is missing or cannot be read. */
export function readAccessOutputs(stack: string, outputs: Told): AccessOutputs {
  return readOutputs(stack, outputs, access);
}

function readOutputs<T>(stack: string, outputs: Told, shape: z.ZodType<T>): T {
  const read = shape.safeParse(outputs);
  if (read.success) return read.data;
  const keys = [...new Set(read.error.issues.map(({ path }) => String(path[0])))].join(', ');
  throw new UserError(
    `the stack ${stack} does not tell its ${keys}: it is none of this version of Windlass, or a stack of your own without its outputs (windlass.addOutputs(), access.addOutputs()). Deploy it with npx cdk deploy, or name another stack`,
    { code: 'stack-outputs', subject: stack },
  );
}

function jsonText<T extends z.ZodType>(shape: T) {
  return z
    .string()
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(shape);
}
