import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  PeriodOverride,
  Row,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { runbookPlace } from './runbook.ts';
import { functionsOf, own, period, queuesOf, reportQueuesOf, type Watched } from './watched.ts';

/** What the dashboard shows. */
export interface WindlassDashboardProps {
  /** Of this Windlass: `acme/shop-config@main`. */
  repo: string;
  watched: Watched;
  /** Where the team has the runbook, when not in Windlass's own files. */
  runbookUrl?: string;
  alarms: readonly IAlarm[];
}

/** CloudWatch lays out in 24 columns. */
const half = 12;
const height = 6;

/** The page in CloudWatch: what came in, what became of it, and whether what does the work is well. */
export class WindlassDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { repo, watched, alarms, runbookUrl }: WindlassDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(7),
      // A week is drawn in longer periods than five minutes, or it would be noise.
      periodOverride: PeriodOverride.AUTO,
    });
    const rows = [
      [heading(repo, runbookUrl), alarmsOf(alarms)],
      [pushes(repo, watched), latency(repo)],
      [deployments(repo), restores(repo)],
      [driftFigures(repo), driftTimes(repo)],
      [syncHealth(repo), checks(repo)],
      [errors(watched), durations(watched)],
      [ages(watched), deadLetters(watched)],
    ];
    for (const row of rows) this.dashboard.addWidgets(new Row(...row));
  }

  /** Where a browser finds it. */
  get url(): string {
    const { region } = Stack.of(this);
    const page = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
    return `${page}#dashboards/dashboard/${this.dashboard.dashboardName}`;
  }
}

function heading(repo: string, runbookUrl: string | undefined): IWidget {
  const runbook = runbookUrl === undefined ? `${runbookPlace()} of Windlass` : runbookUrl;
  const lines = [
    `# Windlass: ${repo}`,
    'A push becomes a commit, a puller applies it, a check finds the drift.',
    `**Something rings?** ${runbook} has a section for each alarm, which the alarm names.`,
    `By sync and image: \`windlass metrics\`. What happened, and who did it: \`windlass audit\`.`,
  ];
  return new TextWidget({ markdown: lines.join('\n\n'), width: half, height });
}

function alarmsOf(alarms: readonly IAlarm[]): IWidget {
  return new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: half, height });
}

function pushes(repo: string, { pushEvents }: Watched): IWidget {
  const sent = pushEvents.pushes.queue.metricNumberOfMessagesSent(sum('events and sweeps'));
  const bumped = own('BumpLatency', repo, Stats.SAMPLE_COUNT, 'pushes that became a commit');
  return graph('Pushes and bumps', [sent, bumped, own('SweepFound', repo, Stats.SUM, 'found by a sweep alone')]);
}

function latency(repo: string): IWidget {
  const left = spread('BumpLatency', repo, 'push to commit, ms');
  const right = [
    ...spread('LeadTimeFromSource', repo, 'source to healthy, s'),
    ...spread('LeadTimeFromPush', repo, 'push to healthy, s'),
    ...spread('LeadTime', repo, 'commit to healthy, s'),
  ];
  return new GraphWidget({ title: 'Lead time', left, right, width: half, height });
}

function deployments(repo: string): IWidget {
  const healthy = own('Deployments', repo, Stats.SUM, 'roll-outs that became healthy');
  return graph('Deployments', [healthy, own('ChangeFailures', repo, Stats.SUM, 'roll-outs that failed')]);
}

function restores(repo: string): IWidget {
  return graph('How fast syncs are restored', spread('TimeToRestore', repo, 'until well again, s'));
}

function driftFigures(repo: string): IWidget {
  const found = own('DriftFound', repo, Stats.SUM, 'incidents that opened');
  return graph('Drift', [found, own('DriftOpen', repo, Stats.MAXIMUM, 'incidents that are open')]);
}

function driftTimes(repo: string): IWidget {
  const left = [...spread('TimeToDetect', repo, 'until told, s'), ...spread('TimeToRecover', repo, 'until over, s')];
  return graph('How fast drift is found and put right', left);
}

function syncHealth(repo: string): IWidget {
  const unhealthy = own('SyncsUnhealthy', repo, Stats.MAXIMUM, 'syncs of one cluster that failed or are not healthy');
  return graph('Syncs', [unhealthy, own('PullersSilent', repo, Stats.MAXIMUM, 'a puller is silent')]);
}

function checks(repo: string): IWidget {
  const reached = own('ClustersChecked', repo, Stats.MINIMUM, 'clusters that a check reached');
  return graph('Drift checks', [reached, own('ClustersUnreachable', repo, Stats.MAXIMUM, 'clusters out of reach')]);
}

function errors(watched: Watched): IWidget {
  const all = functionsOf(watched);
  const failed = all.map(([name, fn]) => fn.metricErrors(sum(`${name} failed`)));
  return graph('Errors of the functions', [
    ...failed,
    ...all.map(([name, fn]) => fn.metricThrottles(sum(`${name} throttled`))),
  ]);
}

function durations(watched: Watched): IWidget {
  const p95 = { statistic: Stats.percentile(95), period };
  return graph(
    'Duration of the functions, p95',
    functionsOf(watched).map(([name, fn]) => fn.metricDuration({ ...p95, label: name })),
  );
}

function ages(watched: Watched): IWidget {
  const ofClusters = reportQueuesOf(watched).map(({ cluster, queue }) => ({ name: `reports of ${cluster}`, queue }));
  const all = [...queuesOf(watched).map(([name, { queue }]) => ({ name, queue })), ...ofClusters];
  const oldest = all.map(({ name, queue }) =>
    queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period, label: name }),
  );
  return graph('Oldest message, s', oldest);
}

function deadLetters(watched: Watched): IWidget {
  const queues = queuesOf(watched).map(([name, queue]) => ({ name, queue: queue.deadLetters }));
  const all = [...queues, { name: 'undelivered', queue: watched.pushEvents.undelivered }];
  const visible = all.map(({ name, queue }) =>
    queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, period, label: name }),
  );
  return graph('Dead letters', visible);
}

function graph(title: string, left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: half, height });
}

function spread(
  name:
    | 'BumpLatency'
    | 'LeadTime'
    | 'LeadTimeFromPush'
    | 'LeadTimeFromSource'
    | 'TimeToRestore'
    | 'TimeToDetect'
    | 'TimeToRecover',
  repo: string,
  what: string,
): IMetric[] {
  return [50, 95].map((share) => own(name, repo, Stats.percentile(share), `p${share} ${what}`));
}

function sum(label: string) {
  return { statistic: Stats.SUM, period, label };
}
