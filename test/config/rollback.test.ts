import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';

const head = 'windlass: 1\nclusters: { main: {} }\n';

describe('automatic rollback', () => {
  it('is what nobody has who does not ask for it', () => {
    const { config } = readConfig(
      `${head}images: { web: { image: x/web, semver: "*" } }\nsyncs: { web: { path: a } }\n`,
    );
    expect(config?.images['web']?.rollback).toBeUndefined();
    expect(config?.syncs[0]?.rollback).toBeUndefined();
    expect(config?.rollback).toEqual({ perHour: 3 });
  });

  it('is asked for by an image, or by a sync in each of its environments', () => {
    const { config } = readConfig(`${head}environments: { staging: {}, prod: {} }
images: { web: { image: x/web, semver: "*", rollback: automatic } }
syncs: { shop: { in: [staging, prod], path: "a/{env}", rollback: automatic } }
rollback: { perHour: 1 }
`);
    expect(config?.images['web']?.rollback).toBe('automatic');
    expect(config?.syncs.map(({ name, rollback }) => [name, rollback])).toEqual([
      ['shop-staging', 'automatic'],
      ['shop-prod', 'automatic'],
    ]);
    expect(config?.rollback.perHour).toBe(1);
  });

  it('is refused where it says something else, beside what else is wrong', () => {
    const { problems } = readConfig(`${head}images: { web: { image: x/web, semver: "*", rollback: always } }
syncs: { web: { path: a, rollback: true, dependsOn: [none] } }
rollback: { perHour: 0 }
`);
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [3, 'images.web.rollback must be automatic, not "always"'],
      [4, 'syncs.web.rollback must be automatic, not true'],
      [4, 'there is no sync "none"'],
      [5, 'rollback.perHour must be at least 1'],
    ]);
  });
});
