import { describe, expect, it } from 'vitest';
import type { DriftFound } from '../../lib/model/messages.ts';
import { howItEnded } from '../../lib/report/how-it-ended.ts';
import { added, changed, check, missing, pull } from './reports.ts';
import { workIn } from './work-in.ts';

describe('how a drift ended', () => {
  const report: DriftFound = {
    ...{ type: 'DriftFound', run: 'r', at: '2026-01-02T00:00:00.000Z', cluster: 'test', sync: 'shop' },
    ...{ drift: [], unknown: [], leftToControllers: [] },
  };

  const web = { object: 'apps/Deployment/shop-prod/web', isUnmanaged: false, seenAt: '2026-01-01' };

  it('is by hand, unless a pull or Git is known to have done it', () => {
    expect(howItEnded(undefined, report, web)).toBe('undone by hand');
    expect(howItEnded(undefined, { ...report, appliedAt: '2026-01-01T12:00:00.000Z' }, web)).toBe('converged by pull');
  });

  it('is not guessed where nothing was recorded of what was applied', () => {
    expect(howItEnded(undefined, { ...report, basis: 'git' }, web)).toBe('in line with Git again');
  });

  const rules = [{ rule: 'apps/Deployment/shop-*/web: metadata.labels', objects: 1 }];
  const last = (...reports: Parameters<typeof workIn>[0]) => workIn(reports).told.at(-1);

  it('is Git where a rule is new that is about the object and did something', () => {
    expect(last(check(10, [added()]), check(20, [], { rules }))).toMatch(/: changed in Git$/);
    expect(last(check(10, [added()], { rules }), check(20, [], { rules }))).toMatch(/: undone by hand$/);
    const idle = [{ ...rules[0]!, objects: 0 }];
    expect(last(check(10, [added()]), check(20, [], { rules: idle }))).toMatch(/: undone by hand$/);
    expect(last(check(10, [added('other')]), check(20, [], { rules }))).toMatch(/: undone by hand$/);
  });

  it('is Git for many where a new rule did something', () => {
    const many = Array.from({ length: 30 }, (_, index) => added(`w${index}`));
    expect(last(check(10, many), check(20, [], { rules }))).toBe('resolved drift: changed in Git');
    expect(last(check(10, many), check(20))).toBe('resolved drift: undone by hand');
  });

  it('is Git where its rules are others than at the last look, whoever looks', () => {
    const [before, after] = [{ rulesHash: 'a' }, { rulesHash: 'b' }];
    expect(last(check(10, [changed()], before), check(20, [], after))).toMatch(/: changed in Git$/);
    expect(last(check(10, [changed()], before), pull(20, 21, [], after))).toMatch(/: changed in Git$/);
    expect(last(pull(10, 11, [changed()], before), check(20, [], after))).toMatch(/: changed in Git$/);
    expect(last(check(10, [changed()], before), check(20, [], before))).toMatch(/: undone by hand$/);
    expect(last(check(10, [changed()], before), check(15, [changed()], after), check(20, [], after))).toMatch(
      /: undone by hand$/,
    );
    // One that does not say by which rules it looked is no sign of others.
    expect(last(check(10, [changed()], before), check(20))).toMatch(/: undone by hand$/);
    expect(last(check(10, [changed()]), check(20, [], after))).toMatch(/: undone by hand$/);
    const stray = { ...missing('stray'), state: 'unmanaged' as const };
    expect(last(check(10, [stray], before), check(20, [], after))).toMatch(/: deleted, or allowed in Git$/);
    expect(last(check(10, [changed()], before), check(20, [], { ...after, basis: 'git' }))).toMatch(
      /: in line with Git again$/,
    );
  });

  it('is not taken from the rules of a pull that failed: it did not look at everything', () => {
    const failed = pull(12, 13, [], { result: 'failed', rulesHash: 'b' });
    const looks = [check(10, [changed()], { rulesHash: 'a' }), failed, check(20, [], { rulesHash: 'b' })];
    expect(last(...looks)).toMatch(/: changed in Git$/);
  });

  it('is no pull that had told what it put right', () => {
    const applied = check(15).at;
    const told = pull(12, 16, [changed()]);
    expect(last(check(10, [changed()]), told, check(20, [], { appliedAt: applied }))).toMatch(/: undone by hand$/);
    // Its report is lost, or still on its way.
    expect(last(check(10, [changed()]), check(20, [], { appliedAt: applied }))).toMatch(/: converged by pull$/);
  });

  it('of what nobody declared is not guessed', () => {
    const stray = { ...missing('stray'), state: 'unmanaged' as const };
    expect(last(check(10, [stray]), pull(12, 16), check(20, [], { appliedAt: check(15).at }))).toMatch(
      /: deleted, or allowed in Git$/,
    );
    const changes = [{ object: stray.object, action: 'configured' as const }];
    expect(last(check(10, [stray]), pull(12, 16, [], { revision: 'bbbb', changes }))).toMatch(/: changed in Git$/);
  });
});
