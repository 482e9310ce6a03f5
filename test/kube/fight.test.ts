import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finding, judge, type Rewrite } from '../../lib/kube/fight.ts';

const start = Date.parse('2026-03-01T12:00:00Z');
const at = (minutes: number) => new Date(start + minutes * 60_000);
const object = 'ConfigMap/shop/settings';
const finding = (name: string, manager?: string): Finding => ({
  path: ['f:data', `f:${name}`],
  field: { path: `data.${name}`, ...(manager && { manager }) },
});
const gone: Finding = { path: [] };

/** A pull at each of the minutes, that finds the same and puts right what is not paused: the minutes at which it did. */
function rewritesAt(minutes: readonly number[], findings: Finding[]) {
  let history: Rewrite[] = [];
  const written: number[] = [];
  for (const minute of minutes) {
    const { paused, rewrites } = judge(object, history, findings, at(minute));
    if (paused.length > 0) continue;
    written.push(minute);
    history = rewrites;
  }
  return { written, history };
}
const everyMinute = (count: number) => Array.from({ length: count }, (_, minute) => minute);

describe('a field that another writer keeps changing', () => {
  it('is put right five times in an hour, and then left for pauses of 5, 10, 20, 40 and 60 minutes', () => {
    const { written } = rewritesAt(everyMinute(300), [finding('a', 'some-program')]);
    expect(written).toEqual([0, 1, 2, 3, 4, 9, 19, 39, 79, 139, 199, 259]);
  });

  it('is told with its fields, its writer and the times, once for each writer', () => {
    const findings = [finding('b', 'some-program'), finding('a', 'some-program'), finding('c')];
    const { history } = rewritesAt(everyMinute(5), findings);
    expect(judge(object, history, findings, at(6)).fights).toEqual([
      {
        object,
        fields: ['data.c'],
        rewrites: 5,
        since: at(0).toISOString(),
        last: at(4).toISOString(),
        until: at(9).toISOString(),
      },
      {
        object,
        fields: ['data.a', 'data.b'],
        manager: 'some-program',
        rewrites: 5,
        since: at(0).toISOString(),
        last: at(4).toISOString(),
        until: at(9).toISOString(),
      },
    ]);
  });

  it('is no fight when it happens now and then', () => {
    const { written, history } = rewritesAt([0, 16, 32, 48, 64, 80, 96], [finding('a', 'some-program')]);
    expect(written).toHaveLength(7);
    expect(history.every(({ fight }) => fight === undefined)).toBe(true);
  });

  it('is no fight of a person before fifteen times, nor are deletions', () => {
    for (const one of [finding('a', 'kubectl-edit'), finding('a', 'windlass'), gone]) {
      expect(rewritesAt(everyMinute(17), [one]).written).toEqual(everyMinute(15));
    }
  });

  it('does not keep other fields, nor other writers of the same field, from being put right', () => {
    const { history } = rewritesAt(everyMinute(5), [finding('a', 'some-program')]);
    const findings = [finding('a', 'some-program'), finding('a', 'another'), finding('b', 'some-program')];
    expect(judge(object, history, findings, at(6)).paused).toEqual([['f:data', 'f:a']]);
  });

  it('is over when the writer has been silent for an hour after we put it right, not before', () => {
    const { history } = rewritesAt(everyMinute(5), [finding('a', 'some-program')]);
    expect(judge(object, history, [], at(63))).toMatchObject({ ended: false, fights: [{ manager: 'some-program' }] });
    expect(judge(object, history, [], at(64))).toEqual({ paused: [], rewrites: [], ended: true, fights: [] });
  });
});

describe('however often pulls come and whatever differs', () => {
  const pulls = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 200 });

  it('no field is written more often than a pause of an hour allows, in the long run, nor left for longer', () => {
    fc.assert(
      fc.property(pulls, fc.constantFrom('some-program', 'kubectl-edit', undefined), (gaps, manager) => {
        let minute = 0;
        const minutes = gaps.map((gap) => (minute += gap));
        const { written } = rewritesAt(minutes, [finding('a', manager)]);
        const inAnHour = written.map((from) => written.filter((one) => one >= from && one < from + 60).length);
        expect(Math.max(...inAnHour)).toBeLessThanOrEqual(manager === 'kubectl-edit' ? 19 : 9);
        for (const pulled of minutes) expect(written.some((one) => one <= pulled && one > pulled - 60 - 30)).toBe(true);
      }),
    );
  });

  it('the history of an object stays small', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.integer({ min: 1, max: 30 }), (fields, rounds) => {
        const findings = Array.from({ length: fields }, (_, index) => finding(`k${index}`, 'some-program'));
        const { history } = rewritesAt(everyMinute(rounds), findings);
        expect(history.length).toBeLessThanOrEqual(20);
        expect(history.every(({ times }) => times.length <= 15)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
