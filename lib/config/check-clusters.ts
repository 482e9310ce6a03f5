import type { WindlassFile } from './schema.ts';
import type { Finding } from './yaml-source.ts';

/** The problems of clusters whose audit log cannot be found. */
export function checkClusters({ clusters }: WindlassFile): Finding[] {
  return Object.entries(clusters ?? {}).flatMap(([name, { auditLog, eks, region }]) => {
    const lacking = [eks === undefined && 'eks', region === undefined && 'region'].filter(Boolean).join(' and ');
    if (auditLog !== true || lacking === '') return [];
    const message = `the audit log of ${name} cannot be found without ${lacking}`;
    const hint = 'write eks and region beside it';
    return [{ path: ['clusters', name, 'auditLog'], at: 'key' as const, code: 'missing-key', message, hint }];
  });
}
