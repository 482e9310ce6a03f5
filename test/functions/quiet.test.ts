import { Logger } from '@aws-lambda-powertools/logger';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { reportOnSync } from '../../functions/handlers/report-on-sync.ts';
import { openMeasures } from '../../functions/middleware/measures.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import type { BumpRecords } from '../../lib/bump/ports.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { OpenCluster } from '../../lib/drift/check-cluster.ts';
import { type AppliedRecord, recordFormat } from '../../lib/kube/record.ts';
import type { CheckReported, DriftFound, SyncReported } from '../../lib/model/messages.ts';
import { loop } from '../bump/setup.ts';
import { treeOf } from '../pull/world.ts';
import { openRecords } from '../report/records.ts';
import { pull } from '../report/reports.ts';
import { listenToLog, listenToTables } from './written.ts';

const context = lambdaContext('windlass');
const start = Date.UTC(2026, 10, 22, 12);
const minutes = (count: number) => new Date(start + count * 60_000);

/** Three syncs in two clusters. */
const windlassFile = `windlass: 1
clusters: { dev: {}, prod: {} }
syncs:
  a: { cluster: dev, path: a }
  b: { cluster: prod, path: b }
  c: { cluster: prod, path: c }
`;

const refused = () => Promise.reject(new Error('a quiet check asks for nothing else'));

const revision = 'a'.repeat(40);
const applied: Omit<AppliedRecord, 'sync'> = {
  ...{ format: recordFormat, revision, at: new Date(start).toISOString() },
  ...{ renderers: {}, entries: [] },
};

/** A cluster that is as it was applied, with nothing in it. */
function clusterInSync(): OpenCluster {
  const never = () => {
    throw new Error('a quiet check does nothing else');
  };
  return {
    cluster: {
      ...{ as: never, pages: never, kinds: refused, schema: refused, list: refused, get: refused },
      resource: async () => ({ apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }),
    },
    records: { read: async (sync) => ({ ...applied, sync }), savedHashKey: refused, syncs: async () => [] },
    desired: { head: refused, objects: refused },
    close: async () => undefined,
  };
}

describe('a quiet hour', () => {
  let records: DynamoRecords;
  let client: DynamoDBClient;
  let close: () => Promise<void>;
  let log: ReturnType<typeof listenToLog>;
  let clock: Date;
  const now = () => clock;

  beforeEach(async () => {
    ({ records, client, close } = await openRecords());
    log = listenToLog();
    clock = minutes(0);
  });
  afterEach(async () => {
    log.stop();
    await close();
  });

  const watched = (service: string) => ({
    logger: new Logger({ serviceName: `windlass-${service}` }),
    measures: openMeasures({ repo: 'acme/shop-config', branch: 'main' }),
  });

  /** One tick of the check; what it sends. */
  function checker() {
    let sent: (DriftFound | CheckReported)[] = [];
    const handler = driftOnSchedule({
      ...{ now, ...watched('drift'), open: async () => clusterInSync() },
      repo: {
        head: async () => ({
          tree: treeOf({ 'windlass.yaml': windlassFile }, revision),
          config: readConfig(windlassFile).config!,
          problems: [],
        }),
        lastValid: refused,
      },
      reports: { send: async (message) => void sent.push(message) },
    });
    return async () => {
      sent = [];
      await handler({}, context);
      return sent;
    };
  }

  /** Works messages in, each in an invocation of its own: that is the most that it can cost. */
  function reporter() {
    const notices: unknown[] = [];
    const handler = reportOnSync({
      ...{ records, ...watched('report') },
      notices: { send: async (notice) => void notices.push(notice) },
    });
    const work = async (messages: readonly (DriftFound | CheckReported | SyncReported)[]) => {
      for (const message of messages) {
        const sqs = {
          messageId: message.run,
          groupId: 'g',
          deduplicationId: message.run,
          body: JSON.stringify(message),
        };
        const event: SQSEvent = { Records: [sqsRecord('reports', { ...sqs, sentAt: clock.getTime(), receives: 1 })] };
        expect(await handler(event, context)).toEqual({ batchItemFailures: [] });
      }
    };
    return { work, notices };
  }

  /** What pullers that watch report: each sync every ten minutes. */
  const pulls = (minute: number) =>
    ['a', 'b', 'c'].map((sync) => ({
      ...pull(0, 0),
      ...{ run: `${sync}-${minute}`, revision, sync, cluster: sync === 'a' ? 'dev' : 'prod' },
      ...{ startedAt: minutes(minute).toISOString(), at: minutes(minute).toISOString() },
    }));

  it('of checks and pulls leaves one small item for each look, no record, and a line of metrics for each check', async () => {
    const [tick, { work, notices }] = [checker(), reporter()];
    await work(pulls(0));
    await work(await tick());
    const written = listenToTables(client);
    const [linesBefore, bytesBefore] = [log.lines.length, log.bytes()];
    for (let minute = 5; minute <= 60; minute += 5) {
      clock = minutes(minute);
      if (minute % 10 === 0) await work(pulls(minute));
      await work(await tick());
    }
    const lines = log.lines.slice(linesBefore);
    const [ticks, syncs, clusters, rounds] = [12, 3, 2, 6];
    expect(written.get('audit')).toBeUndefined();
    expect(written.get('state')).toHaveLength(ticks * (syncs + clusters) + rounds * syncs);
    expect(Math.max(...written.get('state')!)).toBeLessThan(1_024);
    expect(lines).toHaveLength(ticks * (1 + clusters));
    expect(lines.filter((line) => !('_aws' in line))).toEqual([]);
    expect((log.bytes() - bytesBefore) / ticks).toBeLessThan(1_500);
    expect(notices).toEqual([]);
  });

  it('of sweeps that find nothing leaves the states of the images, and no line', async () => {
    const world = await loop();
    const bumpRecords: BumpRecords = {
      append: (all) => records.append(all),
      recordedUpTo: (branch) => records.recordedUpTo(branch),
      saveRecordedUpTo: (branch, revision) => records.saveRecordedUpTo(branch, revision),
      saveImages: (images) => records.saveImages(images),
      announce: refused,
    };
    const handler = bumpOnPush({ ...world.ports, records: bumpRecords, now, ...watched('bump') });
    const sweep = (minute: number) => {
      clock = minutes(minute);
      const body = JSON.stringify({ type: 'Sweep', at: clock.toISOString() });
      const sqs = { messageId: `s${minute}`, groupId: 'g', deduplicationId: `s${minute}`, body, receives: 1 };
      return handler({ Records: [sqsRecord('pushes', { ...sqs, sentAt: clock.getTime() })] }, context);
    };
    await sweep(0);
    const written = listenToTables(client);
    const linesBefore = log.lines.length;
    for (const minute of [15, 30, 45, 60]) expect(await sweep(minute)).toEqual({ batchItemFailures: [] });
    expect(written.get('audit')).toBeUndefined();
    expect(written.get('state')).toHaveLength(4 * 2);
    expect(Math.max(...written.get('state')!)).toBeLessThan(1_024);
    expect(log.lines.slice(linesBefore)).toEqual([]);
  });
});
