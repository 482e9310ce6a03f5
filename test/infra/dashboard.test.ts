import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { metricNamespace, metrics } from '../../lib/config/metric-names.ts';
import { WindlassAlarms } from '../../lib/infra/alarms.ts';
import { WindlassDashboard } from '../../lib/infra/dashboard.ts';
import { watchedStack } from './watched.ts';

const repo = 'acme/shop-config@main';
const outdir = mkdtempSync(join(tmpdir(), 'windlass-dashboard-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/**
 * The metrics that AWS writes of its own accord, as far as they are shown.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
const ofAws: Record<string, string[]> = {
  'AWS/SQS': ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible', 'NumberOfMessagesSent'],
  'AWS/Lambda': ['Duration', 'Errors', 'Throttles'],
};

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { title?: string; markdown?: string; alarms?: string[]; metrics?: unknown[][] };
}

const cluster = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';

function widgetsOf(drifts: number): { widgets: Widget[]; body: string } {
  const { stack, watched, topic } = watchedStack(join(outdir, `${drifts}`), drifts, [cluster]);
  const { alarms } = new WindlassAlarms(stack, 'Alarms2', { repo, watched, clusters: 1, topic });
  new WindlassDashboard(stack, 'Dashboard', { repo, watched, alarms });
  const dashboards = Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard');
  const [{ Properties }] = Object.values(dashboards) as [{ Properties: { DashboardBody: object } }];
  const body = textOf(Properties.DashboardBody);
  return { widgets: JSON.parse(body).widgets, body };
}

/** What CloudFormation makes of it, with names in place of what only AWS knows. */
function textOf(value: object | string): string {
  if (typeof value === 'string') return value;
  if ('Fn::Join' in value) return (value['Fn::Join'] as [string, (object | string)[]])[1].map(textOf).join('');
  if ('Fn::GetAtt' in value) return (value['Fn::GetAtt'] as string[]).join('.');
  if ('Ref' in value) return String(value.Ref);
  throw new Error(`nobody knows ${JSON.stringify(value)}`);
}

const { widgets, body } = widgetsOf(2);
/** Namespace and name of each metric that is drawn, with its dimensions. */
const drawn = widgets
  .flatMap(({ properties }) => properties.metrics ?? [])
  .map((one) => one.filter((part) => typeof part === 'string')) as string[][];

describe('the dashboard', () => {
  it('fills its rows without gaps or overlaps', () => {
    const rows = Map.groupBy(widgets, ({ y }) => y);
    for (const row of rows.values()) expect(row.reduce((sum, { width }) => sum + width, 0)).toBe(24);
    expect(new Set(widgets.map(({ x, y }) => `${x},${y}`)).size).toBe(widgets.length);
  });

  it('draws no metric that nobody writes', () => {
    expect(drawn.length).toBeGreaterThan(30);
    for (const [namespace, name] of drawn) {
      const known = namespace === metricNamespace ? Object.keys(metrics) : ofAws[namespace!];
      expect(known).toContain(name);
    }
  });

  it('shows each of the own metrics, by the repo', () => {
    const own = drawn.filter(([namespace]) => namespace === metricNamespace);
    expect(new Set(own.map(([, name]) => name))).toEqual(new Set(Object.keys(metrics)));
    for (const [, , ...dimensions] of own) expect(dimensions).toEqual(['repo', repo]);
  });

  it('shows the errors of each function, and the dead letters of each queue', () => {
    const of = (name: string) => new Set(drawn.filter((one) => one[1] === name).map((one) => one.at(-1)));
    expect(of('Errors').size).toBe(6);
    expect(of('Duration').size).toBe(6);
    expect(of('ApproximateNumberOfMessagesVisible').size).toBe(5);
    expect(of('ApproximateAgeOfOldestMessage').size).toBe(5);
    expect(body).toContain('reports of prod in eu-west-1');
  });

  it('shows all alarms, and leads to the runbook', () => {
    expect(widgets.find(({ type }) => type === 'alarm')?.properties.alarms).toHaveLength(25);
    const text = widgets.find(({ type }) => type === 'text')?.properties.markdown;
    expect(text).toContain(repo);
    expect(text).toContain('docs/runbook.md');
    expect(text).not.toContain('https:');
  });

  it('names what it draws, in words', () => {
    for (const { type, properties } of widgets) if (type === 'metric') expect(properties.title).toMatch(/^[A-Z]/);
    expect(body).toContain('push to commit');
  });
});
