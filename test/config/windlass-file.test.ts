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
      guard: { breakGlass: { users: [], groups: [] }, serviceAccounts: 'all' },
      drift: {
        ignore: [],
        graceSeconds: 0,
        limits: { behind: 3_600, puller: 1_800, checker: 1_800, held: 604_800 },
      },
      rollback: { perHour: 3 },
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
drift: { ignore: [{ object: foo, path: a..b, until: 2027-02-30 }] }
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
      windlass.yaml:26:27: notify.routes[0].on[0] must be one of bumped, bump-failed, drift, sync-failed, unhealthy, healthy-again, rolled-back, config-invalid, unknown, prune-waits, history-rewritten, fight, sync-left, behind, puller-silent, checker-stale, held-long, not "drfit"
        | notify: { routes: [{ on: [drfit], sns: a }, { on: [drift] }] }
        |                           ^
        = did you mean "drift"?
      windlass.yaml:26:45: notify.routes[1] needs one of slack and sns
        | notify: { routes: [{ on: [drfit], sns: a }, { on: [drift] }] }
        |                                             ^
      windlass.yaml:27:29: drift.ignore[0].object must be an object like apps/Deployment/shop/web, where * stands for any text without a slash
        | drift: { ignore: [{ object: foo, path: a..b, until: 2027-02-30 }] }
        |                             ^
      windlass.yaml:27:40: drift.ignore[0].path must be a path like spec.template.spec.containers[name=web].image, or a JSON Pointer like /spec/replicas
        | drift: { ignore: [{ object: foo, path: a..b, until: 2027-02-30 }] }
        |                                        ^
      windlass.yaml:27:53: drift.ignore[0].until must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z
        | drift: { ignore: [{ object: foo, path: a..b, until: 2027-02-30 }] }
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
  a: { image: x/a, semver: "1", in: [prod, staging] }
  b: { image: x/b, semver: "1" }
environments: { prod: { update: pull-request }, staging: {} }
syncs: { t: { in: [prod, staging], path: "t/{env}" } }
`;

  it('is a warning where a bump would do more than was wanted', () => {
    expect(problemsOf(heldBack)).toBe('');
    expect(warningsOf(heldBack)).toMatchInlineSnapshot(`
      "windlass.yaml:4:33: a is not bumped: promotion is not there yet: write one entry for each environment, as web and web-prod
        |   a: { image: x/a, semver: "1", in: [prod, staging] }
        |                                 ^"
    `);
  });

  it('is held back, and nothing else', () => {
    const { config } = readConfig(heldBack);
    const reasons = Object.values(config!.images).map(({ name, notYet }) => [
      name,
      notYet?.map((why) => why.split(':')[0]),
    ]);
    expect(reasons).toEqual([
      ['a', ['in']],
      ['b', undefined],
    ]);
    expect(config!.environments.map(({ name, update }) => [name, update])).toEqual([
      ['prod', 'pull-request'],
      ['staging', 'commit'],
    ]);
  });

  it('is checked as strictly as what is there', () => {
    const text = `${head}images:
  g: { image: x/g, semver: "1", in: [prd] }
environments: { prod: { update: pull } }
syncs: { s: { path: s, serviceAccount: a/b/c } }
`;
    const found = parseWindlassFile(text).problems.map(({ line, message }) => `${line}: ${message}`);
    expect(found).toMatchInlineSnapshot(`
      [
        "4: there is no environment "prd"",
        "5: environments.prod.update must be one of commit, pull-request, not "pull"",
        "6: syncs.s.serviceAccount must be the name of a service account, without its namespace: lower-case letters, digits, dashes and dots",
      ]
    `);
  });

  it('names routes to nowhere, and for syncs that there are not', () => {
    const text = `${head}syncs: { shop: { path: shop } }
notify:
  routes:
    - { syncs: [shop, shpo], namespaces: ["Shop_*"], sns: deploys }
    - { severity: bad, slack: { channel: "#on call", secret: bot }, sns: "arn:aws:sns:here" }
    - { slack: { channel: "<!here>", secret: bot } }
  default: { sns: a, slack: { secret: b } }
