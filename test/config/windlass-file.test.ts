import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindlassFile, readConfig } from '../../lib/config/windlass-file.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const problemsOf = (text: string) => parseWindlassFile(text).problems.map(formatProblem).join('\n');
const warningsOf = (text: string) => parseWindlassFile(text).warnings.map(formatProblem).join('\n');

describe('the smallest files', () => {
  it('takes one path and one image in 7 lines, with the defaults filled in', () => {
    const text =
      'windlass: 1\nimages:\n  web: { image: ghcr.io/acme/web, semver: ">=1.0.0" }\nclusters:\n  main: {}\nsyncs:\n  web: { path: deploy/ }\n';
    const { config, problems, warnings } = readConfig(text);
    expect([problems, warnings]).toEqual([[], []]);
    expect(config).toEqual({
      message: {},
      pullRequests: { labels: [], reviewers: [], autoMerge: false },
      images: {
        web: {
          name: 'web',
          image: 'ghcr.io/acme/web',
          semver: '>=1.0.0',
          allowDowngrade: false,
          update: 'commit',
          platforms: [],
          gates: {},
          targets: [],
        },
      },
      clusters: { main: { name: 'main' } },
      environments: [],
      syncs: [
        {
          name: 'web',
          template: 'web',
          cluster: 'main',
          path: 'deploy',
          dependsOn: [],
          waitSeconds: 300,
          prune: true,
          selfHeal: true,
        },
      ],
      drift: { ignore: [] },
      notify: { routes: [] },
    });
  });

  it('takes sections that are there but empty', () => {
    expect(problemsOf('windlass: 1\nimages:\nsyncs: # nothing yet\n')).toBe('');
  });
});

