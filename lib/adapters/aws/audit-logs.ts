import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  GetQueryResultsCommand,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { AuditLog } from '../../drift/ports.ts';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import { auditQuery, mostRows } from './audit-query.ts';
import { type AuditRow, writeOf } from './audit-row.ts';
import type { EksName } from './eks-cluster.ts';
import { patience } from './patience.ts';
import { credentialsOfRole } from './role-credentials.ts';

/** Without them the SDK finds AWS and the process's own credentials. */
export interface AuditLogOptions extends Pick<CloudWatchLogsClientConfig, 'credentials' | 'endpoint'> {
  /** Milliseconds that a query may take; 60 s unless told. */
  longest?: number;
  /** Milliseconds between two looks whether it is done; half a second unless told. */
  pause?: number;
}

/** The log group that EKS writes a cluster's control plane to. https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html */
export function auditLogGroup({ name }: Pick<EksName, 'name'>): string {
  return `/aws/eks/${name}/cluster`;
}

/** The audit log of an EKS cluster, asked by CloudWatch Logs Insights: one query a question. */
export function openAuditLog(cluster: EksName, options: AuditLogOptions = {}): AuditLog & { close(): void } {
  const { longest = 60_000, pause = 500, ...where } = options;
  const client = new CloudWatchLogsClient({
    region: cluster.region,
    ...patience,
    ...where,
    ...(cluster.assumeRole !== undefined && { credentials: credentialsOfRole(cluster, cluster.assumeRole, options) }),
  });
  return {
    async writes({ from, to, names }) {
      const query = auditQuery({ names });
      try {
        const started = await client.send(
          new StartQueryCommand({
            logGroupName: auditLogGroup(cluster),
            startTime: Math.floor(Date.parse(from) / 1000),
            endTime: Math.ceil(Date.parse(to) / 1000),
            queryString: query.text,
          }),
        );
        const rows = await resultsOf(client, started.queryId!, { longest, pause });
        const writes = rows.flatMap((row) => writeOf(row) ?? []);
        return { writes, complete: query.complete && rows.length < mostRows };
      } catch (error) {
        throw trouble(error, cluster);
      }
    },
    close: () => client.destroy(),
  };
}

async function resultsOf(
  client: CloudWatchLogsClient,
  queryId: string,
  { longest, pause }: Required<Pick<AuditLogOptions, 'longest' | 'pause'>>,
): Promise<AuditRow[]> {
  const deadline = performance.now() + longest;
  for (;;) {
    const { status, results = [] } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === 'Complete') return results.map(rowOf);
    if (status !== 'Scheduled' && status !== 'Running') throw retryable(`its query ended as ${status}`);
    if (performance.now() > deadline) {
      // It goes on and costs, unless it is stopped.
      await client.send(new StopQueryCommand({ queryId })).catch(() => undefined);
      throw retryable(`its query was not done after ${longest / 1000} s`);
    }
    await sleep(pause);
  }
}

function rowOf(fields: { field?: string; value?: string }[]): AuditRow {
  return Object.fromEntries(fields.map(({ field = '', value = '' }) => [field, value]));
}

function retryable(message: string): RetryableError {
  return new RetryableError(message, { code: 'audit-log' });
}

/** What the user can mend, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'there is no such log group: switch on the log type "audit" of the cluster (aws eks update-cluster-config --logging)',
  AccessDeniedException: 'allow the role logs:StartQuery on the log group, and logs:GetQueryResults and logs:StopQuery',
  AccessDenied: 'the role of the other account may not be taken on: allow sts:AssumeRole, and trust the caller in it',
  MalformedQueryException: 'this is a bug: please report it',
  CredentialsProviderError: 'there are no AWS credentials here',
  UnrecognizedClientException: 'AWS does not know these credentials',
  ExpiredTokenException: 'the AWS credentials have expired',
};

function trouble(error: unknown, cluster: EksName): UserError | RetryableError {
  const name = error instanceof Error && !(error instanceof RetryableError) ? `${error.name}: ` : '';
  const group = auditLogGroup(cluster);
  const message = `${group} in ${cluster.region} gives no answer: ${name}${messageOf(error)}`;
  const todo = error instanceof Error ? mendable[error.name] : undefined;
  if (todo !== undefined) return new UserError(`${message}; ${todo}`, { code: 'audit-log', subject: group });
  return new RetryableError(message, { code: 'audit-log', subject: group });
}
