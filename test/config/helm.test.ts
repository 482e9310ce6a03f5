import { describe, expect, it } from 'vitest';
import { pathsOfSync } from '../../lib/config/helm.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const head = `windlass: 1
clusters: { dev: {}, prod: {} }
environments: { staging: { cluster: dev }, prod: { cluster: prod } }
syncs:
`;

function syncsOf(syncs: string) {
  const { config, problems } = readConfig(head + syncs);
  expect(problems.map(formatProblem)).toEqual([]);
  return config!.syncs;
}

function problemsOf(syncs: string): string[] {
  return readConfig(head + syncs).problems.map(
    ({ message, hint }) => message + (hint === undefined ? '' : ` (${hint})`),
  );
}

describe('the chart of a sync', () => {
  it('is in its path unless told, released by its key, with environment and cluster filled in', () => {
    const [staging, prod] = syncsOf(
      '  shop: { in: [staging, prod], path: charts/web, helm: { namespace: "shop-{env}", values: ["v/{env}.yaml", v/./all.yaml] } }\n',
    );
    expect(staging?.helm).toEqual({
      chart: { kind: 'directory', path: 'charts/web' },
      release: 'shop',
      namespace: 'shop-staging',
      values: ['v/staging.yaml', 'v/all.yaml'],
      hooks: 'refuse',
    });
    expect(prod?.helm?.namespace).toBe('shop-prod');
    expect(pathsOfSync(prod!)).toEqual(['charts/web', 'v/prod.yaml', 'v/all.yaml']);
  });

  it('is elsewhere in the repo, in a registry, or in a chart repository', () => {
    const syncs = syncsOf(`
  a: { cluster: dev, path: a, helm: { chart: "charts/{cluster}", namespace: n, release: r, hooks: skip } }
  b: { cluster: dev, path: b, helm: { chart: "oci://ghcr.io/acme/charts/web", version: 1.2.3, digest: "${digest}", namespace: n } }
  c: { cluster: dev, path: c, helm: { chart: web, repo: "https://charts.example.com/x/", version: 1.2.3, digest: "${digest}", namespace: n } }
`);
    expect(syncs.map(({ helm }) => helm?.chart)).toEqual([
      { kind: 'directory', path: 'charts/dev' },
      { kind: 'oci', repository: 'ghcr.io/acme/charts/web', version: '1.2.3', digest },
      { kind: 'repo', url: 'https://charts.example.com/x', name: 'web', version: '1.2.3', digest },
    ]);
    expect(syncs[0]?.helm).toMatchObject({ release: 'r', hooks: 'skip' });
  });

  it('may be the chart of other syncs too', () => {
    const one = (name: string) => `  ${name}: { cluster: dev, path: charts/web, helm: { namespace: ${name} } }\n`;
    expect(syncsOf(one('a') + one('b'))).toHaveLength(2);
  });

  it('needs a namespace, and outside of the repo a version and a digest', () => {
    expect(problemsOf('  a: { cluster: dev, path: a, helm: {} }\n')).toEqual(['syncs.a.helm.namespace is missing']);
    expect(problemsOf('  a: { cluster: dev, path: a, helm: { chart: "oci://x.io/y", namespace: n } }\n')).toEqual([
      'a chart outside of the repo needs an exact version',
      'a chart outside of the repo needs its digest: what is published under a version can change (the digest of that version is what "helm pull" prints as Digest)',
    ]);
    const ranged = `chart: web, repo: "https://x.io", version: ">=1.0.0", digest: "${digest}"`;
    expect(problemsOf(`  a: { cluster: dev, path: a, helm: { ${ranged}, namespace: n } }\n`)).toEqual([
      'the version must be an exact one, like 1.2.3',
    ]);
  });

  it.each([
    ['chart: "https://x.io/web.tgz"', 'a chart is a directory of the repo, an oci:// address, or a name in a repo'],
    ['repo: "http://x.io", chart: web', 'must be the https:// address of a chart repository'],
    ['repo: "https://me:pw@x.io", chart: web', 'must be the https:// address of a chart repository'],
    [
      'repo: "https://x.io", chart: "../web", version: "1", digest: DIGEST',
      'beside repo, chart is the name of a chart in it',
    ],
    ['chart: ../web', 'the path must be relative to the root of the repo'],
    ['chart: /etc', 'the path must be relative to the root of the repo'],
    ['values: [a/../../b]', 'the path must be relative to the root of the repo'],
    ['values: ["{region}.yaml"]', '{region} cannot be filled in'],
    ['values: ["{env}.yaml"]', '{env} needs "in": the environments'],
    ['version: 1.2.3', 'version is for a chart outside of the repo'],
    ['digest: sha256:abc', 'must be a digest'],
    ['release: Shop', 'must be a name of small letters'],
    ['release: "-a"', '"-a" is no name'],
    [`release: ${'a'.repeat(54)}`, 'up to 53 small letters'],
    ['hooks: run', 'must be one of refuse, skip, apply'],
    ['set: { a: 1 }', 'unknown key "set"'],
  ])('is refused with %s', (helm, message) => {
    const found = problemsOf(
      `  a: { cluster: dev, path: a, helm: { namespace: n, ${helm.replace('DIGEST', `"${digest}"`)} } }\n`,
    );
    expect(found.join('\n')).toContain(message);
  });
});

describe('the variables of a sync', () => {
  it('keep the type that they are written with, and have environment and cluster filled in', () => {
    const [sync] = syncsOf(
      '  a: { in: [prod], path: "a/{env}", variables: { HOST: "{env}.example.com", N: 3, ON: true, PORT: "8080", J: \'{"a":1}\' } }\n',
    );
    expect(sync?.variables).toEqual({ HOST: 'prod.example.com', N: 3, ON: true, PORT: '8080', J: '{"a":1}' });
  });

  it.each([
    [
      'ACCOUNT: 012345678901',
      'ACCOUNT is read as the number 12345678901, and not as it is written (quote it: "012345678901")',
    ],
    ['V: 1e3', 'V is read as the number 1000, and not as it is written (quote it: "1e3")'],
    ['V: 1.10', 'syncs.a.variables.V'],
    ['V: [1]', 'syncs.a.variables.V must be'],
    ['V:', 'syncs.a.variables.V must be'],
    ['"A-B": x', 'the name of a variable has letters, digits and _'],
    ['1A: x', 'the name of a variable has letters, digits and _'],
  ])('are refused as %s', (variable, message) => {
    expect(problemsOf(`  a: { cluster: dev, path: a, variables: { ${variable} } }\n`).join('\n')).toContain(message);
  });
});
