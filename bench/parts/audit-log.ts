import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './wait.ts';

/** Counts what clients ask of an API server by its audit log, so that every client is counted in the same way. */
export interface AuditLog {
  /** Flags for kube-apiserver. */
  flags: Record<string, string>;
  /** Requests by verb since the last call, of the client whose user agent begins so; others are dropped. */
  since(agent: string, signal: AbortSignal): Promise<Record<string, number>>;
}

/** The log is written in batches; after this time what was asked before is in it. In milliseconds. */
const batchWait = 200;

/** Prepares an audit log of a user's requests; metadata only, so that it costs the server little. */
export async function auditLog(dir: string, user = 'windlass-admin'): Promise<AuditLog> {
  const policy = join(dir, 'audit-policy.json');
  const file = join(dir, 'audit.log');
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', users: [user] }, { level: 'None' }],
    }),
  );
  let read = 0;
  return {
    flags: {
      'audit-policy-file': policy,
      'audit-log-path': file,
      'audit-log-maxsize': '10000',
      'audit-log-mode': 'batch',
      'audit-log-batch-max-wait': `${batchWait}ms`,
    },
    since: async (agent, signal) => {
      await pause(batchWait * 5, signal);
      const { size } = await stat(file);
      const handle = await open(file);
      const bytes = Buffer.alloc(size - read);
      await handle.read(bytes, 0, bytes.length, read).finally(() => handle.close());
      const whole = bytes.lastIndexOf(0x0a) + 1;
      read += whole;
      return count(bytes.toString('utf8', 0, whole), agent);
    },
  };
}

function count(log: string, agent: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of log.split('\n')) {
    if (line === '') continue;
    const { verb, stage, userAgent = '' } = JSON.parse(line) as { verb: string; stage: string; userAgent?: string };
    if (stage === 'ResponseComplete' && userAgent.startsWith(agent)) found[verb] = (found[verb] ?? 0) + 1;
  }
  return found;
}