describe('a file of the wrong shape', () => {
  it.each([
    ['', 'windlass.yaml: the file is empty\n  = it begins with "windlass: 1"'],
    ['# only a comment\n', 'windlass.yaml: the file is empty\n  = it begins with "windlass: 1"'],
    ['[]', 'windlass.yaml:1:1: the file must be a mapping, not a list\n  | []\n  | ^'],
    ['hello', 'windlass.yaml:1:1: the file must be a mapping, not "hello"\n  | hello\n  | ^'],
    ['windlass: 2', 'windlass.yaml:1:11: windlass must be 1, not 2\n  | windlass: 2\n  |           ^'],
    ['images: {}', 'windlass.yaml:1:1: windlass is missing\n  | images: {}\n  | ^\n  = write windlass: 1'],
    ['windlass: 1\nwindlass: 1', 'windlass.yaml:2:1: this key is there twice in one mapping\n  | windlass: 1\n  | ^'],
    [
      'windlass:\n\tx: 1',
      'windlass.yaml:2:1: this line is indented with a tab\n  | \tx: 1\n  | ^\n  = indent with spaces',
    ],
    [
      'windlass: 1\n---\nwindlass: 1',
      'windlass.yaml:2:1: the file must be one document\n  | ---\n  | ^\n  = remove the ---',
    ],
    ['windlass: 1\nimages: !own {}', 'windlass.yaml:2:9: Unresolved tag: !own\n  | images: !own {}\n  |         ^'],
    [
      'windlass: [1',
      'windlass.yaml:1:13: Flow sequence in block collection must be sufficiently indented and end with a ]\n  | windlass: [1\n  |             ^',
    ],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toBe(expected);
  });

  it('refuses 50 MB without reading them, and an alias bomb', () => {
    expect(problemsOf(`windlass: 1\n# ${'x'.repeat(50_000_000)}`)).toBe(
      'windlass.yaml: the file has 50.0 MB; up to 1 MB is read',
    );
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe'])
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`);
    expect(problemsOf(bomb.join('\n'))).toContain('the aliases cannot be expanded');
  });

  it('names every problem at once, with its place and what was probably meant', () => {
    const text = `windlass: 1
image: {}
images:
  web: { image: "ghcr.io/acme/web:1", semver: 1.10 }
  tag: { image: ghcr.io/acme/tag, semver: "1" }
  "shop:name": { image: ghcr.io/acme/tag, semver: "1" }
  api: { image: ghcr.io/acme/api, numerical: ascc }
  two: { image: ghcr.io/acme/api, semver: ">=1", numerical: asc }
  none: { image: ghcr.io/acme/api }
  range: { image: ghcr.io/acme/api, semver: ">=x.y" }
  filter: { image: ghcr.io/acme/api, filter: { inclde: a }, numerical: asc }
  type: { image: ghcr.io/acme/api, filter: 7, numerical: asc }
  re2: { image: ghcr.io/acme/api, filter: "(?=x)", numerical: asc }
  empty:
environments:
  staging: { cluster: dve }
clusters: { dev: { regoin: eu-west-1 }, prod: {} }
syncs:
  Shop: { cluster: dev, path: a }
  shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
  infra: { cluster: dev, path: ../x }
  both: { cluster: dev, in: [staging], path: x }
  which: { path: y }
  abs: { cluster: dev, path: /etc }
  noenv: { cluster: dev, path: "a/{env}" }
notify: { routes: [{ on: [drfit], sns: a }, { on: [drift] }] }
drift: { ignore: [{ object: foo, path: spec, until: 2027-02-30 }] }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "windlass.yaml:2:1: unknown key "image"
        | image: {}
        | ^
        = did you mean "images"?
      windlass.yaml:4:17: images.web.image must be a repository without tag or digest, like ghcr.io/acme/web
        |   web: { image: "ghcr.io/acme/web:1", semver: 1.10 }
        |                 ^
      windlass.yaml:4:47: images.web.semver must be a text, not 1.1
        |   web: { image: "ghcr.io/acme/web:1", semver: 1.10 }
        |                                               ^
        = put it in quotes
      windlass.yaml:5:3: no image can be named tag, name, digest: a marker's last part would be taken for it
        |   tag: { image: ghcr.io/acme/tag, semver: "1" }
        |   ^
      windlass.yaml:6:3: no image can be named tag, name, digest: a marker's last part would be taken for it
        |   "shop:name": { image: ghcr.io/acme/tag, semver: "1" }
        |   ^
      windlass.yaml:7:46: images.api.numerical must be one of asc, desc, not "ascc"
        |   api: { image: ghcr.io/acme/api, numerical: ascc }
        |                                              ^
        = did you mean "asc"?
      windlass.yaml:8:3: images.two: an image policy needs exactly one of semver, numerical, alphabetical, newest, digest: this one has semver and numerical
        |   two: { image: ghcr.io/acme/api, semver: ">=1", numerical: asc }
        |   ^
      windlass.yaml:9:3: images.none: an image policy needs exactly one of semver, numerical, alphabetical, newest, digest: this one has none
        |   none: { image: ghcr.io/acme/api }
        |   ^
      windlass.yaml:10:45: images.range: ">=x.y" is no version range: ">=x.y" is no list of comparisons (write for example ">=1.4.0 <2.0.0")
        |   range: { image: ghcr.io/acme/api, semver: ">=x.y" }
        |                                             ^
      windlass.yaml:11:48: unknown key "inclde" in images.filter.filter
        |   filter: { image: ghcr.io/acme/api, filter: { inclde: a }, numerical: asc }
        |                                                ^
        = did you mean "include"?
      windlass.yaml:12:44: images.type.filter must be a text or a mapping, not 7
        |   type: { image: ghcr.io/acme/api, filter: 7, numerical: asc }
        |                                            ^
        = put it in quotes
      windlass.yaml:13:43: images.re2: the filter's pattern "(?=x)" is not valid in RE2 syntax: error parsing regexp: invalid or unsupported Perl syntax: \`(?=\`
        |   re2: { image: ghcr.io/acme/api, filter: "(?=x)", numerical: asc }
        |                                           ^
      windlass.yaml:14:3: images.empty must be a mapping, not empty
        |   empty:
        |   ^
      windlass.yaml:16:23: there is no cluster "dve"
        |   staging: { cluster: dve }
        |                       ^
        = did you mean "dev"?
      windlass.yaml:17:20: unknown key "regoin" in clusters.dev
        | clusters: { dev: { regoin: eu-west-1 }, prod: {} }
        |                    ^
        = did you mean "region"?
      windlass.yaml:19:3: a name has up to 63 lower-case letters, digits and dashes, and begins and ends with a letter or digit
        |   Shop: { cluster: dev, path: a }
        |   ^
      windlass.yaml:20:25: there is no environment "prd"
        |   shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
        |                         ^
        = there is staging
      windlass.yaml:20:37: {foo} cannot be filled in
        |   shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
        |                                     ^
        = there are {env} and {cluster} only
      windlass.yaml:20:63: there is no sync "infa"
        |   shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
        |                                                               ^
        = did you mean "infra"?
      windlass.yaml:20:76: syncs.shop.wait must be a duration like 90s, 10m or 1h30m
        |   shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
        |                                                                            ^
      windlass.yaml:20:94: syncs.shop.prune must be true or false, not "no"
        |   shop: { in: [staging, prd], path: "apps/{foo}", dependsOn: [infa], wait: 5 minutes, prune: no }
        |                                                                                              ^
        = write true or false
      windlass.yaml:21:32: the path must not have ".." in it
        |   infra: { cluster: dev, path: ../x }
        |                                ^
      windlass.yaml:22:11: both has both "in" and "cluster"
        |   both: { cluster: dev, in: [staging], path: x }
        |           ^
        = an environment names its cluster
      windlass.yaml:23:3: which names no cluster, and there are several
        |   which: { path: y }
        |   ^
        = write cluster: dev or prod
      windlass.yaml:24:30: the path must be relative to the root of the repo, with / between its parts
        |   abs: { cluster: dev, path: /etc }
        |                              ^
      windlass.yaml:25:32: {env} needs "in": the environments
        |   noenv: { cluster: dev, path: "a/{env}" }
        |                                ^
      windlass.yaml:26:27: notify.routes[0].on[0] must be one of bumped, bump-failed, drift, sync-failed, unhealthy, healthy-again, rolled-back, config-invalid, not "drfit"
        | notify: { routes: [{ on: [drfit], sns: a }, { on: [drift] }] }
        |                           ^
        = did you mean "drift"?
      windlass.yaml:26:45: notify.routes[1] needs one of slack and sns
        | notify: { routes: [{ on: [drfit], sns: a }, { on: [drift] }] }
        |                                             ^
      windlass.yaml:27:29: drift.ignore[0].object must be an object like apps/Deployment/shop/web, where * stands for any text without a slash
        | drift: { ignore: [{ object: foo, path: spec, until: 2027-02-30 }] }
        |                             ^
      windlass.yaml:27:40: drift.ignore[0].path must be a JSON Pointer like /spec/replicas
        | drift: { ignore: [{ object: foo, path: spec, until: 2027-02-30 }] }
        |                                        ^
      windlass.yaml:27:53: drift.ignore[0].until must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z
        | drift: { ignore: [{ object: foo, path: spec, until: 2027-02-30 }] }
        |                                                     ^"
    `);
  });

  it('never throws, and gives a file only without problems', () => {
    const lines = fc.constantFrom(
      'windlass: 1',
      'images:',
      '  web: { image: a/b, semver: "1" }',
      '  web:',
      '    image: x',
      'syncs:',
      '  a: { path: x }',
      '  b: { path: x, dependsOn: [a] }',
      'clusters: { m: {} }',
      'environments: { e: }',
      '  c: &a [*a]',
      '- x',
      '\t',
      '{',
      '? a',
      '  a: { in: [e], path: "{env}" }',
      'drift: []',
      '"__proto__": 1',
      'constructor: {}',
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 10 }), (parts) => {
        const { config, problems } = readConfig(parts.join('\n'));
        expect(config === undefined).toBe(problems.length > 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what is not there yet', () => {
  const head = 'windlass: 1\nclusters: { main: {} }\n';

  const heldBack = `${head}images:
  a: { image: x/a, semver: "1", gates: { minAge: 10m } }
  b: { image: x/b, semver: "1", update: pull-request, in: [prod] }
  c: { image: x/c, newest: true }
  d: { image: x/d, digest: latest }
  e: { image: x/e, semver: "1" }
environments: { prod: { update: pull-request }, staging: {} }
syncs: { s: { path: s, serviceAccount: apps/deployer }, t: { in: [prod, staging], path: "t/{env}" } }
`;

  it('is a warning where a bump or a pull would do more than was wanted', () => {
    expect(problemsOf(heldBack)).toBe('');
    expect(warningsOf(heldBack)).toMatchInlineSnapshot(`
      "windlass.yaml:4:33: a is not bumped: gates are not there yet, and without them tags would be taken that they should stop
        |   a: { image: x/a, semver: "1", gates: { minAge: 10m } }
        |                                 ^
      windlass.yaml:5:33: b is not bumped: bumps by pull request are not there yet, and a commit would go around the review
        |   b: { image: x/b, semver: "1", update: pull-request, in: [prod] }
        |                                 ^
      windlass.yaml:5:55: b is not bumped: promotion is not there yet: write one entry for each environment, as web and web-prod
        |   b: { image: x/b, semver: "1", update: pull-request, in: [prod] }
        |                                                       ^
      windlass.yaml:6:20: c is not bumped: the policy "newest" is not there yet: use semver, numerical or alphabetical
        |   c: { image: x/c, newest: true }
        |                    ^
      windlass.yaml:7:20: d is not bumped: the policy "digest" is not there yet: use semver, numerical or alphabetical
        |   d: { image: x/d, digest: latest }
        |                    ^
      windlass.yaml:9:25: prod is not bumped: bumps by pull request are not there yet, and a commit would go around the review
        | environments: { prod: { update: pull-request }, staging: {} }
        |                         ^
      windlass.yaml:10:24: s is not pulled: service accounts are not there yet, and the pull would act with all rights of its own
        | syncs: { s: { path: s, serviceAccount: apps/deployer }, t: { in: [prod, staging], path: "t/{env}" } }
        |                        ^"
    `);
  });

  it('is held back, and nothing else', () => {
    const { config } = readConfig(heldBack);
    const reasons = Object.values(config!.images).map(({ name, notYet }) => [
      name,
      notYet?.map((why) => why.split(':')[0]),
    ]);
    expect(reasons).toEqual([
      ['a', ['gates']],
      ['b', ['update', 'in']],
      ['c', ['newest']],
      ['d', ['digest']],
      ['e', undefined],
    ]);
    expect(config!.environments.map(({ name, update }) => [name, update])).toEqual([
      ['prod', 'pull-request'],
      ['staging', 'commit'],
    ]);
    expect(config!.syncs.map(({ name, notYet }) => [name, notYet])).toEqual([
      ['s', 'serviceAccount: service accounts are not there yet, and the pull would act with all rights of its own'],
      ['t-prod', undefined],
      ['t-staging', undefined],
    ]);
  });

  it('is checked as strictly as what is there', () => {
    const text = `${head}images:
  a: { image: x/a, semver: "1", gates: { scan: hgih, minAge: ten } }
  b: { image: x/b, newest: "yes", filter: "(" }
  c: { image: x/c, newest: true, filter: "(" }
  d: { image: x/d, digest: "not a tag" }
  e: { image: x/e, newest: true, semver: "1" }
  f: { image: x/f, semver: "1", update: merge, in: [prod] }
  g: { image: x/g, semver: "1", in: [prd] }
environments: { prod: { update: pull } }
syncs: { s: { path: s, serviceAccount: a/b/c } }
`;
    const found = parseWindlassFile(text).problems.map(({ line, message }) => `${line}: ${message}`);
    expect(found).toMatchInlineSnapshot(`
      [
        "4: images.a.gates.scan must be one of low, medium, high, critical, not "hgih"",
        "4: images.a.gates.minAge must be a duration like 90s, 10m or 1h30m",
        "5: images.b.newest must be true or false, not "yes"",
        "6: images.c: the filter's pattern "(" is not valid in RE2 syntax: error parsing regexp: missing closing ): \`(\`",
        "7: images.d.digest must be a tag, like latest",
        "8: images.e: an image policy needs exactly one of semver, numerical, alphabetical, newest, digest: this one has semver and newest",
        "9: images.f.update must be one of commit, pull-request, not "merge"",
        "10: there is no environment "prd"",
        "11: environments.prod.update must be one of commit, pull-request, not "pull"",
        "12: syncs.s.serviceAccount must be the name of a service account, or namespace/name",
      ]
    `);
  });

  it('is a warning where it is safe to leave undone', () => {
    const text = `${head}notify: { routes: [{ on: [bumped], sns: deploys }] }\ndrift: { ignore: [{ object: apps/Deployment/shop/*, path: /spec/replicas }] }\n`;
    expect(problemsOf(text)).toBe('');
    expect(warningsOf(text)).toMatchInlineSnapshot(`
      "windlass.yaml:3:11: notices are not sent yet: the page and the audit records have them
        | notify: { routes: [{ on: [bumped], sns: deploys }] }
        |           ^
      windlass.yaml:4:10: drift.ignore has no effect yet: these differences are reported
        | drift: { ignore: [{ object: apps/Deployment/shop/*, path: /spec/replicas }] }
        |          ^"
    `);
  });
});
