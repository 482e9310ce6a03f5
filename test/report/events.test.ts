import { describe, expect, it } from 'vitest';
import type { Incident } from '../../lib/model/incident.ts';
import { noTransitions } from '../../lib/report/draft.ts';
import { eventsFor } from '../../lib/report/events.ts';
import { changed, check, missing, pull, time } from './reports.ts';
import { workIn } from './work-in.ts';

const edited = () => {
  const drift = changed();
  drift.fields[0]!.time = '2026-11-22T12:00:03Z';
  return drift;
};
const opened = () => workIn([check(10, [edited()])]).open[0]!;
const resolved = () => workIn([check(10, [edited()]), pull(20, 21, [edited()], { healed: true })]).last[0]!;

describe('the events of incidents', () => {
  it('have a stable shape without the values of fields', () => {
    const [event] = eventsFor({ ...noTransitions, opened: [opened()] });
    expect(event).toEqual({
      type: 'Windlass Incident Opened',
      detail: {
        version: 1,
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        state: 'opened',
        severity: 'warning',
        at: time(10),
        incident: {
          key: opened().key,
          ...{ kind: 'drift', cluster: 'prod', sync: 'shop-prod', object: 'apps/Deployment/shop-prod/web' },
          title: 'apps/Deployment/shop-prod/web was changed by kubectl-set',
          ...{ openedAt: time(10), madeAt: time(3), namespaces: ['shop-prod'] },
        },
        drift: {
          state: 'changed',
          fields: [
            {
              path: 'spec.template.spec.containers[name=web].image',
              ...{ manager: 'kubectl-set', operation: 'Update', time: '2026-11-22T12:00:03Z' },
            },
          ],
        },
      },
    });
    expect(JSON.stringify(event)).not.toContain('web:hand');
  });

  it('say how it ended', () => {
    const [event] = eventsFor({ ...noTransitions, resolved: [resolved()] });
    expect(event).toMatchObject({
      type: 'Windlass Incident Resolved',
      detail: { at: time(21), incident: { resolution: 'converged by pull', resolvedAt: time(21) } },
    });
  });

  it('have the same id for the same step alone', () => {
    const ids = (incident: Incident) =>
      eventsFor({ ...noTransitions, opened: [incident], changed: [incident], resolved: [incident] }).map(
        ({ detail }) => detail.id,
      );
    expect(ids(opened())).toEqual(ids(opened()));
    expect(new Set(ids(resolved())).size).toBe(3);
    const later = workIn([check(11, [edited()])]).open[0]!;
    expect(ids(later)[0]).not.toBe(ids(opened())[0]);
  });

  it('fit into what EventBridge takes, however much drifts and however long the names are', () => {
    const long = '€'.repeat(5_000);
    const fields = Array.from({ length: 5_000 }, () => ({ path: long, live: long, manager: long, note: long }));
    const big = workIn([check(0, [{ ...changed(), fields }])]).open[0]!;
    const many = workIn([
      check(
        0,
        Array.from({ length: 3_000 }, (_, index) => missing(`${long}${index}`)),
      ),
    ]).open[0]!;
    for (const incident of [big, many, { ...big, namespaces: Array(500).fill('ns'.repeat(30)) }]) {
      const [event] = eventsFor({ ...noTransitions, opened: [incident] });
      expect(Buffer.byteLength(JSON.stringify(event?.detail))).toBeLessThan(200_000);
    }
    const [event] = eventsFor({ ...noTransitions, opened: [big] });
    expect(event?.detail.drift).toMatchObject({ fieldsLeftOut: 4_970 });
    const wordy = { ...many, details: Array.from({ length: 501 }, () => long) };
    const detail = eventsFor({ ...noTransitions, opened: [wordy] })[0]?.detail;
    expect(detail?.linesLeftOut).toBe(451);
    expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThan(200_000);
  });
});

describe('when a change was made', () => {
  const times = (...all: (string | undefined)[]) => ({
    ...changed(),
    fields: all.map((when, index) => ({ path: `data.${index}`, live: 'x', ...(when && { time: when }) })),
  });
  const madeAt = (...all: (string | undefined)[]) => workIn([check(10, [times(...all)])]).open[0]?.madeAt;

  it('is the first of its fields, as far as the API server tells', () => {
    expect(madeAt(undefined, '2026-11-22T12:00:05Z', '2026-11-22T12:00:04Z')).toBe(time(4));
    expect(madeAt(undefined)).toBeUndefined();
    expect(madeAt('yesterday')).toBeUndefined();
  });

  it('is not later than its discovery, where the clocks differ a little, and is not known where they differ much', () => {
    expect(madeAt('2026-11-22T12:00:40Z')).toBe(time(10));
    expect(madeAt('2026-11-22T13:00:00Z')).toBeUndefined();
  });

  it('stays as it was when the incident opened', () => {
    const later = {
      ...edited(),
      fields: [{ ...edited().fields[0]!, live: 'web:other', time: '2026-11-22T12:00:15Z' }],
    };
    expect(workIn([check(10, [edited()]), check(20, [later])]).open).toMatchObject([{ madeAt: time(3) }]);
  });
});