`;
    const found = parseWindlassFile(text).problems.map(({ line, message, hint }) => `${line}: ${message} (${hint})`);
    expect(found).toMatchInlineSnapshot(`
      [
        "6: notify.routes[0].namespaces[0] must be a namespace, where * stands for any text (undefined)",
        "7: notify.routes[1].severity must be one of info, warning, error, not "bad" (undefined)",
        "7: notify.routes[1].slack.channel must be a channel like "#oncall", or the id of one (undefined)",
        "7: notify.routes[1].sns must be the name of an SNS topic, or its ARN (undefined)",
        "8: notify.routes[2].slack.channel must be a channel like "#oncall", or the id of one (undefined)",
        "9: notify.default needs one of slack and sns (undefined)",
      ]
    `);
    const lost = `${head}syncs: { shop: { path: shop } }\nnotify: { routes: [{ syncs: [shop, shpo], sns: a }] }\n`;
    expect(parseWindlassFile(lost).problems).toMatchObject([
      { line: 4, code: 'unknown-sync', message: 'there is no sync "shpo"', hint: 'did you mean "shop"?' },
    ]);
  });
});

describe('what a pull is asked for', () => {
  const head = 'windlass: 1\nclusters: { main: {} }\n';

  it('has the guard of each sync, and whom it lets through', () => {
    const syncs = 'syncs:\n  a: { path: a, guard: deny }\n  b: { path: b }\n';
    const nobody = { users: [], groups: [] };
    expect(readConfig(head + syncs).config).toMatchObject({
      guard: { breakGlass: nobody, serviceAccounts: 'all' },
      syncs: [{ guard: 'deny' }, expect.not.objectContaining({ guard: expect.anything() })],
    });
    const guard = 'guard: { breakGlass: { groups: [oncall] }, serviceAccounts: [keda/keda-operator, "ops/*"] }\n';
    expect(readConfig(head + guard + syncs).config?.guard).toEqual({
      breakGlass: { users: [], groups: ['oncall'] },
      serviceAccounts: ['keda/keda-operator', 'ops/*'],
    });
  });

  it.each([
    ['guard: { breakGlass: { groups: ["system:masters"] } }', 'must be a group of people'],
    ['guard: { serviceAccounts: [operator] }', 'namespace/name'],
    ['guard: { serviceAccounts: [ops/a*] }', 'namespace/name'],
    ['guard: { serviceAccounts: ["a:b/*"] }', 'namespace/name'],
  ])('refuses %s', (guard, why) => {
    const { problems } = readConfig(`${head}${guard}\n`);
    expect(problems).toMatchObject([{ line: 3, message: expect.stringContaining(why) }]);
  });

  it('is expanded with its defaults', () => {
    const { config } = readConfig(`${head}syncs:
  a: { path: a, pruneLimit: { objects: 3 } }
  b: { path: b, pruneLimit: { percent: 100 }, serviceAccount: team.b }
  c: { path: c }
health:
  Service: { current: "true" }
  cert-manager.io/Certificate: { current: a, inProgress: b, failed: c }
`);
    expect(config!.syncs.map(({ name, pruneLimit, serviceAccount }) => [name, pruneLimit, serviceAccount])).toEqual([
      ['a', { objects: 3, percent: 25 }, undefined],
      ['b', { objects: 10, percent: 100 }, 'team.b'],
      ['c', undefined, undefined],
    ]);
    expect(config!.health).toEqual([
      { group: '', kind: 'Service', current: 'true' },
      { group: 'cert-manager.io', kind: 'Certificate', current: 'a', inProgress: 'b', failed: 'c' },
    ]);
    expect(readConfig(head).config).not.toHaveProperty('health');
  });

  it('is refused where it has the wrong shape, all of it at once and with its place', () => {
    const text = `${head}syncs:
  a: { path: a, pruneLimit: { object: 3 }, dependsOn: [none] }
  b: { path: b, pruneLimit: { objects: -1 }, serviceAccount: Team }
  c: { path: c, pruneLimit: { objects: 1.5, percent: 101 } }
  d: { path: d, pruneLimit: 10 }
  e: { path: e, pruneLimit: { objects: many }, serviceAccount: ns/team }
