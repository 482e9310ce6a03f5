import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from '../../bench/cost/model.ts';
import file from '../../bench/cost/prices.json' with { type: 'json' };
import { shapeOf } from '../../bench/cost/stack.ts';
import { type Usage, usual, volumesOf } from '../../bench/cost/volumes.ts';
import type { WindlassProps } from '../../lib/infra/windlass-props.ts';
import { allProps, idOf, leastProps, type Resource, type SynthesizedTemplate, templateOf } from './synth.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What there is to pay for, and what costs nothing by being there. A new type is to be weighed: does the model know it? */
const priced = [
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::Scheduler::Schedule',
];
const free = [
  'AWS::Events::EventBusPolicy',
  'AWS::Events::Rule',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Permission',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
];

const cluster = (name: string) => `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`;
const stacks: [name: string, props: WindlassProps, has: { clusters: number; vpcs: number }][] = [
  ['without clusters', leastProps, { clusters: 0, vpcs: 0 }],
  ['with two clusters', { ...leastProps, clusters: [cluster('a'), cluster('b')] }, { clusters: 2, vpcs: 0 }],
  ['with everything', { ...allProps, logRetentionDays: 90 }, { clusters: 4, vpcs: 1 }],
];

describe.each(stacks)('the model of a stack %s', (_, props, has) => {
  const template = templateOf(props);
  const shape = shapeOf(has);
  const of = (type: string) => template.ofType(type).map(([, { Properties }]) => Properties);

  it('knows all that is paid for', () => {
    const types = new Set(Object.values(template.resources).map(({ Type }) => Type));
    for (const type of types) expect([...priced, ...free]).toContain(type);
  });

  it('counts alarms and dashboards', () => {
    expect(of('AWS::CloudWatch::Alarm')).toHaveLength(shape.alarms);
    expect(of('AWS::CloudWatch::Dashboard')).toHaveLength(shape.dashboards);
  });

  it('goes by the schedules', () => {
    const rates = of('AWS::Scheduler::Schedule').map(({ ScheduleExpression }) => ScheduleExpression);
    const checks = Array(shape.driftFunctions).fill(`rate(${shape.driftMinutes} minutes)`);
    expect(rates.sort()).toEqual([`rate(${shape.sweepMinutes} minutes)`, ...checks].sort());
  });

  it('counts the queues that Lambda polls, with pollers that nobody pays extra for', () => {
    const mappings = of('AWS::Lambda::EventSourceMapping');
    const isFifo = mappings.map(
      ({ EventSourceArn }) => template.resources[idOf(EventSourceArn)]!.Properties.FifoQueue === true,
    );
    expect(isFifo.filter(Boolean)).toHaveLength(shape.polled.fifo);
    expect(isFifo.filter((one) => !one)).toHaveLength(shape.polled.standard);
    for (const mapping of mappings) expect(mapping).not.toHaveProperty('ProvisionedPollerConfig');
  });

  it('has the memory of each function, on the processors whose price it takes', () => {
    const functions = functionsOf(template);
    expect(functions).toHaveLength(4 + shape.driftFunctions);
    for (const { name, memory, architecture } of functions) {
      expect([name, memory / 1024]).toEqual([name, shape.memory[name]]);
      expect([name, architecture]).toEqual([name, name === 'drift' ? 'x86_64' : 'arm64']);
    }
  });

  it('has the days that logs are kept', () => {
    for (const { RetentionInDays } of of('AWS::Logs::LogGroup')) expect(RetentionInDays).toBe(shape.logRetention);
  });
});

/** The functions, by the short names of the model. */
function functionsOf(template: SynthesizedTemplate) {
  const names = ['bump', 'drift', 'report', 'notify', 'who'] as const;
  return template.ofType('AWS::Lambda::Function').map(([id, { Properties }]: [string, Resource]) => ({
    name: names.find((name) => id.toLowerCase().includes(`${name}`))!,
    memory: Properties.MemorySize as number,
    architecture: (Properties.Architectures as string[])[0],
  }));
}

describe('the cost of a month', () => {
  it('is a bill whose lines add up', () => {
    const { lines, total } = costOf(usual);
    expect(lines.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(total);
    for (const { usd } of [...lines, ...costOf(usual).optional, ...costOf(usual).others])
      expect(usd).toBeGreaterThanOrEqual(0);
  });

  it('grows with everything that there is more of', () => {
    const more = fc.constantFrom<keyof Usage>(
      ...(['pushes', 'bumps', 'images', 'clusters', 'syncs', 'vpcs', 'incidents', 'driftSeconds', 'months'] as const),
    );
    fc.assert(
      fc.property(more, fc.integer({ min: 1, max: 500 }), (key, count) => {
        expect(costOf({ ...usual, [key]: (usual[key] as number) + count }).total).toBeGreaterThanOrEqual(
          costOf(usual).total,
        );
      }),
    );
  });

  it('takes the prices from their file', () => {
    const twice = Object.fromEntries(Object.entries(file.prices).map(([name, price]) => [name, 2 * price]));
    expect(costOf(usual, twice as typeof file.prices).total).toBeCloseTo(2 * costOf(usual).total);
  });

  it('has the idle polls of every queue: five long polls of 20 s at once', () => {
    const none = { ...usual, pushes: 0, bumps: 0, syncs: 0, clusters: 0, incidents: 0 };
    const { sqs, invocations } = volumesOf(none, shapeOf(none));
    expect(sqs.fifo).toBe(3 * 15 * 43_200 + 2 * 2_880);
    expect(sqs.standard).toBe(15 * 43_200);
    expect(invocations).toEqual({ bump: 2_880, drift: 0, report: 0, notify: 0, who: 0 });
    const polls = (clusters: number) => shapeOf({ clusters, vpcs: 0 }).polled.fifo;
    expect([polls(1), polls(7)]).toEqual([4, 10]);
  });

  it('is on its page as the command prints it', () => {
    const page = readFileSync(`${root}docs/cost.md`, 'utf8');
    const said = [...page.matchAll(/^\$ npm run --silent cost(?: --)?(.*)$/gm)].map(([, flags]) => flags!.trim());
    expect(said.length).toBeGreaterThanOrEqual(1);
    for (const flags of said) expect(page).toContain(run(flags.split(' ').filter(Boolean)));
  });

  it('can be had as JSON, and refuses what cannot be counted', () => {
    expect(JSON.parse(run(['--json', '--pushes', '7']))).toMatchObject({ usage: { pushes: 7 }, currency: 'USD' });
    for (const flags of [
      ['--pushes', '-1'],
      ['--mode', 'sometimes'],
      ['--syncs', ''],
      ['--nonsense', '1'],
    ])
      expect(() => run(flags)).toThrow('status 2');
  });
});

function run(flags: string[]): string {
  try {
    return execFileSync(process.execPath, [`${root}bench/cost/cost.ts`, ...flags], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`status ${(error as { status?: number }).status}`, { cause: error });
  }
}
