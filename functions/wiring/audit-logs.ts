import { openAuditLog } from '../../lib/adapters/aws/audit-logs.ts';
import type { ClusterEntry, Config } from '../../lib/config/config.ts';
import type { GrantedCluster } from '../../lib/config/function-env.ts';
import type { AuditLog } from '../../lib/drift/ports.ts';
import { UserError } from '../../lib/model/errors.ts';
import { grantFor } from './grants.ts';

/** Where the audit log of a cluster is: in EKS, and by which role it is asked. */
interface LogPlace {
  name: string;
  region: string;
  assumeRole?: string;
}

/**
 * The audit log that windlass.yaml switches on for a cluster and the stack grants; undefined where windlass.yaml does not, or no longer. Throws `UserError`
 * for one that is not granted.
 */
export function auditLogPlace(
  cluster: string,
  { clusters }: Pick<Config, 'clusters'>,
  grants: readonly GrantedCluster[],
): LogPlace | undefined {
  const entry: ClusterEntry | undefined = clusters[cluster];
  if (entry?.auditLog !== true || entry.eks === undefined || entry.region === undefined) return undefined;
  const grant = grantFor(entry, grants);
  if (grant?.auditLog !== true)
    throw new UserError(
      `windlass.yaml switches auditLog on for ${cluster}, and the audit log of ${entry.eks} in ${entry.region} is not granted: add { arn, auditLog: true } to the prop clusters of the Windlass construct`,
      { code: 'audit-log-not-granted', subject: cluster },
    );
  return { name: entry.eks, region: entry.region, ...(grant.role !== undefined && { assumeRole: grant.role }) };
}

/** Opens audit logs, each once. */
export function openAuditLogs(): (place: LogPlace) => AuditLog {
  const opened = new Map<string, AuditLog>();
  return (place) => {
    const key = JSON.stringify(place);
    const known = opened.get(key) ?? openAuditLog(place);
    opened.set(key, known);
    return known;
  };
}
