import { expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';

const configOf = (drift: string) => readConfig(`windlass: 1\n${drift}`);

it('says the grace and the limits in seconds, each with its default', () => {
  expect(configOf('').config?.drift).toMatchObject({
    graceSeconds: 0,
    limits: { behind: 3_600, puller: 1_800, checker: 1_800, held: 604_800 },
  });
  expect(configOf('drift: { grace: 5m, limits: { behind: 2h, puller: 15m } }\n').config?.drift).toMatchObject({
    graceSeconds: 300,
    limits: { behind: 7_200, puller: 900, checker: 1_800, held: 604_800 },
  });
});

it('takes no limit in which a puller with nothing to do would be silent', () => {
  const { problems } = configOf('drift: { limits: { puller: 10m } }\n');
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('must be at least 15m: a puller that has nothing to do reports every ten minutes'),
  ]);
});

it('takes no limit in which a check may not have come to its end', () => {
  const { problems } = configOf('drift: { limits: { checker: 10m } }\n');
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('must be at least 15m, and more than the time between two checks'),
  ]);
  expect(configOf('drift: { limits: { checker: 15m } }\n').config?.drift.limits.checker).toBe(900);
});