health:
  apps/v1/Deployment: { current: x }
  certificate: { current: x }
  example.com/A: { failed: x }
  example.com/B: { current: " " }
  example.com/C: { current: true, ready: x }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "windlass.yaml:4:31: unknown key "object" in syncs.a.pruneLimit
        |   a: { path: a, pruneLimit: { object: 3 }, dependsOn: [none] }
        |                               ^
        = did you mean "objects"?
      windlass.yaml:4:56: there is no sync "none"
        |   a: { path: a, pruneLimit: { object: 3 }, dependsOn: [none] }
        |                                                        ^
        = there is a, b, c, d, e
      windlass.yaml:5:40: syncs.b.pruneLimit.objects must be at least 0
        |   b: { path: b, pruneLimit: { objects: -1 }, serviceAccount: Team }
        |                                        ^
      windlass.yaml:5:62: syncs.b.serviceAccount must be the name of a service account, without its namespace: lower-case letters, digits, dashes and dots
        |   b: { path: b, pruneLimit: { objects: -1 }, serviceAccount: Team }
        |                                                              ^
      windlass.yaml:6:40: syncs.c.pruneLimit.objects must be a whole number, not 1.5
        |   c: { path: c, pruneLimit: { objects: 1.5, percent: 101 } }
        |                                        ^
      windlass.yaml:6:54: syncs.c.pruneLimit.percent must be at most 100
        |   c: { path: c, pruneLimit: { objects: 1.5, percent: 101 } }
        |                                                      ^
      windlass.yaml:7:29: syncs.d.pruneLimit must be a mapping, not 10
        |   d: { path: d, pruneLimit: 10 }
        |                             ^
      windlass.yaml:8:40: syncs.e.pruneLimit.objects must be a number, not "many"
        |   e: { path: e, pruneLimit: { objects: many }, serviceAccount: ns/team }
        |                                        ^
      windlass.yaml:8:64: syncs.e.serviceAccount must be the name of a service account, without its namespace: lower-case letters, digits, dashes and dots
        |   e: { path: e, pruneLimit: { objects: many }, serviceAccount: ns/team }
        |                                                                ^
      windlass.yaml:10:3: a kind is written with its group and without a version: cert-manager.io/Certificate, or ConfigMap in the core group
        |   apps/v1/Deployment: { current: x }
        |   ^
      windlass.yaml:11:3: a kind is written with its group and without a version: cert-manager.io/Certificate, or ConfigMap in the core group
        |   certificate: { current: x }
        |   ^
      windlass.yaml:12:18: health.example.com/A.current is missing
        |   example.com/A: { failed: x }
        |                  ^
      windlass.yaml:13:29: health.example.com/B.current must be a CEL expression
        |   example.com/B: { current: " " }
        |                             ^
      windlass.yaml:14:29: health.example.com/C.current must be a text, not true
        |   example.com/C: { current: true, ready: x }
        |                             ^
        = put it in quotes
      windlass.yaml:14:35: unknown key "ready" in health.example.com/C
        |   example.com/C: { current: true, ready: x }
        |                                   ^
        = known here: current, inProgress, failed"
    `);
  });
});

describe('what a bump is asked for', () => {
  const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

  it('is expanded with its defaults', () => {
    const { config, problems, warnings } = readConfig(`windlass: 1
images:
  web:
    image: ${ecr}/web
    newest: true
    gates: { scan: high, minAge: 1h30m }
    platforms: [linux/amd64, linux/arm64/v8, linux/amd64]
    targets:
      - { kustomization: ./apps/prod/ }
      - { kustomization: ., name: web }
      - { helmValues: charts/web/values.yaml }
      - { helmValues: charts/all/values.yaml, name: web.image.repository, tag: 'web.a\\.b.tag', digest: web.digest }
      - { file: deploy/task.json, path: /containers/0/image }
      - { file: deploy/task.json, path: /tag, part: tag }
  api: { image: x/api, digest: latest, update: pull-request, group: backend }
