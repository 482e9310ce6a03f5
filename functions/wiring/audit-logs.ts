import { openAuditLog } from '../../lib/adapters/aws/audit-logs.ts';
import type { ClusterEntry, Config } from '../../lib/config/config.ts';
import { meantOf } from '../../lib/config/eks-arn.ts';
import type { GrantedCluster } from '../../lib/config/function-env.ts';
import type { AuditLog } from '../../lib/drift/ports.ts';
import { UserError } from '../../lib/model/errors.ts';

/** Opens the audit logs of clusters, each once. */
export function openAuditLogs(
  grants: readonly GrantedCluster[],
): (cluster: string, config: Pick<Config, 'clusters'>) => AuditLog | undefined {
  const opened = new Map<string, AuditLog>();
  /** Undefined where windlass.yaml does not switch it on, or no longer. One that the stack does not grant says so to whoever asks it. */
  return (cluster, { clusters }) => {
    const entry: ClusterEntry | undefined = clusters[cluster];
    if (entry?.auditLog !== true || entry.eks === undefined || entry.region === undefined) return undefined;
    const grant = meantOf(entry, grants);
    if (grant?.auditLog !== true) return { writes: () => Promise.reject(notGranted(entry)) };
    const key = `${grant.arn} ${grant.role}`;
    const place = { name: entry.eks, region: entry.region, ...(grant.role && { assumeRole: grant.role }) };
    const log = opened.get(key) ?? openAuditLog(place);
    opened.set(key, log);
    return log;
  };
}

function notGranted({ name, eks, region }: ClusterEntry): UserError {
  const message =
    `the audit log of ${name} (${eks} in ${region}) is not granted: ` +
    'add { arn, auditLog: true } to the prop clusters of the Windlass construct';
  return new UserError(message, { code: 'not-granted', subject: name });
}
