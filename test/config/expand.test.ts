import { describe, expect, it } from 'vitest';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const head = `windlass: 1
clusters: { dev: {}, prod: {} }
environments: { staging: { cluster: dev }, canary: { cluster: prod }, prod: { cluster: prod } }
`;

function syncsOf(syncs: string) {
  const { config, problems } = readConfig(`${head}syncs:\n${syncs}`);
  expect(problems.map(formatProblem)).toEqual([]);
  return config!.syncs;
}

function problemsOf(syncs: string): string {
  return readConfig(`${head}syncs:\n${syncs}`)
    .problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)
    .join('\n');
}

describe('expanding syncs', () => {
  it('makes one sync of each environment, with its cluster and path', () => {
    expect(
      syncsOf(
        '  shop: { in: [staging, prod], path: "apps/{env}/./{cluster}/", wait: 1h30m, prune: false, selfHeal: false }\n',
      ),
    ).toEqual([
      {
        name: 'shop-staging',
        template: 'shop',
        environment: 'staging',
        cluster: 'dev',
        path: 'apps/staging/dev',
        dependsOn: [],
        waitSeconds: 5400,
        prune: false,
        selfHeal: false,
      },
      {
        name: 'shop-prod',
        template: 'shop',
        environment: 'prod',
        cluster: 'prod',
        path: 'apps/prod/prod',
        dependsOn: [],
        waitSeconds: 5400,
        prune: false,
        selfHeal: false,
      },
    ]);
  });

  it('puts each behind what it depends on, in its own environment where there is one, and in its own cluster', () => {
    const syncs = syncsOf(
      [
        '  shop: { in: [staging, canary, prod], path: "shop/{env}", dependsOn: [db, infra] }',
        '  db: { in: [staging, prod], path: "db/{env}" }',
        '  infra: { cluster: prod, path: infra }',
        '  last: { cluster: prod, path: last, dependsOn: [shop, db-prod] }',
      ].join('\n'),
    );
    expect(syncs.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['db-staging', []],
      ['shop-staging', ['db-staging']],
      ['db-prod', []],
      ['infra', []],
      ['shop-canary', ['db-prod', 'infra']],
      ['shop-prod', ['db-prod', 'infra']],
      ['last', ['shop-canary', 'shop-prod', 'db-prod']],
    ]);
  });

  it('keeps environments in the order of the file', () => {
    const { config } = readConfig(head);
    expect(config?.environments.map(({ name }) => name)).toEqual(['staging', 'canary', 'prod']);
  });
});

describe('syncs that cannot be', () => {
  it('refuses a cycle, also one of a sync with itself', () => {
    expect(
      problemsOf(
        '  a: { cluster: dev, path: a, dependsOn: [c] }\n  b: { cluster: dev, path: b, dependsOn: [a] }\n  c: { cluster: dev, path: c, dependsOn: [b] }\n',
      ),
    ).toBe('5:42 these syncs wait for each other: a -> c -> b -> a');
    expect(problemsOf('  a: { cluster: dev, path: a, dependsOn: [a] }\n')).toBe(
      '5:42 these syncs wait for each other: a -> a',
    );
  });

  it('refuses one name twice and one path twice in a cluster', () => {
    expect(problemsOf('  shop: { in: [prod], path: a }\n  shop-prod: { cluster: prod, path: b }\n')).toBe(
      '6:3 shop-prod expands to shop-prod, which shop is or expands to as well',
    );
    expect(
      problemsOf(
        '  a: { cluster: prod, path: x }\n  b: { cluster: prod, path: ./x/ }\n  c: { cluster: dev, path: x }\n',
      ),
    ).toBe('6:29 b has the path x in prod, as a has: both would claim its objects');
    expect(problemsOf('  a: { in: [canary, prod], path: x }\n')).toBe(
      '5:34 a-prod has the path x in prod, as a-canary has: both would claim its objects',
    );
  });

  it('refuses a dependency that no expansion can have', () => {
    expect(problemsOf('  a: { cluster: dev, path: a }\n  b: { cluster: prod, path: b, dependsOn: [a] }\n')).toBe(
      '6:44 b and a are in different clusters, and a puller sees only its own',
    );
  });

  it('warns of a path in another one', () => {
    const { warnings, problems } = readConfig(
      `${head}syncs:\n  a: { cluster: prod, path: apps }\n  b: { cluster: prod, path: apps/b }\n  c: { cluster: prod, path: apps-c }\n`,
    );
    expect(problems).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'the paths of b (apps/b) and a (apps) lie one in the other',
    ]);
  });

  it('wants a cluster named where there are several, and takes the only one elsewhere', () => {
    expect(problemsOf('  a: { path: a }\n')).toBe('5:3 a names no cluster, and there are several');
    expect(readConfig('windlass: 1\nsyncs: { a: { path: a } }\n').problems.map(({ message }) => message)).toEqual([
      'a names no cluster, and there is none',
    ]);
  });
});
