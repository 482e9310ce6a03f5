import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bumpOnPush } from '../../functions/handlers/bump-on-push.ts';
import { driftOnSchedule } from '../../functions/handlers/drift-on-schedule.ts';
import { reportOnSync } from '../../functions/handlers/report-on-sync.ts';
import { openMeasures } from '../../functions/middleware/measures.ts';
import { lambdaContext, sqsRecord } from '../../lib/adapters/local/sqs-record.ts';
import { ecrHost, pushEvent } from '../../lib/bump/push-event.ts';
import { metricNamespace, metrics } from '../../lib/config/metric-names.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { recordId } from '../../lib/model/audit-record.ts';
import { UserError } from '../../lib/model/errors.ts';
import { loop, now } from '../bump/setup.ts';
import { treeOf } from '../pull/world.ts';
import { openRecords } from '../report/records.ts';
import { changed, check, pull, time } from '../report/reports.ts';
import { listenToLog } from './written.ts';

const context = lambdaContext('windlass');
const [account, region] = ['123456789012', 'eu-west-1'];

/** One line of CloudWatch's embedded format, as far as it is looked at here. */
interface Embedded {
  [value: string]: unknown;
  _aws: {
    Timestamp: number;
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
}

describe('the metrics that the functions write', () => {
  let log: ReturnType<typeof listenToLog>;
  beforeEach(() => {
    log = listenToLog();
  });
  afterEach(() => log.stop());

  const watched = () => ({
    logger: new Logger({ logLevel: 'SILENT' }),
    measures: openMeasures({ repo: 'acme/shop-config', branch: 'main' }),
  });
  const records = (...bodies: string[]) => ({
    Records: bodies.map((body, index) => {
      const ids = { messageId: `m${index}`, groupId: 'g', deduplicationId: `d${index}` };
      return sqsRecord('queue', { ...ids, body, sentAt: Math.max(now.getTime(), Date.parse(time(300))), receives: 1 });
    }),
  });
  const embedded = () => log.lines.filter((line): line is Embedded => '_aws' in line);
  /** The values of each metric. */
  const values = () => {
    const all: Record<string, unknown> = {};
    for (const line of embedded()) {
      for (const { Name } of line._aws.CloudWatchMetrics.flatMap((one) => one.Metrics))
        all[Name] = [all[Name] ?? [], line[Name]].flat();
    }
    return all;
  };
  const written = (by: string) =>
    Object.entries(metrics)
      .filter(([, metric]) => metric.by === by)
      .map(([name]) => name)
      .sort();

  /** As CloudWatch reads it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
  function expectFormat() {
    expect(embedded().length).toBeGreaterThan(0);
    for (const line of embedded()) {
      expect(line._aws.Timestamp).toBeGreaterThan(Date.UTC(2020, 1));
      expect(line['repo']).toBe('acme/shop-config@main');
      expect(line._aws.CloudWatchMetrics).toHaveLength(1);
      const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics as [
        Embedded['_aws']['CloudWatchMetrics'][number],
      ];
      expect({ Namespace, Dimensions }).toEqual({ Namespace: metricNamespace, Dimensions: [['repo']] });
      for (const { Name, Unit } of Metrics) expect(metrics).toHaveProperty(`${Name}.unit`, Unit);
    }
  }

  it('of bumps are how long a push took, and what a sweep found alone', async () => {
    const world = await loop();
    const set = new Date(world.git.git('log', '-1', '--format=%cI', 'main')).getTime();
    let clock = new Date(set + 60_000);
    const handler = bumpOnPush({ ...world.ports, now: () => clock, ...watched() });
    const repository = 'shop/api';
    const { digest } = await world.registry.push(`${ecrHost(account!, region!)}/${repository}`, '4.0.0', clock);
    const sent = { id: 'push', at: clock, account: account!, region: region!, repository, tag: '4.0.0', digest };
    const event = records(JSON.stringify(pushEvent(sent)));
    clock = new Date(clock.getTime() + 2_500);
    await handler(event, context);
    // ECR tells whole seconds.
    expect(values()['BumpLatency']).toEqual([clock.getTime() - Math.floor((clock.getTime() - 2_500) / 1000) * 1000]);
    await handler(event, context);
    expect(values()['BumpLatency']).toHaveLength(1);
    await world.registry.push(`${ecrHost(account!, region!)}/shop/web`, '1.1.0', clock);
    clock = new Date(clock.getTime() + 30 * 60_000);
    await handler(records(JSON.stringify({ type: 'Sweep', at: clock.toISOString() })), context);
    expect(values()['SweepFound']).toEqual([1]);
    expect(Object.keys(values()).sort()).toEqual(written('bump'));
    expectFormat();
  });

  it('of a check are the clusters that it reached, also where there are none, and those that it did not', async () => {
    const run = (file: string) =>
      driftOnSchedule({
        ...{ now: () => now, ...watched() },
        open: () => Promise.reject(new UserError('it is not granted', { code: 'no-grant' })),
        repo: {
          head: async () => ({
            tree: treeOf({ 'windlass.yaml': file }),
            config: readConfig(file).config!,
            problems: [],
          }),
          lastValid: async () => undefined,
        },
        reports: { send: async () => undefined },
      })({}, context);
    await run('windlass: 1\nclusters: { dev: {}, prod: {} }\nsyncs: { a: { cluster: prod, path: a } }\n');
    expect(values()).toEqual({ ClustersChecked: [1], ClustersUnreachable: [1] });
    await run('windlass: 1\n');
    expect(values()).toEqual({ ClustersChecked: [1, 0], ClustersUnreachable: [1, 0] });
    expect(Object.keys(values()).sort()).toEqual(written('drift'));
    expectFormat();
  });

  it('of reports are drift, how clusters stand, and how roll-outs went', async () => {
    const { records: tables, close } = await openRecords();
    try {
      const handler = reportOnSync({ records: tables, notices: { send: async () => undefined }, ...watched() });
      await tables.append([
        {
          ...{ id: recordId('bumped', 'bbbb'), at: time(200), kind: 'bumped', actor: 'windlass bump' },
          ...{ subjects: ['image:web', 'revision:bbbb', 'event:e'], revision: 'bbbb', result: 'ok' },
          ...{ summary: 'web went to 1.5.0', details: { sourceTime: time(152) } },
        },
        {
          ...{ id: recordId('push-received', 'e'), at: time(195), kind: 'push-received', actor: 'push event' },
          ...{ subjects: ['event:e', 'image:web'], result: 'ok', summary: 'web:1.5.0 was pushed' },
        },
      ]);
      const limits = { puller: 1_800, checker: 1_800, held: 86_400 };
      const heartbeat = {
        ...{
          type: 'CheckReported',
          run: 'c',
          startedAt: time(250),
          at: time(250),
          cluster: 'prod',
          syncs: ['shop-prod'],
        },
        ...{ objects: 1, failed: [], stopped: [], limits },
      };
      const bodies = [
        check(100, [changed()]),
        pull(145, 146, [changed()], { healed: true }),
        pull(210, 212, [], { revision: 'bbbb', changes: [{ object: 'ConfigMap/a/b', action: 'configured' }] }),
        pull(220, 221, [], { revision: 'bbbb', result: 'unhealthy' }),
        pull(230, 231, [], { revision: 'bbbb' }),
        heartbeat,
      ];
      await handler(records(...bodies.map((body) => JSON.stringify(body))), context);
      expect(values()).toEqual({
        ...{ DriftFound: [1], TimeToDetect: [7], TimeToRecover: [46], LeadTime: [12] },
        ...{
          Deployments: [1],
          LeadTimeFromPush: [17],
          LeadTimeFromSource: [60],
          ChangeFailures: [1],
          TimeToRestore: [10],
        },
        ...{ PullersSilent: [0], SyncsUnhealthy: [0], DriftOpen: [0] },
      });
      expect(embedded()).toHaveLength(1);
      expect(Object.keys(values()).sort()).toEqual(written('report'));
      expectFormat();
    } finally {
      await close();
    }
  });
});
