import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { metricNamespace, metrics } from '../../lib/config/metric-names.ts';
import { WindlassAlarms } from '../../lib/infra/alarms.ts';
import { watchedStack } from './watched.ts';

const repo = 'acme/shop-config@main';
const outdir = mkdtempSync(join(tmpdir(), 'windlass-alarms-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** One alarm of a template, as far as it is looked at here. */
interface AlarmProperties {
  AlarmDescription: string;
  AlarmActions: unknown[];
  OKActions: unknown[];
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: unknown }[];
  Statistic?: string;
  ExtendedStatistic?: string;
  Threshold: number;
  ComparisonOperator: string;
  Period: number;
  EvaluationPeriods: number;
  DatapointsToAlarm: number;
  TreatMissingData: string;
}

function alarmsOf({ clusters = 2, drifts = 1, reporting = [] as string[] } = {}) {
  const { stack, watched, topic } = watchedStack(mkdtempSync(join(outdir, 'app-')), drifts, reporting);
  new WindlassAlarms(stack, 'Alarms2', { repo, watched, clusters, topic });
  const template = Template.fromStack(stack).toJSON().Resources as Record<
    string,
    { Type: string; Properties: AlarmProperties }
  >;
  const ofType = (type: string) => Object.entries(template).filter(([, one]) => one.Type === type);
  const alarms = ofType('AWS::CloudWatch::Alarm').map(([id, { Properties }]) => ({ id, ...Properties }));
  /** By a part of its logical id; there must be just one. */
  const alarm = (part: string) => {
    const found = alarms.filter(({ id }) => id.includes(part));
    expect(found).toHaveLength(1);
    return found[0]!;
  };
  return { alarms, alarm, ofType };
}

const { alarms, alarm, ofType } = alarmsOf();

describe('the alarms', () => {
  it('are these, and a new one is to be weighed: each costs', () => {
    expect(alarms.map(({ id }) => id.replace(/^Alarms2/, '').replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'BumpFails',
      'BumpSlow',
      'BumpThrottled',
      'ClusterUnreachable',
      'DeadLettersNotices',
      'DeadLettersPushes',
      'DeadLettersQuestions',
      'DeadLettersReports',
      'DriftFails',
      'DriftStale',
      'DriftThrottled',
      'NotifyFails',
      'NotifyThrottled',
      'PullerSilent',
      'PushesWait',
      'ReportFails',
      'ReportThrottled',
      'ReportsWait',
      'SweepFound',
      'Undelivered',
      'WhoFails',
      'WhoThrottled',
    ]);
    expect(ofType('AWS::CloudWatch::CompositeAlarm')).toEqual([]);
  });

  it('tell the topic when they ring and when it is over', () => {
    for (const { AlarmActions, OKActions } of alarms) {
      expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^Alarms/) }]);
      expect(OKActions).toEqual(AlarmActions);
    }
  });

  it('are admitted by the topic, which has a policy of its own', () => {
    // biome-ignore lint/suspicious/noExplicitAny: a policy's statements have no type of their own
    const policies = ofType('AWS::SNS::TopicPolicy') as any[];
    const statements = policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
    expect(statements).toContainEqual({
      ...{ Sid: 'AllowAlarms', Effect: 'Allow', Action: 'sns:Publish', Resource: expect.anything() },
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: {
        StringEquals: { 'aws:SourceAccount': '123456789012' },
        ArnLike: {
          'aws:SourceArn': {
            'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':cloudwatch:eu-west-1:123456789012:alarm:*']],
          },
        },
      },
    });
  });

  it.each(alarms)('$id says whose it is, and leads to the runbook', ({ AlarmDescription }) => {
    expect(AlarmDescription).toMatch(new RegExp(`^Windlass of ${repo}: .+\\. What to do: docs/runbook\\.md#[a-z-]+$`));
    expect(AlarmDescription.length).toBeLessThan(1024);
  });

  it('look at own metrics by names that the functions write, and by the repo alone', () => {
    const own = alarms.filter(({ Namespace }) => Namespace === metricNamespace);
    expect(own.length).toBeGreaterThan(0);
    for (const { MetricName, Dimensions } of own) {
      expect(Object.keys(metrics)).toContain(MetricName);
      expect(Dimensions).toEqual([{ Name: 'repo', Value: repo }]);
    }
  });
});

describe('an alarm', () => {
  it('of dead letters goes on while they lie there, also when SQS tells nothing of an idle queue', () => {
    for (const name of [
      'DeadLettersPushes',
      'DeadLettersReports',
      'DeadLettersNotices',
      'DeadLettersQuestions',
      'Undelivered',
    ])
      expect(alarm(name)).toMatchObject({
        ...{ Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Statistic: 'Maximum' },
        ...{ Threshold: 1, EvaluationPeriods: 1, TreatMissingData: 'ignore' },
      });
    expect(dimension('DeadLettersPushes')).not.toEqual(dimension('DeadLettersReports'));
  });

  it('of a stale check rings after 15 minutes without a run, and not without data by chance', () =>
    expect(alarm('DriftStale')).toMatchObject({
      ...{ MetricName: 'ClustersChecked', Statistic: 'SampleCount', ComparisonOperator: 'LessThanThreshold' },
      ...{ Threshold: 1, Period: 300, EvaluationPeriods: 3, DatapointsToAlarm: 3, TreatMissingData: 'breaching' },
    }));

  it('of a stale check rings when one of several functions stopped', () =>
    expect(alarmsOf({ drifts: 2 }).alarm('DriftStale')).toMatchObject({ Threshold: 2, Statistic: 'SampleCount' }));

  it('about clusters is only there where there are some', () => {
    const ids = alarmsOf({ clusters: 0 }).alarms.map(({ id }) => id);
    expect(ids.filter((id) => /Stale|Unreachable|Silent/.test(id))).toEqual([]);
    expect(ids).toHaveLength(alarms.length - 3);
  });

  it('of a queue that waits is later than the last try of a message', () => {
    for (const name of ['PushesWait', 'ReportsWait'])
      expect(alarm(name)).toMatchObject({ MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 1200 });
  });

  it('of the reports that wait is one for each cluster, and names it', () => {
    const arn = (name: string) => `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`;
    const { alarms } = alarmsOf({ reporting: [arn('dev'), arn('prod')] });
    const waiting = alarms.filter(({ AlarmDescription }) => AlarmDescription.includes('#reports-wait'));
    expect(waiting.map(({ AlarmDescription }) => /reports(?: of .+)? waits/.exec(AlarmDescription)?.[0])).toEqual([
      'reports of dev in eu-west-1 waits',
      'reports of prod in eu-west-1 waits',
      'reports waits',
    ]);
    expect(new Set(waiting.map(({ Dimensions }) => JSON.stringify(Dimensions))).size).toBe(3);
  });

  it('of a failing function rings at the first failure; of the check, which the next run makes good, at the second', () => {
    for (const name of ['BumpFails', 'ReportFails', 'NotifyFails', 'WhoFails'])
      expect(alarm(name)).toMatchObject({ MetricName: 'Errors', Threshold: 1, DatapointsToAlarm: 1 });
    expect(alarm('DriftFails')).toMatchObject({ MetricName: 'Errors', DatapointsToAlarm: 2, EvaluationPeriods: 3 });
  });

  it('of slow bumps takes nine of ten pushes', () =>
    expect(alarm('BumpSlow')).toMatchObject({
      MetricName: 'BumpLatency',
      ExtendedStatistic: 'p90',
      Threshold: 120_000,
    }));

  const dimension = (name: string) => alarm(name).Dimensions;
});
