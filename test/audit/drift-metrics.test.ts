import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { driftMetrics } from '../../lib/audit/drift-metrics.ts';
import { readMetrics } from '../../lib/audit/metrics.ts';
import type { Incident } from '../../lib/model/incident.ts';
import { openRecords } from '../report/records.ts';
import { time } from '../report/reports.ts';

const window = { from: time(0), to: time(3_600) };

/** An incident that opened at a second; made and over so many seconds before and after. */
const incident = (opened: number, made?: number, over?: number, more: Partial<Incident> = {}): Incident => ({
  key: `${time(opened)}-drift-${more.object ?? 'a'}`,
  kind: 'drift',
  ...{ cluster: 'prod', sync: 'shop-prod', object: 'ConfigMap/shop/a', title: 'ConfigMap/shop/a was changed' },
  drift: { object: 'ConfigMap/shop/a', state: 'changed', fields: [] },
  ...{ openedAt: time(opened), changedAt: time(opened), contentHash: 'x' },
  ...(made !== undefined && { madeAt: time(opened - made) }),
  ...(over !== undefined && { resolvedAt: time(opened + over) }),
  ...more,
});

describe('the metrics of drift', () => {
  it('are the times to detect and to recover, overall, by sync and by class', () => {
    const missing = { drift: { object: 'ConfigMap/shop/b', state: 'missing' as const, fields: [] } };
    const metrics = driftMetrics(
      [
        ...[incident(100, 10, 60), incident(200, 20, 30), incident(300, 90)],
        ...[incident(400, undefined, 10, missing), incident(500, undefined, 20, { sync: 'infra', drift: undefined })],
      ],
      window,
    );
    expect(metrics.overall).toEqual({
      ...{ incidents: 5, open: 1, notTimed: 2 },
      detect: { count: 3, mean: 40, p50: 20, p95: 90 },
      recover: { count: 4, mean: 30, p50: 20, p95: 60 },
    });
    expect(metrics.syncs).toMatchObject({ infra: { incidents: 1, notTimed: 1 }, 'shop-prod': { incidents: 4 } });
    expect(metrics.syncs['infra']).not.toHaveProperty('detect');
    expect(Object.keys(metrics.classes)).toEqual(['changed', 'many', 'missing']);
    expect(metrics.classes.changed).toMatchObject({ incidents: 3, open: 1, notTimed: 0 });
  });

  it('are of the drift that opened in the window alone', () => {
    const others = [incident(-1, 1, 1), incident(3_600, 1, 1), incident(10, 1, 1, { kind: 'unhealthy' })];
    expect(driftMetrics(others, window).overall).toEqual({ incidents: 0, open: 0, notTimed: 0 });
    expect(driftMetrics([...others, incident(0, 1, 1)], window).overall.incidents).toBe(1);
  });

  it('have percentiles that are times which there were, and a mean between them', () => {
    const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, (all) => {
        const spread = driftMetrics(
          all.map((over) => incident(5, 1, over)),
          window,
        ).overall.recover!;
        expect(all).toContain(spread.p50);
        expect(all).toContain(spread.p95);
        expect(spread.p50).toBeLessThanOrEqual(spread.p95);
        expect(all.filter((one) => one <= spread.p95).length).toBeGreaterThanOrEqual(all.length * 0.95);
        expect(all.filter((one) => one < spread.p50).length).toBeLessThan(all.length / 2);
        expect(spread.mean).toBeGreaterThanOrEqual(Math.min(...all));
        expect(spread.mean).toBeLessThanOrEqual(Math.max(...all));
      }),
    );
  });
});

describe('the metrics of drift from the records', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ records, close } = await openRecords());
  });
  afterAll(() => close());

  it('read the incidents of the window alone, open and over', async () => {
    const all = [-10, 0, 5, 3_599, 3_600].map((at) => incident(at, 1, at === 5 ? undefined : 1, { object: `o${at}` }));
    for (const one of all) await records.saveIncident(one);
    const found = await records.incidentsBetween(window.from, window.to);
    expect(found.map(({ object }) => object)).toEqual(['o3599', 'o5', 'o0']);
    expect((await readMetrics(window, records)).drift!.overall).toMatchObject({ incidents: 3, open: 1 });
  });
});
