import { describe, expect, it } from 'vitest';
import { fightNotices } from '../../lib/pull/fights.ts';

describe('the notice of a fight', () => {
  it('tells its times to the second', () => {
    const [notice] = fightNotices([
      {
        ...{ object: 'apps/Deployment/shop/web', fields: ['spec.paused'], manager: 'some-program', rewrites: 5 },
        since: '2026-01-01T10:00:00.123Z',
        last: '2026-01-01T10:30:00.456Z',
        until: '2026-01-01T10:35:00.456Z',
      },
    ]);
    expect(notice?.hint).toMatch(
      /^5 times since 2026-01-01T10:00:00Z, last at 2026-01-01T10:30:00Z; left as it is until 2026-01-01T10:35:00Z\./,
    );
  });
});
