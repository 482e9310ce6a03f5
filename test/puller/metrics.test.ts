import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SyncReported } from '../../lib/model/messages.ts';
import { openLog } from '../../lib/puller/log.ts';
import { pullFields } from '../../lib/puller/metrics.ts';

const text = z.string().min(1).max(1024);
const units = ['Seconds', 'Microseconds', 'Milliseconds', 'Bytes', 'Percent', 'Count', 'None'];

/** The published rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const emf = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int().min(0),
    CloudWatchMetrics: z
      .array(
        z.strictObject({
          Namespace: text,
          Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).min(1),
          Metrics: z.array(z.strictObject({ Name: text, Unit: z.enum(units) })).max(100),
        }),
      )
      .min(1),
  }),
});

const long = 'x"\n'.repeat(3000);
const many = Array.from({ length: 300 }, (_, index) => `apps/Deployment/shop/web-${index}`);
const reports: Record<string, Partial<SyncReported>> = {
  'went well': {},
  'failed in every way': {
    result: 'failed',
    errors: many.map((object) => ({ code: 'apply-invalid', object, message: long, hint: long, source: long })),
    notices: many.map((object) => ({ code: 'prune-waits', object, message: long })),
    drift: many.map((object) => ({ object, state: 'changed', fields: [] })),
  },
};

function lineOf(changes: Partial<SyncReported>): string {
  let line = '';
  const log = openLog(
    (written) => {
      line = written;
    },
    () => new Date(),
  );
  const counts = { created: 1, configured: 2, unchanged: 3, pruned: 4, skipped: 5 };
  const report: SyncReported = {
    ...{ type: 'SyncReported', run: 'r', cluster: 'test', sync: 'shop', revision: 'a'.repeat(40), result: 'synced' },
    ...{ startedAt: '2026-11-23T12:00:00.000Z', at: '2026-11-23T12:00:01.500Z', healed: false, counts },
    ...{ changes: [], drift: [], health: [], errors: [] },
    ...changes,
  };
  log.info('shop: synced', pullFields(report));
  return line;
}

describe("the metrics in the puller's log", () => {
  it.each(Object.entries(reports))('keep the rules of the embedded format of a pull that %s', (_, changes) => {
    const line = JSON.parse(lineOf(changes)) as Record<string, unknown>;
    for (const { Dimensions, Metrics } of emf.parse(line)._aws.CloudWatchMetrics) {
      // What is named must be at the root: a dimension as text, a metric as a number.
      for (const name of Dimensions.flat()) expect(line[name]).toMatch(/^[\x20-\x7e]{1,1024}$/);
      for (const { Name } of Metrics) expect(line[Name], Name).toSatisfy(Number.isFinite);
      expect(new Set(Metrics.map(({ Name }) => Name)).size).toBe(Metrics.length);
    }
  });

  it('say what the pull did', () => {
    expect(JSON.parse(lineOf({}))).toMatchObject({
      ...{ PullDuration: 1500, Objects: 15, Changes: 7, Drift: 0, Errors: 0, Healthy: 1 },
    });
  });

  it.each(Object.entries(reports))('are on a line that no container runtime cuts, of a pull that %s', (_, changes) => {
    expect(Buffer.byteLength(lineOf(changes))).toBeLessThan(16_384);
  });
});
