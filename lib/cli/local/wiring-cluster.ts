import { randomUUID } from 'node:crypto';
import { driftOnSchedule } from '../../../functions/handlers/drift-on-schedule.ts';
import { reportOnSync } from '../../../functions/handlers/report-on-sync.ts';
import { readCapabilities } from '../../adapters/kubernetes/capabilities.ts';
import { ClusterLeases } from '../../adapters/kubernetes/lease.ts';
import { ClusterRecords } from '../../adapters/kubernetes/records.ts';
import { createQueue } from '../../adapters/local/queue.ts';
import { lambdaContext } from '../../adapters/local/sqs-record.ts';
import type { SyncSpec } from '../../config/config.ts';
import { gitReader } from '../../drift/git-reader.ts';
import type { LeftSync, ReportMessage, SyncReported } from '../../model/messages.ts';
import { leftSyncs } from '../../pull/left-syncs.ts';
import { pull } from '../../pull/pull.ts';
import { rendererWith } from '../../pull/renderer.ts';
import type { Notices, Rollbacks } from '../../report/ports.ts';
import type { Io } from '../command.ts';
import { renderers } from '../wiring-renderers.ts';
import type { Closers } from './closers.ts';
import { sleep } from './sleep.ts';
import type { Teller } from './teller.ts';
import { checkedRepo } from './wiring-checked-repo.ts';
import type { Parts } from './wiring-parts.ts';

/** Milliseconds that a check of the cluster may take. */
const patience = 300_000;

/** Pull, drift and report, as they run in this process. */
export interface ClusterSide {
  pull(sync: SyncSpec, revision: string): Promise<SyncReported['result']>;
  /** One check of all syncs. */
  drift(): Promise<void>;
  /** The syncs that the cluster has a record of, and windlass.yaml does not have; undefined where that cannot be told. */
  left(syncs: readonly Pick<SyncSpec, 'name'>[]): Promise<LeftSync[] | undefined>;
  /** Sends to the report queue. */
  report(message: ReportMessage): Promise<void>;
}

/** Puts pull before the report queue, and drift and report behind their handlers. */
export function wireCluster(
  parts: Parts,
  io: Io,
  teller: Teller,
  told: { notices: Notices; rollbacks: Rollbacks },
  closers: Closers,
  signal: AbortSignal,
): ClusterSide {
  const { source, heads, records } = parts;
  const { cluster } = parts.target;
  const tools = { ...renderers(io, () => {}), capabilities: () => readCapabilities(cluster.client) };
  const renderer = rendererWith(tools);
  const applied = new ClusterRecords(cluster.client);
  const leases = new ClusterLeases(cluster.client);
  const last = new Map<string, SyncReported>();

  const queue = createQueue({
    name: 'windlass-reports',
    handler: reportOnSync({ records, ...told }),
    onDeadLetter: (letter) => teller.failed('work a report in', letter.error ?? 'it failed three times'),
  });
  closers.push(() => queue.stop());
  const report = async (message: ReportMessage) => {
    await queue.send(JSON.stringify(message), { groupId: groupOf(message) });
  };
  const workedIn = async () => {
    await queue.drain();
    teller.changes.changed();
  };

  let toldRules = '';
  const checkAll = driftOnSchedule({
    now: io.now,
    unusedRules: (rules) => {
      const lines = rules.map(({ message }) => `note: ${message}`).join('\n');
      if (lines !== toldRules) teller.print(lines);
      toldRules = lines;
    },
    repo: checkedRepo(parts),
    open: async () => ({
      ...{ cluster, records: applied, desired: gitReader({ source, ...tools }) },
      // The loop keeps it open.
      close: async () => undefined,
    }),
    reports: { send: report },
  });

  return {
    report,
    left: async (syncs) => {
      const names = syncs.map(({ name }) => name);
      return await leftSyncs(names, applied.session()).catch(
        (error: unknown) => teller.failed('look for syncs that left', error) as undefined,
      );
    },
    pull: async (sync, revision) => {
      const { report: told } = await pull(
        { head: await heads.at(revision), sync, dryRun: false, wait: 'report', run: randomUUID() },
        {
          cluster,
          records: applied,
          leases,
          renderer,
          reports: { send: report },
          sleep: (milliseconds) => sleep(milliseconds, signal),
          isAncestor: source.isAncestor,
          currentHead: source.head,
          now: io.now,
          signal,
        },
      );
      teller.print(teller.lines.pulled(told, last.get(sync.name)));
      last.set(sync.name, told);
      await workedIn();
      return told.result;
    },
    drift: async () => {
      await checkAll({}, { ...lambdaContext('windlass-drift'), getRemainingTimeInMillis: () => patience });
      await workedIn();
    },
  };
}

function groupOf(message: ReportMessage): string {
  if (message.type === 'CheckReported') return `cluster:${message.cluster}`;
  return message.type === 'ConfigReported' ? 'config' : message.sync;
}