commits: { subject: '{images} to {tag}', body: "{changes}\\n\\n{source}" }
pullRequests: { labels: [deploy, deploy], reviewers: [ada, acme/platform], autoMerge: true }
`);
    expect([problems, warnings]).toEqual([[], []]);
    expect(config).toMatchObject({
      message: { subject: '{images} to {tag}', body: '{changes}\n\n{source}' },
      pullRequests: { labels: ['deploy'], reviewers: ['ada', 'acme/platform'], autoMerge: true },
    });
    expect(config!.images).toEqual({
      web: {
        name: 'web',
        image: `${ecr}/web`,
        newest: true,
        allowDowngrade: false,
        update: 'commit',
        platforms: ['linux/amd64', 'linux/arm64/v8'],
        gates: { scan: 'high', minAgeSeconds: 5400 },
        targets: [
          { kind: 'kustomization', path: 'apps/prod' },
          { kind: 'kustomization', path: '.', name: 'web' },
          { kind: 'helm-values', path: 'charts/web/values.yaml', tag: 'image.tag' },
          {
            kind: 'helm-values',
            path: 'charts/all/values.yaml',
            name: 'web.image.repository',
            tag: 'web.a\\.b.tag',
            digest: 'web.digest',
          },
          { kind: 'file', path: 'deploy/task.json', at: '/containers/0/image', part: 'image' },
          { kind: 'file', path: 'deploy/task.json', at: '/tag', part: 'tag' },
        ],
      },
      api: {
        name: 'api',
        image: 'x/api',
        digest: 'latest',
        allowDowngrade: false,
        update: 'pull-request',
        group: 'backend',
        platforms: [],
        gates: {},
        targets: [],
      },
    });
  });

  it('is refused where it has the wrong shape', () => {
    const text = `windlass: 1
images:
  gates: { image: ${ecr}/a, semver: "1", gates: { scan: hgih, minAge: ten, age: 1m } }
  newest: { image: ${ecr}/a, newest: false }
  digests: { image: x/a, digest: "not a tag" }
  platforms: { image: x/a, semver: "1", platforms: [amd64, linux/x86_64, linux/arm64/v8] }
  none: { image: x/a, semver: "1", platforms: [], targets: [] }
  update: { image: x/a, semver: "1", update: merge, group: A_B }
  targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
  all: { image: x/a, semver: "1" }
