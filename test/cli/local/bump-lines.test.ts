import { describe, expect, it } from 'vitest';
import { announcer } from '../../../lib/cli/local/announce.ts';
import { bumpLines } from '../../../lib/cli/local/bump-lines.ts';
import { createChanges } from '../../../lib/cli/local/changes.ts';
import { styleFor } from '../../../lib/cli/output/style.ts';
import type { AuditRecord } from '../../../lib/model/audit-record.ts';
import type { ImageState } from '../../../lib/model/state.ts';

const now = new Date('2026-11-22T10:00:00Z');
const record = (kind: AuditRecord['kind'], policies: string[], more: Partial<AuditRecord>): AuditRecord => ({
  id: `${kind} ${policies}`,
  at: now.toISOString(),
  kind,
  actor: 'windlass bump',
  subjects: policies.map((name) => `image:${name}`),
  result: 'ok',
  summary: '',
  ...more,
});
const image = (policy: string, waiting?: string): ImageState => ({
  policy,
  repository: `ghcr.io/shop/${policy}`,
  rule: 'semver *',
  current: ['1.4.0'],
  holds: [],
  at: now.toISOString(),
  ...(waiting === undefined ? {} : { waiting }),
});
const offer = record('bump-proposed', ['web'], {
  summary: 'web to 1.5.0 was proposed: the branch windlass/bump/web',
  details: { group: 'web' },
});
const skip = (reason: string, waits?: true) =>
  record('bump-skipped', ['web'], { result: 'skipped', details: { reason, ...(waits && { waits }) } });

/** What the lines print, without the time. */
function lines() {
  const printed: string[] = [];
  const told = bumpLines(
    {
      lines: announcer(styleFor({}, {})),
      print: (text) => void (text === undefined || printed.push(text.replace(/^\d\d:\d\d:\d\d /, ''))),
      failed: (what, error) => void printed.push(`failed ${what}: ${String(error)}`),
      changes: createChanges(),
    },
    () => now,
    (branch) => `git merge ${branch}`,
  );
  return { ...told, printed };
}

describe('what bump tells the terminal', () => {
  it('is how to merge a proposal, once for each', () => {
    const { recorded, stand, printed } = lines();
    for (let sweeps = 0; sweeps < 3; sweeps++) {
      recorded([offer]);
      stand([image('web', 'web: the branch windlass/bump/web waits for a review')]);
    }
    recorded([{ ...offer, id: 'another', summary: 'web to 1.6.0 was proposed: the branch windlass/bump/web' }]);
    expect(printed).toEqual([
      'offer web to 1.5.0 was proposed: the branch windlass/bump/web\n               git merge windlass/bump/web',
      'offer web to 1.6.0 was proposed: the branch windlass/bump/web\n               git merge windlass/bump/web',
    ]);
  });

  it('is that a proposal was withdrawn, without a way to merge it', () => {
    const { recorded, printed } = lines();
    recorded([record('bump-withdrawn', ['web'], { summary: 'the branch was withdrawn', details: { group: 'web' } })]);
    expect(printed).toEqual(['offer the branch was withdrawn']);
  });

  it('is what waits, apart from what is passed over', () => {
    const { recorded, stand, printed } = lines();
    recorded([skip('1.5.0 waits: scan: not complete', true)]);
    stand([image('web', '1.5.0 waits: scan: not complete')]);
    recorded([skip('Git has 1.4.0 already')]);
    stand([image('web', '1.5.0 waits: scan: not complete')]);
    expect(printed).toEqual(['wait  web: 1.5.0 waits: scan: not complete', 'skip  web: Git has 1.4.0 already']);
  });

  it('is what a sweep finds to wait, when it is news, all of one reason in a line', () => {
    const { stand, printed } = lines();
    for (let sweeps = 0; sweeps < 3; sweeps++)
      stand([image('web', 'all is suspended'), image('api', 'all is suspended')]);
    stand([image('web'), image('api', 'held')]);
    stand([image('web', 'all is suspended')]);
    expect(printed).toEqual(['wait  web, api: all is suspended', 'wait  api: held', 'wait  web: all is suspended']);
  });

  it('is what a sweep by the clock moved, by a commit and by proposals', () => {
    const { swept, printed } = lines();
    const change = { policy: 'web', file: 'a.yaml', line: 1, from: '1', to: '2' };
    swept({ proposals: [{ group: 'web', act: 'leave', changes: [] }] });
    swept({ proposals: [{ group: 'web', act: 'propose', changes: [change, change] }] });
    expect(printed).toEqual(['sweep found what no event led to: web']);
  });

  it('keeps what a tag or a reason holds in one line', () => {
    const { recorded, printed } = lines();
    recorded([skip('\u001b[2J\nbump  web: commit')]);
    expect(printed[0]?.split('\n')).toHaveLength(1);
    expect(printed[0]).not.toContain('\u001b');
  });
});
