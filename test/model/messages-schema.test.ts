import { describe, expect, it } from 'vitest';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { added, changed, check, missing, pull } from '../report/reports.ts';

describe('the schema of reports', () => {
  it('takes what the flows send as it is', () => {
    const full = pull(0, 1, [changed(), missing('a'), added()], {
      environment: 'prod',
      errors: [
        { code: 'render', message: 'm', file: 'a.yaml', line: 1, column: 2, source: 's', hint: 'h', object: 'o' },
      ],
      changes: [{ object: 'ConfigMap/a/b', action: 'skipped', reason: 'r' }],
      health: [{ object: 'ConfigMap/a/b', status: 'Current', reason: 'r' }],
    });
    const unknown = [{ object: '*', reason: 'never pulled' }];
    for (const report of [full, check(0, [changed()], { unknown, appliedAt: check(0).at, environment: 'prod' })]) {
      expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    }
  });

  it('leaves out what a newer sender added and refuses what is wrong', () => {
    expect(reportSchema.parse({ ...check(0), later: 1 })).toEqual(check(0));
    for (const wrong of [
      { ...check(0), at: 'yesterday' },
      { ...check(0), sync: '' },
      { ...check(0), drift: [{ object: 'a', state: 'odd', fields: [] }] },
      { ...pull(0, 1), healed: 'yes' },
      { ...pull(0, 1), counts: { created: -1 } },
      { type: 'Notice' },
      null,
    ]) {
      expect(reportSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
