import { describe, expect, it } from 'vitest';
import { checkMachine, isOlder } from '../../../lib/cli/doctor/machine.ts';
import { compareVersions } from '../../../lib/cli/doctor/versions.ts';
import { UserError } from '../../../lib/model/errors.ts';

const fine = {
  ...{ node: '24.21.0', wantedNode: '>=22', version: '1.2.0' },
  ...{ git: async () => '2.43.0', now: () => new Date(), clocks: async () => [] },
};

describe('this machine', () => {
  it('is well with programs that are new enough', async () => {
    const found = await checkMachine(fine);
    expect(found.filter(({ what }) => what !== 'clock').map(({ result }) => result)).toEqual(['ok', 'ok', 'ok']);
  });

  it.each([
    ['node', { ...fine, node: '20.11.1' }, 'install a newer Node'],
    ['git', { ...fine, git: async () => '2.25.1' }, 'install Git 2.32.0'],
    [
      'git',
      {
        ...fine,
        git: async () => Promise.reject(new UserError('there is no git\ninstall Git', { code: 'git-missing' })),
      },
      'install Git',
    ],
  ])('needs a newer %s', async (what, deps, mend) => {
    expect((await checkMachine(deps)).find((one) => one.what === what)).toMatchObject({
      result: 'wrong',
      mend: expect.stringContaining(mend),
    });
  });

  it('orders versions by their numbers', () => {
    expect(isOlder('v1.9.0', '1.10.0')).toBe(true);
    expect(isOlder('1.35.4-eks-1', '1.35.4')).toBe(false);
    expect(isOlder('2.32', '2.32.0')).toBe(false);
  });
});

describe('a part of another version', () => {
  const update = 'deploy it';
  it('is only to be noted, with what brings them together', () => {
    expect(compareVersions('1.2.0', { here: '1.2.0', update }).result).toBe('ok');
    expect(compareVersions('1.1.0', { here: '1.2.0', update })).toMatchObject({ result: 'note', mend: update });
    expect(compareVersions('1.3.0', { here: '1.2.0', update })).toMatchObject({
      result: 'note',
      mend: expect.stringContaining('CLI'),
    });
    expect(compareVersions(undefined, { here: '1.2.0', update }).result).toBe('note');
  });
});
