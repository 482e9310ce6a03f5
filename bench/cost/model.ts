import file from './prices.json' with { type: 'json' };
import { type StackShape, shapeOf } from './stack.ts';
import { type Usage, type Volumes, volumesOf } from './volumes.ts';

/** Unit prices, by the names of prices.json. */
export type Prices = typeof file.prices;

/** One line of the bill: what, how much of it, and USD a month. */
export interface Line {
  item: string;
  volume: string;
  usd: number;
}

/** What a Windlass costs in a month of 30 days. */
export interface Costs {
  lines: Line[];
  total: number;
  /** What some teams need besides. */
  optional: Line[];
  /** What others cost that do a part of the same. */
  others: Line[];
}

/** Works out the costs. Throws nothing: whatever is not a number in `usage` is one in the result. */
export function costOf(usage: Usage, prices: Prices = file.prices): Costs {
  const shape = shapeOf(usage);
  const lines = linesOf(volumesOf(usage, shape), shape, prices);
  return {
    lines,
    total: lines.reduce((sum, { usd }) => sum + usd, 0),
    optional: optionalOf(usage, prices),
    others: othersOf(usage, prices),
  };
}

const hours = 730;

function linesOf(volumes: Volumes, shape: StackShape, price: Prices): Line[] {
  const { invocations, compute, sqs, dynamo, secrets, logGb, traces } = volumes;
  const { bump, drift, report, notify, who } = invocations;
  const others = bump + report + notify + who;
  const rare = 0.25;
  const measured = shape.metrics.always + shape.metrics.rare * rare;
  const kept = (logGb * shape.logRetention) / 30;
  return [
    line('EventBridge rules', 'events of AWS cost nothing', 0),
    line('Scheduler', `${many(volumes.schedules)} (free below 14 M)`, 0),
    line('SQS FIFO', `${many(sqs.fifo)} requests, most of them idle polls`, sqs.fifo * price.sqsFifoRequest),
    line('SQS standard', `${many(sqs.standard)} requests`, sqs.standard * price.sqsStandardRequest),
    line(
      'Lambda: the check',
      computed(drift, compute.x86),
      drift * price.lambdaRequest + compute.x86 * price.lambdaX86GbSecond,
    ),
    line(
      'Lambda: the others',
      computed(others, compute.arm),
      others * price.lambdaRequest + compute.arm * price.lambdaArmGbSecond,
    ),
    line(
      'DynamoDB',
      `${many(dynamo.writes)} writes, ${many(dynamo.reads)} reads, ${dynamo.gb.toFixed(2)} GB`,
      dynamo.writes * price.dynamoWriteUnit + dynamo.reads * price.dynamoReadUnit,
      dynamo.gb * (price.dynamoGbMonth + price.recoveryGbMonth),
    ),
    line(
      'Secrets',
      `${secrets.count}, ${many(secrets.calls)} calls`,
      secrets.count * price.secretMonth,
      secrets.calls * price.secretCall,
    ),
    line(
      'Logs',
      `${logGb.toFixed(2)} GB, kept for ${shape.logRetention} days`,
      logGb * price.logGbIn,
      kept * price.logGbMonth,
    ),
    line('Alarms', `${shape.alarms}`, shape.alarms * price.alarmMonth),
    line(
      'Metrics',
      `${shape.metrics.always} always, ${shape.metrics.rare} in a quarter of the hours`,
      measured * price.metricMonth,
    ),
    line(
      'Dashboard',
      `${shape.dashboards} (the first three of an account are free)`,
      shape.dashboards * price.dashboardMonth,
    ),
    line('X-Ray', `${many(traces)} traces (100 k free)`, traces * price.trace),
    line(
      'SNS, custom events',
      many(volumes.sns + volumes.customEvents),
      volumes.sns * price.snsRequest,
      volumes.customEvents * price.customEvent,
    ),
  ];
}

function optionalOf({ clusters, vpcs }: Usage, price: Prices): Line[] {
  const fargate = hours * (0.25 * price.fargateCpuHour + 0.5 * price.fargateGbHour);
  return [
    line('pullers on Fargate instead of nodes that are there', `${clusters} x 0.25 vCPU, 0.5 GB`, clusters * fargate),
    line(
      'NAT for a check from a VPC',
      `1 zone of ${Math.max(1, vpcs)} VPC, besides its data`,
      Math.max(1, vpcs) * hours * price.natHour,
    ),
    line('a KMS key of your own', '1', price.kmsKeyMonth),
  ];
}

function othersOf({ syncs, clusters }: Usage, price: Prices): Line[] {
  const argo = hours * (price.argoCapabilityHour + syncs * price.argoApplicationHour);
  const each = hours * (clusters * price.argoCapabilityHour + syncs * price.argoApplicationHour);
  return [
    line('managed Argo CD, one that deploys to all clusters', `1 capability, ${syncs} Applications`, argo),
    line('managed Argo CD in each cluster', `${clusters} capabilities, ${syncs} Applications`, each),
  ];
}

function line(item: string, volume: string, ...parts: number[]): Line {
  return { item, volume, usd: parts.reduce((sum, part) => sum + part, 0) };
}

function computed(invocations: number, gbSeconds: number): string {
  return `${many(invocations)} runs, ${many(gbSeconds)} GB-s`;
}

/** `1.94 M`, `276 k`, `12`. */
function many(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)} M`;
  return count >= 10_000 ? `${Math.round(count / 1000)} k` : String(Math.round(count));
}