syncs: { all: { path: a } }
commits: { subject: "{imges}", body: "{", footer: x }
pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "windlass.yaml:3:95: images.gates.gates.scan must be one of low, medium, high, critical, not "hgih"
        |   gates: { image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a, semver: "1", gates: { scan: hgih, minAge: ten, age: 1m } }
        |                                                                                               ^
        = did you mean "high"?
      windlass.yaml:3:109: images.gates.gates.minAge must be a duration like 90s, 10m or 1h30m
        |   gates: { image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a, semver: "1", gates: { scan: hgih, minAge: ten, age: 1m } }
        |                                                                                                             ^
      windlass.yaml:3:114: unknown key "age" in images.gates.gates
        |   gates: { image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a, semver: "1", gates: { scan: hgih, minAge: ten, age: 1m } }
        |                                                                                                                  ^
        = known here: scan, minAge
      windlass.yaml:4:76: images.newest.newest must be true, not false
        |   newest: { image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a, newest: false }
        |                                                                            ^
      windlass.yaml:5:34: images.digests.digest must be a tag, like latest
        |   digests: { image: x/a, digest: "not a tag" }
        |                                  ^
      windlass.yaml:6:53: images.platforms.platforms[0] must be a platform like linux/amd64 or linux/arm64/v8
        |   platforms: { image: x/a, semver: "1", platforms: [amd64, linux/x86_64, linux/arm64/v8] }
        |                                                     ^
      windlass.yaml:6:60: images.platforms.platforms[1] has a name that images do not use: x86_64 is amd64, aarch64 is arm64
        |   platforms: { image: x/a, semver: "1", platforms: [amd64, linux/x86_64, linux/arm64/v8] }
        |                                                            ^
      windlass.yaml:7:47: images.none.platforms must not be empty
        |   none: { image: x/a, semver: "1", platforms: [], targets: [] }
        |                                               ^
      windlass.yaml:7:60: images.none.targets must not be empty
        |   none: { image: x/a, semver: "1", platforms: [], targets: [] }
        |                                                            ^
      windlass.yaml:8:46: images.update.update must be one of commit, pull-request, not "merge"
        |   update: { image: x/a, semver: "1", update: merge, group: A_B }
        |                                              ^
      windlass.yaml:8:60: images.update.group must have up to 63 lower-case letters, digits and dashes, and begin and end with a letter or digit
        |   update: { image: x/a, semver: "1", update: merge, group: A_B }
        |                                                            ^
      windlass.yaml:9:51: unknown key "kustomisation" in images.targets.targets[0]
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                   ^
        = did you mean "kustomization"?
      windlass.yaml:9:79: images.targets.targets[1].file must be a path from the root of the repo, with / between its parts and without ".."
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                                               ^
      windlass.yaml:9:91: images.targets.targets[1].path must be a JSON Pointer like /spec/replicas
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                                                           ^
      windlass.yaml:9:112: images.targets.targets[2].helmValues must be a path from the root of the repo, with / between its parts and without ".."
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                                                                                ^
      windlass.yaml:9:123: images.targets.targets[2].tag must be keys with dots between them, like web.image.tag; a dot inside a key is written \\.
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                                                                                           ^
      windlass.yaml:9:135: images.targets.targets[2].part must be one of image, name, tag, digest, not "tga"
        |   targets: { image: x/a, semver: "1", targets: [{ kustomisation: a }, { file: ../a, path: a/b }, { helmValues: /etc, tag: a..b, part: tga }] }
        |                                                                                                                                       ^
        = did you mean "tag"?
      windlass.yaml:10:3: nothing can be named all: a suspend with this name stops everything
        |   all: { image: x/a, semver: "1" }
        |   ^
      windlass.yaml:11:10: nothing can be named all: a suspend with this name stops everything
        | syncs: { all: { path: a } }
        |          ^
      windlass.yaml:12:21: commits.subject has the unknown field {imges} (did you mean {images}?)
        | commits: { subject: "{imges}", body: "{", footer: x }
        |                     ^
      windlass.yaml:12:38: commits.body has a { that is not closed (a brace that stands for itself is written {{)
        | commits: { subject: "{imges}", body: "{", footer: x }
        |                                      ^
      windlass.yaml:12:43: unknown key "footer" in commits
        | commits: { subject: "{imges}", body: "{", footer: x }
        |                                           ^
        = known here: subject, body
      windlass.yaml:13:26: pullRequests.labels[0] must be a label: up to 50 characters on one line, without a comma
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                          ^
      windlass.yaml:13:30: pullRequests.labels[1] must be a label: up to 50 characters on one line, without a comma
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                              ^
      windlass.yaml:13:50: pullRequests.reviewers[0] must be a user, or a team as org/team, without an @
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                                                  ^
      windlass.yaml:13:58: pullRequests.reviewers[1] must be a user, or a team as org/team, without an @
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                                                          ^
      windlass.yaml:13:80: pullRequests.autoMerge must be true or false, not "yes"
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                                                                                ^
        = write true or false
      windlass.yaml:13:87: unknown key "draft" in pullRequests
        | pullRequests: { labels: ["", "a,b"], reviewers: ["@ada", acme/a/b], autoMerge: "yes", draft: true }
        |                                                                                       ^
        = known here: labels, reviewers, autoMerge"
    `);
  });

  it('is refused where its parts do not go together', () => {
    const text = `windlass: 1
images:
  newest: { image: ghcr.io/acme/a, newest: true }
  gates: { image: ghcr.io/acme/a, semver: "1", gates: { scan: low, minAge: 1m } }
  digests: { image: x/a, digest: latest, filter: a, allowDowngrade: false }
  group: { image: x/a, semver: "1", group: backend }
  two: { image: x/a, newest: true, semver: "1" }
  odd:
    image: x/odd
    semver: "1"
    targets:
      - { name: a }
      - { kustomization: a, file: b }
      - { kustomization: a, tag: image.tag }
      - { file: a.yaml, name: a }
      - { file: a.yaml }
  first:
    image: x/first
    semver: "1"
    targets:
      - { kustomization: k }
      - { kustomization: k/kustomization.yaml, name: x/first }
      - { helmValues: v.yaml, tag: image.tag, name: 'a~/b.c' }
  second:
    image: x/second
    semver: "1"
    targets:
      - { kustomization: ./k/, name: x/first }
      - { kustomization: k }
      - { helmValues: v.yaml }
      - { file: v.yaml, path: /a~0~1b/c }
      - { file: v.yaml, path: /image }
`;
    expect(problemsOf(text)).toMatchInlineSnapshot(`
      "windlass.yaml:3:36: images.newest: newest needs a repository of Amazon ECR: other registries tell the time of a push by a request for each tag
        |   newest: { image: ghcr.io/acme/a, newest: true }
        |                                    ^
        = like 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      windlass.yaml:4:57: images.gates: gates.scan needs a repository of Amazon ECR: only its scans are read
        |   gates: { image: ghcr.io/acme/a, semver: "1", gates: { scan: low, minAge: 1m } }
        |                                                         ^
        = like 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      windlass.yaml:4:68: images.gates: gates.minAge needs a repository of Amazon ECR: other registries tell the time of a push by a request for each tag
        |   gates: { image: ghcr.io/acme/a, semver: "1", gates: { scan: low, minAge: 1m } }
        |                                                                    ^
        = like 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      windlass.yaml:5:42: images.digests: filter means nothing with digest, which follows one tag
        |   digests: { image: x/a, digest: latest, filter: a, allowDowngrade: false }
        |                                          ^
        = remove filter
      windlass.yaml:5:53: images.digests: allowDowngrade means nothing with digest, which follows one tag
        |   digests: { image: x/a, digest: latest, filter: a, allowDowngrade: false }
        |                                                     ^
        = remove allowDowngrade
      windlass.yaml:6:37: images.group: group names a pull request, and none is made of it
        |   group: { image: x/a, semver: "1", group: backend }
        |                                     ^
        = write update: pull-request here, or in an environment
      windlass.yaml:7:3: images.two: an image policy needs exactly one of semver, numerical, alphabetical, newest, digest: this one has semver and newest
        |   two: { image: x/a, newest: true, semver: "1" }
        |   ^
      windlass.yaml:7:22: images.two: newest needs a repository of Amazon ECR: other registries tell the time of a push by a request for each tag
        |   two: { image: x/a, newest: true, semver: "1" }
        |                      ^
        = like 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      windlass.yaml:12:9: the target names no file
        |       - { name: a }
        |         ^
        = write one of kustomization, helmValues, file
      windlass.yaml:13:9: the target has kustomization and file
        |       - { kustomization: a, file: b }
        |         ^
        = one target is one of them
      windlass.yaml:14:29: "tag" does not belong to kustomization
        |       - { kustomization: a, tag: image.tag }
        |                             ^
        = kustomization takes name
      windlass.yaml:15:25: "name" does not belong to file
        |       - { file: a.yaml, name: a }
        |                         ^
        = file takes path, part
      windlass.yaml:16:9: the target does not say which scalar of the file
        |       - { file: a.yaml }
        |         ^
        = write path: /containers/0/image
      windlass.yaml:22:9: first has the entry "x/first" of the kustomization k twice
        |       - { kustomization: k/kustomization.yaml, name: x/first }
        |         ^
      windlass.yaml:28:9: the entry "x/first" of the kustomization k is a target of first already
        |       - { kustomization: ./k/, name: x/first }
        |         ^
      windlass.yaml:30:9: /image/tag in v.yaml is a target of first already
        |       - { helmValues: v.yaml }
        |         ^
      windlass.yaml:31:9: /a~0~1b/c in v.yaml is a target of first already
        |       - { file: v.yaml, path: /a~0~1b/c }
        |         ^"
    `);
  });

  it('may name a group where only an environment is reviewed, and gates of any ECR repository', () => {
    const text = `windlass: 1
clusters: { main: {} }
environments: { prod: { update: pull-request } }
images:
  a: { image: 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a, newest: true, group: backend, gates: { scan: low, minAge: 1m } }
`;
    expect(problemsOf(text)).toBe('');
    expect(warningsOf(text)).toBe('');
  });

  it.each(['a..b', 'web.', 'web.lock', 'shop:web.lock'])(
    'is not of an image that no branch can be named for: %s',
    (name) => {
      expect(problemsOf(`windlass: 1\nimages: { "${name}": { image: x/a, semver: "1" } }\n`)).toContain(
        'ends the name of a branch',
      );
    },
  );

  it('may be the same for two images: markers tell them apart', () => {
    expect(
      problemsOf('windlass: 1\nimages: { a: { image: x/a, semver: "1" }, b: { image: x/a, semver: "1" } }\n'),
    ).toBe('');
  });
});
