import { describe, expect, it } from 'vitest';
import type { Decision } from '../../lib/bump/decision.ts';
import { stateOf } from '../../lib/bump/image-state.ts';
import type { ProposalResult } from '../../lib/bump/propose.ts';
import { viewOf } from '../../lib/bump/view.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';

const { web } = readConfig('windlass: 1\nimages:\n  web: { image: ghcr.io/acme/web, semver: "*" }\n').config!.images;
const place = (path: string, line: number) => ({ path, line, policy: 'web', part: 'tag' as const, value: '1.0.0' });
const decision: Decision = {
  entry: web!,
  rule: 'semver *',
  current: ['1.0.0'],
  holds: [],
  outcomes: [
    {
      places: [place('a.yaml', 3), place('b.yaml', 4), place('c.yaml', 5)],
      ref: { repository: 'ghcr.io/acme/web', tag: '1.1.0' },
      adopted: [],
      released: [],
      reasons: [],
    },
  ],
};
const reason = 'the edit would not read back as the text "1.1.0"';

describe('an image of which a place cannot be edited', () => {
  const waiting = (skipped: { file: string; line: number; reason: string }[]) =>
    stateOf(viewOf(decision, [], skipped), [], new Date(0)).waiting;

  it('waits there, with the place and the reason', () => {
    expect(waiting([{ file: 'b.yaml', line: 4, reason }])).toBe(`b.yaml:4: ${reason}`);
  });

  it('tells the first of several places, and how many there are', () => {
    const skipped = [3, 4, 5].map((line, index) => ({ file: `${'abc'[index]}.yaml`, line, reason }));
    expect(waiting(skipped)).toBe(`a.yaml:3: ${reason} (and 2 more places)`);
  });

  it('does not mind places of other images', () => {
    expect(waiting([{ file: 'b.yaml', line: 5, reason }])).toBeUndefined();
  });
});

describe('an image that could not be looked at', () => {
  const stateFor = (failed: UserError | RetryableError) => {
    const why = `web could not be looked at, so that nothing is proposed: ${failed.message}`;
    const stopped: ProposalResult = {
      plan: { group: 'prod', policies: ['web'], act: 'stop', why, cause: failed },
      waiting: why,
      failed,
    };
    return stateOf(
      viewOf({ ...decision, outcomes: [], waiting: failed.message, failed }, [stopped], []),
      [],
      new Date(0),
    );
  };

  it('says so once, and whether a person has to mend it', () => {
    const closed = new UserError('the registry is closed', { code: 'registry-not-allowed' });
    expect(stateFor(closed)).toMatchObject({ waiting: 'the registry is closed', trouble: 'mend' });
    const away = new RetryableError('the registry is away', { code: 'registry-unreachable' });
    expect(stateFor(away)).toMatchObject({ waiting: 'the registry is away', trouble: 'later' });
  });

  it('is not one that only waits', () => {
    const waits = { ...decision, outcomes: [], waiting: 'the scan is not over' };
    expect(stateOf(viewOf(waits, [], []), [], new Date(0))).not.toHaveProperty('trouble');
  });
});
