import type { AuditedWrite } from '../../drift/ports.ts';
import { shortText } from '../../model/shorten.ts';
import type { auditFields } from './audit-query.ts';

/** A row as Logs Insights gives it: what an event lacks is missing. */
export type AuditRow = Partial<Record<(typeof auditFields)[number], string>>;

/** The longest text that is kept of what a client says of itself. */
const longestText = 300;

/** One row as a request; undefined where it was only tried (`dryRun`), or is no request. */
export function writeOf(row: AuditRow): AuditedWrite | undefined {
  const { verb, '@timestamp': time, 'user.username': user, 'objectRef.resource': resource } = row;
  if (!verb || !time || !user || !resource) return undefined;
  const at = Date.parse(`${time.replace(' ', 'T')}Z`);
  const query = queryOf(row.requestURI);
  const isTried = query.has('dryRun') || (verb.startsWith('delete') && Boolean(row['requestObject.dryRun.0']));
  if (Number.isNaN(at) || isTried) return undefined;
  const { userAgent, 'user.extra.arn.0': arn, 'sourceIPs.0': sourceIp, 'objectRef.subresource': subresource } = row;
  return {
    at: new Date(at).toISOString(),
    verb,
    user: cut(user),
    manager: query.get('fieldManager') || (userAgent ?? '').split('/')[0]!,
    group: row['objectRef.apiGroup'] ?? '',
    resource,
    namespace: row['objectRef.namespace'] ?? '',
    name: row['objectRef.name'] ?? '',
    ...(arn && { arn: cut(arn) }),
    ...(userAgent && { userAgent: cut(userAgent) }),
    ...(sourceIp && { sourceIp: cut(sourceIp) }),
    ...(subresource && { subresource }),
  };
}

function queryOf(address = ''): URLSearchParams {
  const start = address.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : address.slice(start));
}

function cut(text: string): string {
  return shortText(text, longestText);
}
