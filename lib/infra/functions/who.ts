import { Duration, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { GrantedCluster } from '../cluster-grants.ts';
import type { Permission } from '../permission.ts';
import { whoRoleName } from '../role-names.ts';
import { WindlassFunction } from '../windlass-function.ts';
import {
  environmentOf,
  githubSecretOf,
  type Parts,
  readsSecrets,
  sends,
  usesState,
  usual,
  windlassFiles,
} from './parts.ts';

/** How long one batch of questions may take: each of them waits for a query of CloudWatch Logs. */
export const whoTimeout = Duration.seconds(90);

/** The function that asks audit logs who is behind a drift. */
export function addWho(scope: Construct, parts: Parts): WindlassFunction {
  const asked = parts.clusters.filter(({ auditLog }) => auditLog);
  const who = new WindlassFunction(scope, 'Who', {
    file: 'drift-on-incident',
    description: 'Windlass: asks the audit logs of clusters who is behind a drift',
    timeout: whoTimeout,
    memorySize: 256,
    roleName: whoRoleName(parts.repoAndBranch, Stack.of(scope).region),
    environment: environmentOf(scope, 'who', parts, {
      clusters: JSON.stringify(asked.map(({ arn, auditorRole: role }) => ({ arn, role, auditLog: true }))),
    }),
    ...usual(parts),
  });
  // Each question is a query that is paid for.
  who.consume(parts.questions.queue, { batchSize: 5, maxConcurrency: 2 });
  who.allow(
    ...readsAuditLogs(asked),
    usesState(parts, 'keeps the last valid windlass.yaml', [windlassFiles]),
    readsSecrets(scope, 'reads windlass.yaml', [githubSecretOf(parts.props, 'who')]),
    sends('sends its answers', [parts.reports.queue]),
  );
  return who;
}

/** What lib/adapters/aws/audit-logs.ts asks of CloudWatch Logs. */
function readsAuditLogs(asked: readonly GrantedCluster[]): Permission[] {
  const own = asked.filter(({ auditorRole }) => auditorRole === undefined);
  const groups = own.flatMap(({ eks: { partition, region, account, name } }) => {
    const group = `arn:${partition}:logs:${region}:${account}:log-group:/aws/eks/${name}/cluster`;
    return [group, `${group}:*`];
  });
  return [
    {
      why: 'asks the audit log of a cluster',
      actions: ['logs:StartQuery'],
      resources: groups,
      wide: 'All streams of the one log group: EKS names them by chance.',
    },
    {
      why: 'reads what its own query found, and stops it',
      actions: ['logs:GetQueryResults', 'logs:StopQuery'],
      resources: groups.length > 0 ? ['*'] : [],
      wide: 'CloudWatch Logs knows no resource for a query that runs; its id is told to nobody but who started it.',
    },
    {
      why: 'asks audit logs as a role of their account',
      actions: ['sts:AssumeRole'],
      resources: asked.flatMap(({ auditorRole }) => auditorRole ?? []),
    },
  ];
}
